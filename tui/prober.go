package tui

import (
	"context"
	"errors"
	"sync"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/flow"
)

// prober probes every address of a target at the same time, each in a session
// of its own, while the engine's session stays as it is.
type prober struct {
	opt  session.Options
	ring func()       // the screen is to look
	try  func(func()) // the guard of what flow.All runs

	mu      sync.Mutex
	news    []probeNews
	room    *sync.Cond         // on mu: news were taken
	stop    context.CancelFunc // ends the probing; nil: nothing is probed
	stopped bool               // it is ending
	closed  bool               // nobody takes any more
	plans   chan flow.Plan     // holds one: what to probe next
}

// probeNews is something that a probing tells: an event of one of its
// sessions, that one begins or is done, or that all are.
type probeNews struct {
	at   int               // of the candidates; look or all
	to   session.Candidate // where it leads, when it begins
	e    event.Event
	done bool
	err  error
}

// What news are about that are no candidate's.
const (
	look = -1 // the look-up
	all  = -2 // the probing
)

// newsAhead is how much news may wait for the screen; then the sessions wait.
const newsAhead = 5000

func newProber(opt session.Options, f *feed) *prober {
	opt.Sink = nil
	p := &prober{opt: opt, try: func(do func()) { do() }, plans: make(chan flow.Plan, 1)}
	p.room = sync.NewCond(&p.mu)
	p.ring = func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.ring()
	}
	return p
}

// begin takes a probing, or says why there can be none now.
func (p *prober) begin(plan flow.Plan) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stop != nil {
		return errors.New("a probing is under way (ctrl+c stops it)")
	}
	p.stop, p.stopped = func() {}, false
	p.plans <- plan
	return nil
}

// adjust changes the options of the probings that come.
func (p *prober) adjust(change func(*session.Options)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.opt)
}

// interrupt ends the probing, and says whether there was one.
func (p *prober) interrupt() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stop == nil || p.stopped {
		return false
	}
	p.stop()
	p.stopped = true
	return true
}

// run probes what it is told to, until ctx ends.
func (p *prober) run(ctx context.Context) {
	for {
		select {
		case plan := <-p.plans:
			p.probe(ctx, plan)
		case <-ctx.Done():
			return
		}
	}
}

// probe tells of every session. No login is tried: no password goes to hosts
// that nobody has chosen.
func (p *prober) probe(ctx context.Context, plan flow.Plan) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	p.mu.Lock()
	p.stop = stop
	if p.stopped { // before it began
		stop()
	}
	p.mu.Unlock()
	plan.Login, plan.Only = nil, nil
	err := flow.All(ctx, p.session(look), plan,
		func(at int, to session.Candidate) *session.Session {
			p.tell(probeNews{at: at, to: to})
			return p.session(at)
		},
		func(ctx context.Context, s *session.Session, plan flow.Plan) (err error) {
			p.try(func() { err = flow.Probe(ctx, s, plan) })
			return err
		},
		func(at int, err error) { p.tell(probeNews{at: at, done: true, err: err}) })
	p.mu.Lock()
	p.stop = nil
	p.mu.Unlock()
	p.tell(probeNews{at: all, done: true, err: err})
}

func (p *prober) session(at int) *session.Session {
	p.mu.Lock()
	opt := p.opt
	p.mu.Unlock()
	opt.Sink = func(e event.Event) { p.tell(probeNews{at: at, e: e}) }
	return session.New(opt)
}

func (p *prober) tell(n probeNews) {
	p.mu.Lock()
	for len(p.news) >= newsAhead && !p.closed {
		p.room.Wait()
	}
	if !p.closed {
		p.news = append(p.news, n)
	}
	p.mu.Unlock()
	p.ring()
}

// take returns what has come since the last call. It does not wait.
func (p *prober) take() []probeNews {
	p.mu.Lock()
	defer p.mu.Unlock()
	news := p.news
	p.news = nil
	p.room.Broadcast()
	return news
}

// close lets the sessions end without a screen: nothing waits for room.
func (p *prober) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed, p.news = true, nil
	p.room.Broadcast()
}
