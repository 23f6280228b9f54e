package play

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/flow"
	"ehlo/session/message"
	"ehlo/session/script"
	"ehlo/session/wire"
)

// do carries out one item. A mismatch is an expectation that did not come true;
// an error ends the script.
func (p *player) do(ctx context.Context, item script.Item, rest []script.Item) (*script.Mismatch, error) {
	at := item.At()
	switch i := item.(type) {
	case script.Client:
		octets, err := i.Line.Expand(p.vars)
		if err != nil {
			return nil, p.wrong(err)
		}
		return p.hold(ctx, at, session.Piece{Octets: octets})
	case script.Raw:
		return p.hold(ctx, at, session.Piece{Octets: []byte(i.Octets), Raw: true})
	case script.Server:
		return p.stopping(ctx)(p.reply(ctx, i))
	case script.Reply:
		return p.stopping(ctx)(p.verbatim(ctx, i))
	case script.Connect:
		return nil, p.connect(ctx, i)
	case script.StartTLS:
		return p.startTLS(ctx, i)
	case script.TLS:
		return nil, p.handshake(ctx, at)
	case script.Auth:
		return p.auth(ctx, i, rest)
	case script.Data:
		return p.data(ctx, at, i.File, -1)
	case script.BDAT:
		return p.data(ctx, at, i.File, i.Chunk)
	case script.Flush:
		return nil, p.flush(ctx, at)
	case script.Sleep:
		d, err := i.Duration(p.vars)
		if err != nil {
			return nil, p.wrong(err)
		}
		return nil, p.sleep(ctx, at, d)
	case script.Timeout:
		p.wait = i.After
		return nil, p.s.Do(ctx, session.LimitAll(i.After))
	case script.ExpectClose:
		return p.close(ctx, at)
	case script.ExpectSilence:
		return p.silence(ctx, i)
	case script.Close:
		return nil, p.hangUp(ctx, at, session.Close{Gently: true})
	case script.Reset:
		return nil, p.hangUp(ctx, at, session.Reset{})
	case script.Set:
		if _, given := p.o.Vars[i.Name]; given {
			return nil, nil // what the person sets wins: the script has a default
		}
		value, err := i.Value.Expand(p.vars)
		if err != nil {
			return nil, p.wrong(err)
		}
		p.vars[i.Name], p.set[i.Name] = string(value), true
		return nil, nil
	case script.Capture:
		return p.capture(i)
	case script.Assert:
		return p.assert(i)
	}
	return nil, p.wrong(&script.Error{Position: at, Message: "expected something that a client can do"})
}

// stopping ends the script where the plan ends it: behind a good reply of that
// stage.
func (p *player) stopping(ctx context.Context) func(*script.Mismatch, error) (*script.Mismatch, error) {
	return func(m *script.Mismatch, err error) (*script.Mismatch, error) {
		if m != nil || err != nil || p.o.Plan.Stop == event.NoStage || p.s.Due() > 0 {
			return m, err
		}
		return nil, p.stop(ctx, p.stage)
	}
}

func (p *player) stop(ctx context.Context, stage event.Stage) error {
	if stage == event.HeloTLS {
		stage = event.Helo
	}
	if stage != p.o.Plan.Stop {
		return nil
	}
	flow.Leave(ctx, p.s, p.o.Plan)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return ErrStopped
}

func (p *player) timeout() time.Duration {
	switch {
	case p.wait > 0:
		return p.wait
	case p.stage == event.Dot:
		return p.s.Timeouts().Dot
	}
	return p.s.Timeouts().Reply
}

// startTLS is STARTTLS, its 220, and the handshake.
func (p *player) startTLS(ctx context.Context, i script.StartTLS) (*script.Mismatch, error) {
	at := i.Position
	if m, err := p.hold(ctx, at, session.Piece{Octets: []byte("STARTTLS")}); m != nil || err != nil {
		return m, err
	}
	if err := p.flush(ctx, at); err != nil {
		return nil, err
	}
	r, instead, err := p.next(ctx)
	if err != nil {
		return nil, err
	}
	if instead == "" && r.Code != 220 {
		instead = r.String()
	}
	if instead != "" {
		return &script.Mismatch{Position: at, Expected: "S: 220 to STARTTLS", Actual: instead}, nil
	}
	return nil, p.handshake(ctx, at)
}

