package transcript

import (
	"bytes"
	"encoding/json"
	"math"
	"time"

	"ehlo/session/event"
	"ehlo/session/message"
	"ehlo/session/wire"
)

type (
	jsonReport struct {
		Schema   int           `json:"schema"`
		Version  string        `json:"version"`
		Command  string        `json:"command"`
		Target   string        `json:"target"`
		Time     string        `json:"time"`
		Outcome  string        `json:"outcome"`
		Exit     int           `json:"exit"`
		Error    *jsonError    `json:"error"`
		Script   *jsonScript   `json:"script,omitempty"`
		Route    *jsonRoute    `json:"route,omitempty"`
		Sessions []jsonSession `json:"sessions"`
	}
	jsonScript struct {
		File         string            `json:"file"`
		Expectations int               `json:"expectations"`
		Failed       []jsonExpectation `json:"failed"`
	}
	jsonExpectation struct {
		Address  string `json:"address,omitempty"`
		File     string `json:"file"`
		Line     int    `json:"line"`
		Expected string `json:"expected"`
		Actual   string `json:"actual"`
	}
	jsonError struct {
		Kind    event.Kind `json:"kind"`
		Phase   string     `json:"phase"`
		Message string     `json:"message"`
		Reply   *jsonReply `json:"reply"`
	}
	jsonReply struct {
		Code     int      `json:"code"`
		Enhanced string   `json:"enhanced,omitempty"`
		Lines    []string `json:"lines"`
	}
	jsonRoute struct {
		Domain        string          `json:"domain,omitempty"`
		Unicode       string          `json:"unicode,omitempty"`
		Source        string          `json:"source,omitempty"`
		Authenticated bool            `json:"authenticated"`
		DNS           float64         `json:"dns_ms"`
		Reason        string          `json:"reason,omitempty"`
		Exchangers    []jsonExchanger `json:"exchangers"`
	}
	jsonExchanger struct {
		Host       string     `json:"host"`
		Unicode    string     `json:"unicode,omitempty"`
		Preference *uint16    `json:"preference,omitempty"`
		Port       uint16     `json:"port,omitempty"`
		Addresses  []string   `json:"addresses"`
		Notes      []string   `json:"notes,omitempty"`
		Error      *jsonError `json:"error"`
	}
	jsonSession struct {
		Host       string          `json:"host"`
		Address    string          `json:"address"`
		Outcome    string          `json:"outcome"`
		Error      *jsonError      `json:"error"`
		Greeting   *jsonReply      `json:"greeting,omitempty"`
		Protocol   string          `json:"protocol,omitempty"`
		Extensions []jsonOffer     `json:"extensions,omitempty"`
		BeforeTLS  []jsonOffer     `json:"extensions_before_tls,omitempty"`
		Size       *jsonSize       `json:"size,omitempty"`
		TLS        *jsonTLS        `json:"tls,omitempty"`
		Auth       *jsonAuth       `json:"auth,omitempty"`
		Recipients []jsonRecipient `json:"recipients,omitempty"`
		Delivery   Delivery        `json:"delivery"`
		Message    *jsonMessage    `json:"message,omitempty"`
		Timings    jsonTimings     `json:"timings_ms"`
		Transcript []entry         `json:"transcript"`
	}
	jsonOffer struct {
		Keyword string   `json:"keyword"`
		Params  []string `json:"params"`
	}
	jsonSize struct {
		State             wire.SizeState `json:"state"`
		Declared          *uint64        `json:"declared,omitempty"`
		Verdict           event.Verdict  `json:"verdict,omitempty"`
		Accepted          *uint64        `json:"accepted,omitempty"`
		Rejected          *uint64        `json:"rejected,omitempty"`
		Exact             *bool          `json:"exact,omitempty"`
		Enforced          *bool          `json:"enforced,omitempty"` // absent: not known
		LargestAttachment *int64         `json:"largest_attachment,omitempty"`
		Commands          *int           `json:"commands,omitempty"`
		Rejections        *int           `json:"rejections,omitempty"`
		Connections       int            `json:"connections,omitempty"`
		RoundTrips        int            `json:"round_trips,omitempty"`
		Ceiling           uint64         `json:"ceiling,omitempty"`
		Nonsense          bool           `json:"nonsense_accepted,omitempty"`
		Reason            string         `json:"reason,omitempty"`
		Reply             *jsonReply     `json:"reply,omitempty"`
		BeforeTLS         *jsonSize      `json:"before_tls,omitempty"`
		BeforeLogin       *jsonSize      `json:"before_login,omitempty"`
		Files             []jsonFile     `json:"files,omitempty"`
	}
	jsonFile struct {
		File    string `json:"file"`
		Octets  int64  `json:"octets"`
		Message int64  `json:"message_octets"`
		Fits    *bool  `json:"fits"`            // null: not known
		Spare   *int64 `json:"spare,omitempty"` // octets, at least; below 0: too many
	}
	jsonTLS struct {
		Mode         string            `json:"mode"`
		Version      string            `json:"version"`
		Cipher       string            `json:"cipher"`
		Verified     bool              `json:"verified"`
		Error        string            `json:"error"`
		Certificates []jsonCertificate `json:"certificates"`
	}
	jsonCertificate struct {
		Subject   string   `json:"subject"`
		Issuer    string   `json:"issuer"`
		Names     []string `json:"names"`
		NotBefore string   `json:"not_before"`
		NotAfter  string   `json:"not_after"`
		Key       string   `json:"key"`
		SHA256    string   `json:"sha256"`
	}
	jsonAuth struct {
		Offered []string `json:"offered"`
		Used    string   `json:"used,omitempty"`
		OK      *bool    `json:"ok,omitempty"`
	}
	jsonRecipient struct {
		Address string     `json:"address"`
		Reply   *jsonReply `json:"reply"`
	}
	jsonMessage struct {
		Octets      int64 `json:"octets"`
		Transferred int64 `json:"transferred"`
	}
	jsonTimings struct {
		Connect  float64 `json:"connect"`
		Greeting float64 `json:"greeting"`
		Helo     float64 `json:"helo"`
		TLS      float64 `json:"tls"`
		Auth     float64 `json:"auth"`
		Mail     float64 `json:"mail"`
		Rcpt     float64 `json:"rcpt"`
		Data     float64 `json:"data"`
		Total    float64 `json:"total"`
	}
)

