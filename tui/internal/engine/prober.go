package engine

import (
	"context"
	"errors"
	"sync"

	"ehlo/session"
	"ehlo/session/event"
	"ehlo/session/flow"
)

// Prober probes every address of a target at the same time, each in a session
// of its own, while the engine's session stays as it is.
type Prober struct {
	opt  session.Options
	ring func() // the screen is to look

	mu      sync.Mutex
	news    []ProbeNews
	room    *sync.Cond         // on mu: news were taken
	stop    context.CancelFunc // ends the probing; nil: nothing is probed
	stopped bool               // it is ending
	closed  bool               // nobody takes any more
	plans   chan flow.Plan     // holds one: what to probe next
}

// ProbeNews is something that a probing tells: an event of one of its
// sessions, that one begins or is done, or that all are.
type ProbeNews struct {
	At    int               // of the candidates; look or all
	To    session.Candidate // where it leads, when it begins
	Event event.Event
	Done  bool
	Err   error
}

// What news are about that are no candidate's.
const (
	LookUp = -1 // the look-up
	Whole  = -2 // the probing
)

// newsAhead is how much news may wait for the screen; then the sessions wait.
const newsAhead = 5000

func NewProber(opt session.Options, f *Feed) *Prober {
	opt.Sink = nil
	p := &Prober{opt: opt, ring: f.look, plans: make(chan flow.Plan, 1)}
	p.room = sync.NewCond(&p.mu)
	return p
}

// Begin takes a probing, or says why there can be none now.
func (p *Prober) Begin(plan flow.Plan) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stop != nil {
		return errors.New("a probing is under way (ctrl+c stops it)")
	}
	p.stop, p.stopped = func() {}, false
	p.plans <- plan
	return nil
}

// Adjust changes the options of the probings that come.
func (p *Prober) Adjust(change func(*session.Options)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.opt)
}

// Interrupt ends the probing, and says whether there was one.
func (p *Prober) Interrupt() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stop == nil || p.stopped {
		return false
	}
	p.stop()
	p.stopped = true
	return true
}

// Run probes what it is told to, until ctx ends.
func (p *Prober) Run(ctx context.Context) {
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
func (p *Prober) probe(ctx context.Context, plan flow.Plan) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	p.mu.Lock()
	p.stop = stop
	if p.stopped { // before it began
		stop()
	}
	p.mu.Unlock()
	plan.Login, plan.Only = nil, nil
	err := flow.All(ctx, p.session(LookUp), plan,
		func(at int, to session.Candidate) *session.Session {
			p.tell(ProbeNews{At: at, To: to})
			return p.session(at)
		},
		flow.Probe,
		func(at int, err error) { p.tell(ProbeNews{At: at, Done: true, Err: err}) })
	p.mu.Lock()
	p.stop = nil
	p.mu.Unlock()
	p.tell(ProbeNews{At: Whole, Done: true, Err: err})
}

func (p *Prober) session(at int) *session.Session {
	p.mu.Lock()
	opt := p.opt
	p.mu.Unlock()
	opt.Sink = func(e event.Event) { p.tell(ProbeNews{At: at, Event: e}) }
	return session.New(opt)
}

func (p *Prober) tell(n ProbeNews) {
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

// Take returns what has come since the last call. It does not wait.
func (p *Prober) Take() []ProbeNews {
	p.mu.Lock()
	defer p.mu.Unlock()
	news := p.news
	p.news = nil
	p.room.Broadcast()
	return news
}

// Close lets the sessions end without a screen: nothing waits for room.
func (p *Prober) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed, p.news = true, nil
	p.room.Broadcast()
}