func (p *player) handshake(ctx context.Context, at script.Position) error {
	if err := p.flush(ctx, at); err != nil {
		return err
	}
	if err := p.do1(ctx, session.Handshake{}); err != nil {
		return err
	}
	if err := flow.Verified(p.s, p.o.Plan); err != nil {
		return err
	}
	return p.stop(ctx, event.StartTLS)
}

// auth logs in. The reply is for the S: lines behind it; where there are none,
// it has to be good.
func (p *player) auth(ctx context.Context, i script.Auth, rest []script.Item) (*script.Mismatch, error) {
	if err := p.drain(ctx, i.Position); err != nil {
		return nil, err
	}
	login := session.Auth{}
	if p.o.Plan.Login != nil {
		login = *p.o.Plan.Login
	}
	mechanism, err := i.Mechanism.Expand(p.vars)
	if err != nil {
		return nil, p.wrong(err)
	}
	if len(mechanism) > 0 {
		login.Mechanisms = []string{string(mechanism)}
	}
	login.Unjudged = true
	if err := p.s.Do(ctx, login); err != nil {
		return nil, err
	}
	p.quit, p.stage = false, event.Auth
	r := p.s.Reply()
	if len(rest) > 0 && answered(rest) {
		p.replies = append(p.replies, r)
		return nil, nil
	}
	p.last, p.took, p.heard = p.s.Safe(r), p.s.Took(), true
	if !r.Positive() {
		return &script.Mismatch{Position: i.Position, Expected: strings.TrimSpace("@auth "+string(mechanism)) + " to log in", Actual: p.last.String()}, nil
	}
	return nil, p.stop(ctx, event.Auth)
}

// answered says that the items expect a reply, before they do something else.
func answered(rest []script.Item) bool {
	for _, item := range rest {
		switch item.(type) {
		case script.Comment:
			continue
		case script.Server, script.Reply:
			return true
		}
		return false
	}
	return false
}

// data sends the message in a file: after DATA (chunk below 0), or in chunks.
func (p *player) data(ctx context.Context, at script.Position, name script.Text, chunk int64) (*script.Mismatch, error) {
	path, err := script.File(at, name, p.vars)
	if err != nil {
		return nil, p.wrong(err)
	}
	if whole, err := filepath.Abs(path); err == nil {
		path = whole // the transcript names the file: it may be played elsewhere
	}
	m, err := message.FromFile(path)
	if err != nil {
		return nil, p.wrong(&script.Error{Position: name.Pos, Message: "cannot send " + quoted([]byte(path)) + ": " + why(err), Err: err})
	}
	send := session.Send{Message: m, Unanswered: true}
	if chunk >= 0 {
		if err := p.drain(ctx, at); err != nil {
			return nil, err
		}
		if send.Binary = p.binary; chunk == 0 {
			chunk = max(m.Size.Octets, 1)
		}
		send.Chunk = chunk
	} else if err := p.flush(ctx, at); err != nil {
		return nil, err
	}
	if !p.s.Connected() {
		return &script.Mismatch{Position: at, Expected: "a connection to send " + quoted([]byte(path)), Actual: "it is closed"}, nil
	}
	p.quit = false
	err = p.s.Do(ctx, send)
	for _, r := range p.s.Replies() {
		// The chunks but the last are answered on the way; that they are taken
		// is a part of the directive.
		if chunk < 0 || !r.Positive() {
			p.replies = append(p.replies, r)
		}
	}
	return nil, p.lost(err)
}

