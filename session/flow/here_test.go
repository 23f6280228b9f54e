package flow_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/flow"
	"ehlo/session/message"
	"ehlo/session/transcript"
	"ehlo/session/wire"
)

// here is a session that is open, with a server that answers each line as
// answer says; "" is silence.
type here struct {
	t     *testing.T
	s     *session.Session
	view  transcript.View
	heard []string // lines, not of message text
	late  chan string
	ended chan struct{}
}

func openHere(t *testing.T, offers string, answer func(line string) string) *here {
	t.Helper()
	h := &here{t: t, late: make(chan string), ended: make(chan struct{})}
	h.s = session.New(session.Options{
		Helo: "client.test", TLS: session.TLSNever, Sink: h.view.Apply,
		Dial: func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			go h.serve(theirs, offers, answer)
			return ours, nil
		},
	})
	target, err := session.ParseTarget("192.0.2.1:25")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := flow.Open(t.Context(), h.s, flow.Plan{Target: target}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // only then heard is complete
		_ = h.s.Do(context.Background(), session.Close{})
		<-h.ended
	})
	return h
}

func (h *here) serve(c net.Conn, offers string, answer func(string) string) {
	defer close(h.ended)
	defer c.Close()
	out := make(chan string, 100) // net.Pipe has no buffer, and a client may pipeline
	go func() {
		for text := range out {
			_, _ = c.Write([]byte(strings.ReplaceAll(text, "\n", "\r\n") + "\r\n"))
		}
	}()
	defer close(out)
	out <- "220 mx.test"
	in, text := bufio.NewReader(c), false
	for {
		line, err := in.ReadString('\n')
		line = strings.TrimRight(line, "\r\n")
		switch {
		case err != nil:
			return
		case text && line != ".":
			continue
		case strings.HasPrefix(line, "EHLO"):
			out <- "250-mx.test\n250 " + offers
			continue
		}
		h.heard, text = append(h.heard, line), false
		reply := answer(line)
		if reply == "late" {
			reply = <-h.late
		}
		text = strings.HasPrefix(reply, "354")
		if reply != "" {
			out <- reply
		}
	}
}

// agreeable takes everything but what refused names.
func agreeable(refused map[string]string) func(string) string {
	return func(line string) string {
		if r, ok := refused[line]; ok {
			return r
		}
		if line == "DATA" {
			return "354 go on"
		}
		return "250 2.0.0 ok"
	}
}

func to(names ...string) flow.Letter {
	m, err := message.Compose(message.Draft{From: "a@client.test", To: names, Subject: "here", Body: []byte("hello\r\n")})
	if err != nil {
		panic(err)
	}
	l := flow.Letter{From: wire.Address{Local: "a", Domain: "client.test"}, Message: m}
	for _, n := range names {
		l.To = append(l.To, wire.Address{Local: n, Domain: "mx.test"})
	}
	return l
}

