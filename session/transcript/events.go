package transcript

import (
	"time"

	"ehlo/session/event"
	"ehlo/session/wire"
)

// EventJSON is an event on one line of JSON, with its line feed. start is the
// time that t_ms counts from.
func EventJSON(e event.Event, start time.Time) []byte {
	h := e.Header()
	head := jsonHead{Seq: h.Seq, T: milliseconds(h.At.Sub(start)), Event: event.Name(e), Conn: h.Conn}
	switch e := e.(type) {
	case event.DNS:
		return marshal(struct {
			jsonHead
			Name          string   `json:"name"`
			Type          string   `json:"type"`
			Server        string   `json:"server"`
			Network       string   `json:"network"`
			Rcode         string   `json:"rcode,omitempty"`
			Answers       []string `json:"answers"`
			Authenticated bool     `json:"authenticated"`
			TTL           uint32   `json:"ttl"`
			Elapsed       float64  `json:"elapsed_ms"`
			Error         string   `json:"error,omitempty"`
		}{head, shown(e.Name), e.Type, e.Server, e.Network, e.Rcode, shownAll(e.Answers), e.Authenticated, e.TTL, milliseconds(e.Elapsed), shown(e.Error)})
	case event.Route:
		return marshal(struct {
			jsonHead
			Route *jsonRoute `json:"route"`
		}{head, routeJSON(&e)})
	case event.Connecting:
		return marshal(struct {
			jsonHead
			Host    string  `json:"host"`
			Network string  `json:"network"`
			Address string  `json:"address"`
			URL     string  `json:"url"`
			Timeout float64 `json:"timeout_ms"`
		}{head, shown(e.Host), e.Network, shown(e.Address), shown(e.URL), milliseconds(e.Timeout)})
	case event.Connected:
		return marshal(struct {
			jsonHead
			Local   string  `json:"local"`
			Remote  string  `json:"remote"`
			Elapsed float64 `json:"elapsed_ms"`
		}{head, shown(e.Local), shown(e.Remote), milliseconds(e.Elapsed)})
	case event.Waiting:
		return marshal(struct {
			jsonHead
			For     string  `json:"for"`
			Timeout float64 `json:"timeout_ms"`
		}{head, shown(e.For), milliseconds(e.Timeout)})
	case event.Sent:
		return marshal(jsonLine{head, "C", wire.Text(e.Masked())})
	case event.Received:
		return marshal(jsonLine{head, "S", wire.Text(e.Masked())})
	}
	return eventJSON(e, head)
}

type (
	jsonHead struct {
		Seq   int64   `json:"seq"`
		T     float64 `json:"t_ms"`
		Event string  `json:"event"`
		Conn  int     `json:"conn,omitempty"`
	}
	jsonLine struct {
		jsonHead
		From string `json:"from"`
		Text string `json:"text"`
	}
)

func eventJSON(e event.Event, head jsonHead) []byte {
	switch e := e.(type) {
	case event.Reply:
		var anomalies []string
		for _, a := range e.Reply.Anomalies {
			anomalies = append(anomalies, a.Kind.String())
		}
		return marshal(struct {
			jsonHead
			Phase     string     `json:"phase"`
			Verb      string     `json:"verb"`
			Reply     *jsonReply `json:"reply"`
			Elapsed   float64    `json:"elapsed_ms"`
			Recipient string     `json:"recipient,omitempty"`
			Unasked   bool       `json:"unasked,omitempty"`
			Anomalies []string   `json:"anomalies,omitempty"`
		}{head, e.Stage.Phase(), wire.Text([]byte(e.Verb)), replyJSON(&e.Reply), milliseconds(e.Elapsed), wire.Text([]byte(e.Recipient)), e.Unasked, anomalies})
	case event.Message:
		return marshal(struct {
			jsonHead
			Octets      int64  `json:"octets"`
			Transferred int64  `json:"transferred"`
			File        string `json:"file,omitempty"`
			Complete    bool   `json:"complete"`
		}{head, e.Octets, e.Transferred, shown(e.File), e.Complete})
	case event.TLS:
		return marshal(struct {
			jsonHead
			TLS     *jsonTLS `json:"tls"`
			Elapsed float64  `json:"elapsed_ms"`
		}{head, tlsJSON(&e), milliseconds(e.Elapsed)})
	case event.Extensions:
		return marshal(struct {
			jsonHead
			Protocol   string      `json:"protocol"`
			Extensions []jsonOffer `json:"extensions"`
			TLS        bool        `json:"tls"`
		}{head, e.Protocol, notNil(offersJSON(e.Offers)), e.TLS})
	case event.Size:
		return marshal(struct {
			jsonHead
			Size *jsonSize `json:"size"`
		}{head, sizeJSON(&e.Size, e.Limit)})
	case event.Login:
		return marshal(struct {
			jsonHead
			Mechanism string `json:"mechanism"`
			OK        bool   `json:"ok"`
		}{head, e.Mechanism, e.OK})
	case event.Note:
		return marshal(struct {
			jsonHead
			Text string `json:"text"`
		}{head, shown(e.Text)})
	case event.Failed:
		return marshal(struct {
			jsonHead
			Error *jsonError `json:"error"`
		}{head, errorJSON(e.Error)})
	case event.Closed:
		return marshal(struct {
			jsonHead
			By      string `json:"by"`
			Problem string `json:"problem,omitempty"`
		}{head, e.By, shown(e.Problem)})
	}
	return marshal(head)
}

// notNil makes an empty list of none, so that a reader of the JSON finds a
// list in any case.
func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