func (p *player) sleep(ctx context.Context, at script.Position, d time.Duration) error {
	if err := p.flush(ctx, at); err != nil {
		return err
	}
	for end := p.o.Now().Add(d); ; {
		left := end.Sub(p.o.Now())
		if left <= 0 {
			return ctx.Err()
		}
		if p.s.Connected() && len(p.replies) < mostEarly {
			// What the server says meanwhile is shown, and is for the S: lines behind.
			if err := p.do1(ctx, session.Listen{For: left}); err != nil && !isSilence(err) {
				return err
			}
			continue
		}
		t := time.NewTimer(left)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// mostEarly is how many replies are taken while nobody waits for one: beyond
// that the server waits.
const mostEarly = 1000

// isSilence says that what was listened for did not come to its end in time.
func isSilence(err error) bool {
	e, ok := errors.AsType[*event.Error](err)
	return ok && e.Kind == event.ReplyTimeout
}

// listen waits for what the server does of itself, and says in words what it
// said; empty: nothing.
func (p *player) listen(ctx context.Context, at script.Position, d time.Duration) (said string, err error) {
	if err := p.flush(ctx, at); err != nil {
		return "", err
	}
	if len(p.replies) == 0 && p.s.Connected() {
		if err := p.do1(ctx, session.Listen{For: d}); err != nil {
			if !isSilence(err) {
				return "", err
			}
			return "a part of a line", nil
		}
	}
	if len(p.replies) == 0 {
		return "", nil
	}
	r := p.s.Safe(p.replies[0])
	p.replies = p.replies[1:]
	p.last, p.took, p.heard = r, p.s.Took(), true
	return "S: " + r.String(), nil
}

// close awaits that the server closes the connection.
func (p *player) close(ctx context.Context, at script.Position) (*script.Mismatch, error) {
	said, err := p.listen(ctx, at, p.timeout())
	if err != nil {
		return nil, err
	}
	if said == "" && p.s.Connected() {
		said = "nothing within " + p.timeout().String()
	}
	if said != "" {
		return &script.Mismatch{Position: at, Expected: "the server to close the connection", Actual: said}, nil
	}
	p.replies = nil
	return nil, nil
}

// silence awaits that the server does nothing for a time.
func (p *player) silence(ctx context.Context, i script.ExpectSilence) (*script.Mismatch, error) {
	if err := p.ensure(ctx, i.Position); err != nil {
		return nil, err
	}
	was := p.s.Connected()
	said, err := p.listen(ctx, i.Position, i.For)
	if err != nil {
		return nil, err
	}
	if said == "" && was && !p.s.Connected() {
		said = "the end of the connection"
	}
	if said != "" {
		return &script.Mismatch{Position: i.Position, Expected: "silence for " + i.For.String(), Actual: said}, nil
	}
	return nil, nil
}

// hangUp ends the connection.
func (p *player) hangUp(ctx context.Context, at script.Position, how session.Action) error {
	if err := p.flush(ctx, at); err != nil {
		return err
	}
	p.replies, p.quit = nil, false
	if !p.s.Connected() {
		return nil
	}
	return p.lost(p.do1(ctx, how))
}

// capture gives a variable what the last reply has.
func (p *player) capture(i script.Capture) (*script.Mismatch, error) {
	value, ok := i.Find(p.last)
	if !ok {
		return &script.Mismatch{Position: i.Position, Expected: "a reply with " + i.Regexp, Actual: orNothing(p.last)}, nil
	}
	if strings.ContainsAny(value, "\r\n") {
		// In a C: line it would be a line of its own: what one server says must not
		// become a command for another.
		return &script.Mismatch{Position: i.Position, Expected: "something within one line of the reply for ${" + i.Name + "}", Actual: "more than a line"}, nil
	}
	p.vars[i.Name], p.set[i.Name] = value, true
	return nil, nil
}

func orNothing(r wire.Reply) string {
	if len(r.Lines) == 0 {
		return "no reply yet"
	}
	return "S: " + r.String()
}

// why is the reason of a file error without the path.
func why(err error) string {
	if file, ok := errors.AsType[*os.PathError](err); ok {
		return file.Err.Error()
	}
	return strings.TrimSpace(fmt.Sprint(err))
}
