package tui

import (
	"fmt"
	"net"
	"strings"

	"ehlo/session/transcript"
	"ehlo/session/wire"
	"ehlo/tui/internal/engine"
	"ehlo/tui/internal/face"
)

// header says what must be seen at a glance: which host, which state, TLS
// verified or not, and the maximum message size.
//
//	wide     example.org > mx1.example.org [192.0.2.25]:25  READY  last 550      TLS 1.3 VERIFIED  max 50.0 MiB  0.252 s
//
//	middle   example.org > mx1.example.org:25                                                            READY  0.252 s
//	         TLS 1.3 VERIFIED  max 52,428,800 octets (50.0 MiB)                                                last 550
//
//	small    mx1.example.org         READY
//	         TLS 1.3 VERIFIED max 50.0 MiB
func (m *screen) header() []string {
	g := m.st.Glyphs
	w := m.lay.w
	state := m.stateWord()
	tls, tlsStyle := m.tlsWord()
	last := m.lastWord()
	switch m.lay.shape {
	case shapeWide:
		right := tlsStyle.Render(tls) + "  " + m.st.Bold.Render("max "+m.sizeWord(false)) + m.elapsed()
		left := " " + m.st.Bold.Render(g.Words(m.hostWords(true))) + "  " + state
		if last != "" {
			left += "  " + last
		}
		return []string{g.Apart(left, right, w)}
	case shapeMiddle:
		first := g.Apart(" "+m.st.Bold.Render(g.Words(m.hostWords(false))), state+m.elapsed(), w)
		second := g.Apart(" "+tlsStyle.Render(tls)+"  "+m.st.Bold.Render("max "+m.sizeWord(true)), last, w)
		return []string{first, second}
	}
	host := m.st.Bold.Render(g.Words(m.shortHost()))
	if m.live() && m.lay.header == 2 {
		name := m.st.Bold.Render(g.Words(m.played.name()))
		return []string{g.Apart(name, state, w), g.Apart(host, tlsStyle.Render(tls), w)}
	}
	if idle := m.idleWords(); idle != "" {
		state += " " + idle
	} else if last != "" {
		state += " " + last
	}
	if m.lay.header == 1 {
		return []string{g.Apart(host, state+" "+m.sizeWord(false), w)}
	}
	return []string{g.Apart(host, state, w), g.Apart(tlsStyle.Render(tls), m.st.Bold.Render("max "+m.sizeWord(false)), w)}
}

// hostWords are the target and where it led.
func (m *screen) hostWords(address bool) string {
	c := m.view.Now()
	if c == nil {
		return m.title
	}
	at := c.Name()
	host, port, err := net.SplitHostPort(c.Address)
	switch {
	case err != nil:
	case c.Host == "" || c.Host == host:
		at = c.Address
	case address:
		at = fmt.Sprintf("%s [%s]:%s", c.Host, host, port)
	default:
		at = c.Host + ":" + port
	}
	if m.title == "" || m.title == at || m.title == c.Host {
		return at
	}
	return m.title + " > " + at
}

func (m *screen) shortHost() string {
	if c := m.view.Now(); c != nil {
		return c.Name()
	}
	return m.title
}

func (m *screen) stateWord() string {
	word, s := "LOOKUP", m.st.Warn
	if m.live() {
		return m.scriptState()
	}
	if c := m.view.Now(); c != nil && !m.now.Seeking {
		word, s = m.sessionWord(c)
	} else if m.now.Doing == engine.Idle {
		word, s = wordFail+" "+stageNames[stageDNS], m.st.Bad
	}
	return s.Render(word)
}