// JSON is the report on one line, with its line feed.
func (r *Report) JSON() []byte {
	out := jsonReport{
		Schema: Schema, Version: r.Version, Command: r.Command, Target: shown(r.Target),
		Time: r.Started.UTC().Format(time.RFC3339Nano), Outcome: outcome(r.Failure), Exit: r.Exit, Error: errorJSON(r.Failure),
		Script: scriptJSON(r.Script), Route: routeJSON(r.Route), Sessions: []jsonSession{},
	}
	for _, same := range r.entries() {
		c := same[0]
		for _, next := range same[1:] {
			c = joined(c, next)
		}
		out.Sessions = append(out.Sessions, r.sessionJSON(c, r.linesOf(same)))
	}
	return marshal(out)
}

// entries are the connections of each entry of the report.
func (r *Report) entries() (all [][]*Conversation) {
	place := map[[2]string]int{}
	for _, c := range r.Sessions {
		key := [2]string{c.Host, c.Address}
		i, known := place[key]
		if !r.ByAddress || !known {
			place[key], i = len(all), len(all)
			all = append(all, nil)
		}
		all[i] = append(all[i], c)
	}
	return all
}

// joined is what two connections, one after another, are together: the second,
// with what only the first has come to know.
func joined(first, second *Conversation) *Conversation {
	c := *second
	c.Started = first.Started
	if c.Limit == nil {
		c.Limit = first.Limit
	}
	if c.Size == nil {
		c.Size, c.SizeBeforeLogin = first.Size, first.SizeBeforeLogin
		c.Offers, c.OffersBeforeTLS, c.Protocol = first.Offers, first.OffersBeforeTLS, first.Protocol
		c.TLS, c.Auth = first.TLS, first.Auth
	}
	if c.Greeting == nil {
		c.Greeting = first.Greeting
	}
	a, b := first.Timings, &c.Timings
	b.Connect, b.Greeting, b.Helo, b.TLS = b.Connect+a.Connect, b.Greeting+a.Greeting, b.Helo+a.Helo, b.TLS+a.TLS
	b.Auth, b.Mail, b.Rcpt, b.Data = b.Auth+a.Auth, b.Mail+a.Mail, b.Rcpt+a.Rcpt, b.Data+a.Data
	return &c
}