// TestSendHere: the session is open before and behind it, ready for the next
// message, and no QUIT is sent, whatever the server refuses.
func TestSendHere(t *testing.T) {
	mail, rcpt := "MAIL FROM:<a@client.test>", func(n string) string { return "RCPT TO:<" + n + "@mx.test>" }
	for _, offers := range []string{"8BITMIME", "PIPELINING"} {
		for _, row := range []struct {
			why      string
			typed    string // before
			to       []string
			refused  map[string]string
			delivery transcript.Delivery
			kind     event.Kind
			at       event.Stage
			heard    []string // without PIPELINING
		}{
			{
				why: "all is accepted", to: []string{"b"}, delivery: transcript.DeliveryAccepted,
				heard: []string{mail, rcpt("b"), "DATA", "."},
			},
			{
				why: "a recipient is refused", to: []string{"b", "nobody"}, refused: map[string]string{rcpt("nobody"): "550 5.1.1 no"},
				delivery: transcript.DeliveryPartial, kind: event.Rejected, at: event.Rcpt,
				heard: []string{mail, rcpt("b"), rcpt("nobody"), "DATA", "."},
			},
			{
				why: "all recipients are", to: []string{"nobody"}, refused: map[string]string{rcpt("nobody"): "550 5.1.1 no", "DATA": "503 no recipients"},
				delivery: transcript.DeliveryRejected, kind: event.Rejected, at: event.Rcpt,
				heard: []string{mail, rcpt("nobody"), "RSET"},
			},
			{
				why: "the message is refused", to: []string{"b"}, refused: map[string]string{".": "451 4.3.0 later"},
				delivery: transcript.DeliveryDeferred, kind: event.Deferred, at: event.Dot,
				heard: []string{mail, rcpt("b"), "DATA", "."},
			},
			{
				why: "a transaction was open", typed: mail, to: []string{"b"}, delivery: transcript.DeliveryAccepted,
				heard: []string{mail, "RSET", mail, rcpt("b"), "DATA", "."},
			},
		} {
			h := openHere(t, offers, agreeable(row.refused))
			if row.typed != "" {
				if err := h.s.Do(t.Context(), session.Command{Line: []byte(row.typed)}); err != nil {
					t.Fatal(err)
				}
			}
			err := flow.SendHere(t.Context(), h.s, to(row.to...))
			e, _ := errors.AsType[*event.Error](err)
			if row.kind == "" && err != nil || row.kind != "" && (e == nil || e.Kind != row.kind || e.Stage != row.at) {
				t.Errorf("%s, %s: %v", row.why, offers, err)
			}
			c := h.view.Now()
			if c.Delivery() != row.delivery || c.State != transcript.Ready || !h.s.Connected() || h.view.Error != nil {
				t.Errorf("%s, %s: %s, %s, %v", row.why, offers, c.Delivery(), c.State, h.view.Error)
			}
			if heard := slices.Clone(h.heard); offers != "PIPELINING" && !slices.Equal(heard, row.heard) {
				t.Errorf("%s: the server heard %q", row.why, heard)
			}
			// And the next one goes out.
			clear(row.refused)
			if err := flow.SendHere(t.Context(), h.s, to("b")); err != nil || c.Delivery() != transcript.DeliveryAccepted {
				t.Errorf("%s, %s: the next one: %v, %s", row.why, offers, err, c.Delivery())
			}
			if slices.Contains(h.heard, "QUIT") {
				t.Errorf("%s, %s: %q", row.why, offers, h.heard)
			}
		}
	}
}

func TestSendHereTooLarge(t *testing.T) {
	h := openHere(t, "SIZE 100", agreeable(nil))
	l := to("b")
	err := flow.SendHere(t.Context(), h.s, l)
	e, _ := errors.AsType[*event.Error](err)
	if e == nil || e.Kind != event.MessageTooLarge || len(h.heard) > 0 || h.view.Now().State != transcript.Ready {
		t.Errorf("%v, the server heard %q, %s", err, h.heard, h.view.Now().State)
	}
	l.Force = true
	if err := flow.SendHere(t.Context(), h.s, l); err != nil || h.view.Now().Delivery() != transcript.DeliveryAccepted {
		t.Errorf("%v, %q", err, h.heard)
	}
}

// TestSendHereStopped: before the final dot the connection ends, behind it the
// wait alone does, and the reply is that of the message when it comes.
func TestSendHereStopped(t *testing.T) {
	for _, row := range []struct {
		at    string // the line that is not answered in time
		words string
		open  bool
	}{
		{"MAIL FROM:<a@client.test>", "the server has no message", false},
		{"DATA", "the server has no message", false},
		{"BDAT", "the server has no message", false}, // the chunk is not read
		{".", "delivery: unknown", true},
	} {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		l := to("b")
		l.Chunking = row.at == "BDAT"
		h := openHere(t, "CHUNKING", func(line string) string {
			if line == row.at || l.Chunking && strings.HasPrefix(line, row.at) {
				time.AfterFunc(20*time.Millisecond, stop)
				return "late"
			}
			return agreeable(nil)(line)
		})
		err := flow.SendHere(ctx, h.s, l)
		e, _ := errors.AsType[*event.Error](err)
		if e == nil || e.Kind != event.Interrupted || !strings.Contains(e.Message, row.words) || h.s.Connected() != row.open {
			t.Errorf("%s: %v, connected: %v", row.at, err, h.s.Connected())
		}
		h.late <- "250 2.0.0 queued as 7F3A"
		if !row.open {
			continue
		}
		if err := h.s.Do(t.Context(), session.Command{Line: []byte("NOOP")}); err != nil {
			t.Fatal(err)
		}
		if c := h.view.Now(); c.Delivery() != transcript.DeliveryAccepted || c.State != transcript.Ready {
			t.Errorf("%s: %s, %s", row.at, c.Delivery(), c.State)
		}
	}
}