// sessionWord is how far a connection is. That it could not be opened is said
// as in the pane MX.
func (m *screen) sessionWord(c *transcript.Conversation) (string, face.Style) {
	switch c.State {
	case transcript.Ready:
		return string(c.State), m.st.Good
	case transcript.InText:
		return string(c.State), m.st.Bold
	case transcript.Failing:
		word, stage, s := stateOf(&m.st, c)
		if word == wordOK {
			return string(transcript.Closed), m.st.Bad
		}
		return strings.TrimSpace(strings.ToUpper(word) + " " + stage), s
	}
	return string(c.State), m.st.Warn
}

// scriptState is the state while a script is played: "SCRIPT smoke.smtp 5/9".
func (m *screen) scriptState() string {
	word := "SCRIPT " + m.st.Glyphs.Cut(m.st.Glyphs.Words(m.played.name()), m.lay.w/4) + " " + m.scriptCount()
	if m.lay.shape == shapeSmall {
		word = "RUN " + m.scriptCount()
		if m.held() {
			word = "HELD " + m.scriptCount()
		}
	}
	s := m.st.Warn
	if m.held() {
		s = m.st.Bold
	}
	word = s.Render(word)
	if c := m.view.Now(); c != nil && (c.State == transcript.Closed || c.State == transcript.Failing) {
		closed, s := m.sessionWord(c)
		word += "  " + s.Render(closed)
	}
	return word
}

// lastWord is what the last exchange came to, where it is more than a success:
// "last 550", and until the next MAIL "queue id 4C1F93A5D7".
func (m *screen) lastWord() string {
	c := m.view.Now()
	if c != nil && c.QueueID != "" && c.LastReply.Reply.Class() < 4 && m.lay.shape != shapeSmall {
		return m.st.Bold.Render("queue id " + m.st.Glyphs.Cut(c.QueueID, m.lay.w/3))
	}
	if c == nil || c.LastReply == nil || c.LastReply.Reply.Class() < 4 || c.LastReply.Answer {
		return ""
	}
	s := m.st.Warn
	if c.LastReply.Reply.Class() == 5 {
		s = m.st.Bad
	}
	return s.Render(fmt.Sprintf("last %d", c.LastReply.Reply.Code))
}

func (m *screen) tlsWord() (string, face.Style) {
	c := m.view.Now()
	switch {
	case c == nil, c.TLS == nil && c.Protocol == "":
		return "TLS --", m.st.Dim
	case c.TLS == nil:
		return "NO TLS", m.st.Warn
	case c.TLS.Verified:
		return c.TLS.Version + " VERIFIED", m.st.Good
	}
	return c.TLS.Version + " UNVERIFIED", m.st.Bad
}

// sizeWord is the maximum message size, in few words or fully.
func (m *screen) sizeWord(full bool) string {
	c := m.view.Now()
	if c == nil || c.Size == nil {
		return wordNone
	}
	if c.Limit != nil && c.Limit.Exact() {
		if full {
			return wire.Octet(c.Limit.Accepted)
		}
		return wire.Binary(c.Limit.Accepted)
	}
	switch c.Size.State {
	case wire.SizeDeclared:
		if full {
			return wire.Octet(c.Size.Declared)
		}
		return wire.Binary(c.Size.Declared)
	case wire.SizeUnlimited:
		return "no limit"
	case wire.SizeUnspecified:
		return "not stated"
	}
	return "unknown"
}

// elapsed is how long the opening, or what else is awaited, keeps one since the
// session began. It is gone when nothing is awaited: where the time went is
// told by T.
func (m *screen) elapsed() string {
	if idle := m.idleWords(); idle != "" {
		return "  " + idle
	}
	if m.now.Doing.Still() {
		return ""
	}
	from := m.view.Started
	if !m.view.Lookup.IsZero() {
		from = m.view.Lookup
	}
	if c := m.view.Now(); c != nil {
		from = c.Started
	}
	if from.IsZero() {
		from = m.since
	}
	d := max(m.o.Now().Sub(from), 0).Seconds()
	if d >= 100 {
		return fmt.Sprintf("  elapsed %.0f s", d)
	}
	return fmt.Sprintf("  elapsed %.1f s", d)
}