// linesOf are the transcripts of connections, one behind the other, in the time
// of the first.
func (r *Report) linesOf(same []*Conversation) []entry {
	if len(same) == 1 {
		return r.lines[same[0].Conn]
	}
	var all []entry
	for _, c := range same {
		for _, line := range r.lines[c.Conn] {
			line.T += milliseconds(c.Started.Sub(same[0].Started))
			all = append(all, line)
		}
	}
	return all
}

// marshal writes a value on one line. Angle brackets stay: they are what mail
// addresses stand in, and no browser reads this.
func marshal(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		// Only plain data gets here; a failure is a defect of ehlo's.
		panic(err)
	}
	return b.Bytes()
}

func outcome(e *event.Error) string {
	if e != nil {
		return "failed"
	}
	return "ok"
}

func errorJSON(e *event.Error) *jsonError {
	if e == nil {
		return nil
	}
	return &jsonError{Kind: e.Kind, Phase: e.Stage.Phase(), Message: shown(e.Message), Reply: replyJSON(e.Reply)}
}

func replyJSON(r *wire.Reply) *jsonReply {
	if r == nil {
		return nil
	}
	return &jsonReply{Code: r.Code, Enhanced: r.Enhanced, Lines: r.Texts()}
}

func scriptJSON(r *ScriptResult) *jsonScript {
	if r == nil {
		return nil
	}
	out := &jsonScript{File: shown(r.File), Expectations: r.Expectations, Failed: []jsonExpectation{}}
	for _, x := range r.Failed {
		out.Failed = append(out.Failed, jsonExpectation{shown(x.Address), shown(x.File), x.Line, shown(x.Expected), shown(x.Actual)})
	}
	return out
}

func routeJSON(e *event.Route) *jsonRoute {
	if e == nil {
		return nil
	}
	out := &jsonRoute{
		Domain: shown(e.Domain), Unicode: shown(e.Unicode), Source: sourceJSON(e.Source), Authenticated: e.Authenticated,
		DNS: milliseconds(e.Elapsed), Reason: shown(e.Reason), Exchangers: []jsonExchanger{},
	}
	for _, x := range e.Exchangers {
		one := jsonExchanger{Host: shown(x.Host), Unicode: shown(x.Unicode), Port: x.Port, Addresses: shownAll(x.Addresses), Notes: shownAll(x.Notes), Error: errorJSON(x.Error)}
		if e.Source == "mx" || e.Source == "srv" {
			one.Preference = &x.Preference
		}
		out.Exchangers = append(out.Exchangers, one)
	}
	return out
}

// sourceJSON is one of the sources that the report has names for: the server
// of an SRV record is a server that was asked for, a command is like a socket.
func sourceJSON(source string) string {
	switch source {
	case "srv":
		return "server"
	case "pipe":
		return "socket"
	}
	return source
}

func (r *Report) sessionJSON(c *Conversation, lines []entry) jsonSession {
	last := r.Last
	if !c.Ended.IsZero() {
		last = c.Ended
	}
	t := c.Timings
	out := jsonSession{
		Host: shown(c.Host), Address: shown(c.Address), Outcome: outcome(c.Error), Error: errorJSON(c.Error),
		Greeting: replyJSON(c.Greeting), Protocol: c.Protocol,
		Extensions: offersJSON(c.Offers), BeforeTLS: offersJSON(c.OffersBeforeTLS),
		Size: sizesJSON(c), TLS: tlsJSON(c.TLS), Delivery: c.Delivery(), Transcript: lines,
		Timings: jsonTimings{
			milliseconds(t.Connect), milliseconds(t.Greeting), milliseconds(t.Helo), milliseconds(t.TLS), milliseconds(t.Auth),
			milliseconds(t.Mail), milliseconds(t.Rcpt), milliseconds(t.Data), milliseconds(last.Sub(c.Started)),
		},
	}
	if out.Transcript == nil {
		out.Transcript = []entry{}
	}
	if out.Size != nil {
		out.Size.Files = filesJSON(r.Files, c)
	}
	if mechs := c.Offers.Mechanisms(); len(mechs) > 0 || c.Auth != nil {
		out.Auth = &jsonAuth{Offered: notNil(mechs)}
		if c.Auth != nil {
			out.Auth.Used, out.Auth.OK = c.Auth.Mechanism, &c.Auth.OK
		}
	}
	for _, r := range c.Recipients {
		one := jsonRecipient{Address: wire.Text([]byte(r.Address))}
		if r.Reply.Code != 0 {
			one.Reply = replyJSON(&r.Reply)
		}
		out.Recipients = append(out.Recipients, one)
	}
	if c.Message != nil {
		out.Message = &jsonMessage{c.Message.Octets, c.Message.Transferred}
	}
	return out
}

