package tui

import (
	"context"
	"time"

	"ehlo/session/flow"
)

// twice is how soon a second ctrl+c comes that means all, and not one more
// host.
const twice = 2 * time.Second

// connect opens a session by a plan; more addresses are still to be tried when
// those of the plan did not answer.
func (e *engine) connect(ctx context.Context, plan flow.Plan, more int) error {
	plan.Attempt = func(ctx context.Context, left int) (context.Context, context.CancelFunc) {
		one, skip := context.WithCancel(ctx)
		e.mu.Lock()
		defer e.mu.Unlock()
		e.skip, e.now.left = skip, left+more
		e.feed.set(e.now)
		return one, skip
	}
	_, err := flow.Open(ctx, e.s, plan)
	return err
}

// pass gives the present address up, so that the next one is tried. It says
// whether there was one to give up.
func (e *engine) pass() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.now.doing != opening || e.skip == nil || e.now.left == 0 {
		return false
	}
	e.skip()
	e.skip = nil
	return true
}

// canSkip says that ctrl+c leaves the host that does not answer for the next
// one. A second time at once, it stops the opening.
func (m *screen) canSkip() bool {
	return m.now.doing == opening && m.now.left > 0 && m.o.Now().Sub(m.skipped) > twice
}

// stopWords are what ctrl+c does to what is awaited.
func (m *screen) stopWords() string {
	if !m.busy() || m.leaving {
		return ""
	}
	if m.canSkip() {
		return " (ctrl+c skips this host)"
	}
	return " (ctrl+c stops)"
}

// stopKey is the same before what is awaited, for a narrow screen.
func (m *screen) stopKey() string {
	switch {
	case !m.busy() || m.leaving:
		return ""
	case m.canSkip():
		return m.st.bold.Render("ctrl+c") + " skip  "
	}
	return m.st.bold.Render("ctrl+c") + " stop  "
}