func offersJSON(offers wire.Offers) []jsonOffer {
	var out []jsonOffer
	for _, o := range offers {
		params := o.Params
		if params == nil {
			params = []string{}
		}
		out = append(out, jsonOffer{o.Keyword, params})
	}
	return out
}

// sizesJSON is the size of a session, and what was declared before, where that
// was another.
func sizesJSON(c *Conversation) *jsonSize {
	out := sizeJSON(c.Size, c.Limit)
	if out == nil {
		return nil
	}
	if before := c.OffersBeforeTLS.Size(); len(c.OffersBeforeTLS) > 0 && before != *c.Size {
		out.BeforeTLS = sizeJSON(&before, nil)
	}
	if c.SizeBeforeLogin != nil && *c.SizeBeforeLogin != *c.Size {
		out.BeforeLogin = sizeJSON(c.SizeBeforeLogin, nil)
	}
	return out
}

func filesJSON(files []File, c *Conversation) (out []jsonFile) {
	for _, f := range files {
		one := jsonFile{File: shown(f.Name), Octets: f.Octets, Message: f.Message}
		fit, octets := f.Fit(c.Size, c.Limit)
		if fit != FitUnknown {
			fits, spare := fit == Fits, int64(min(octets, math.MaxInt64))
			if !fits {
				spare = -spare
			}
			one.Fits, one.Spare = &fits, &spare
		}
		out = append(out, one)
	}
	return out
}

func sizeJSON(s *wire.Size, l *event.Limit) *jsonSize {
	if s == nil {
		return nil
	}
	out := &jsonSize{State: s.State}
	if s.State == wire.SizeDeclared {
		out.Declared = &s.Declared
	}
	if f, ok := InForce(s, l); ok && !f.none() {
		largest := message.LargestAttachment(int64(min(f.Octets, math.MaxInt64)))
		out.LargestAttachment = &largest
	}
	if l != nil {
		out.search(*l)
	}
	return out
}

// search adds what a search has found out.
func (j *jsonSize) search(l event.Limit) {
	exact, enforced := l.Exact(), l.Rejected > 0
	j.Verdict, j.Exact, j.Commands, j.Rejections = l.Verdict, &exact, &l.Commands, &l.Rejections
	j.Connections, j.RoundTrips, j.Ceiling, j.Nonsense = l.Connections, l.Trips, l.Ceiling, l.Nonsense
	j.Reason, j.Reply = shown(l.Reason), replyJSON(l.Reply)
	if l.Accepted > 0 {
		j.Accepted = &l.Accepted
	}
	if l.Rejected > 0 {
		j.Rejected = &l.Rejected
	}
	if enforced || l.Verdict != event.Unknown && l.Verdict != event.Searching {
		j.Enforced = &enforced
	}
}

func tlsJSON(e *event.TLS) *jsonTLS {
	if e == nil {
		return nil
	}
	out := &jsonTLS{Mode: e.Mode, Version: e.Version, Cipher: e.Cipher, Verified: e.Verified, Error: shown(e.Problem), Certificates: []jsonCertificate{}}
	for _, c := range e.Certificates {
		out.Certificates = append(out.Certificates, jsonCertificate{
			shown(c.Subject), shown(c.Issuer), shownAll(c.Names),
			c.NotBefore.UTC().Format(time.RFC3339), c.NotAfter.UTC().Format(time.RFC3339), c.Key, c.SHA256,
		})
	}
	return out
}

// milliseconds with a resolution of a microsecond.
func milliseconds(d time.Duration) float64 {
	return float64(d.Microseconds()) / 1000
}
