// Package crash hands a panic of a goroutine to whoever waits for the goroutine.
// A caller may have a terminal to restore and a session to save; a panic in a
// goroutine that is not its own would end the process without that.
//
//	Go     starts a goroutine, and tells of its end
//	Group  starts several, and waits for all
//	After  does something when a context ends, and Later when a time is over
//	Kept   holds a panic for whoever comes next, where nobody waits for just that
//
// Nothing else in ehlo starts goroutines, apart from the guard of the screen.
package crash

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// Crash is a panic that was caught, with the stack of where it was.
type Crash struct {
	Value any
	Stack []byte
}

func (c *Crash) Error() string { return fmt.Sprintf("%v\n%s", c.Value, c.Stack) }

// Go runs f in a goroutine. done gets its error, or its panic as a *Crash, and is
// called exactly once, in that goroutine; it has no guard, and should do no more
// than hand over.
func Go(f func() error, done func(error)) { go run(f, done) }

// Later is Go when a time is over, unless the timer is stopped before.
func Later(d time.Duration, f func() error, done func(error)) *time.Timer {
	return time.AfterFunc(d, func() { run(f, done) })
}

func run(f func() error, done func(error)) {
	var err error
	defer func() { done(err) }() // at a Goexit too: a test may have failed in f
	defer Catch(&err)
	err = f()
}

// Catch makes an error of a panic; it is to be deferred.
func Catch(err *error) {
	if v := recover(); v != nil {
		if c, ok := v.(*Crash); ok { // it was handed on before
			*err = c
			return
		}
		*err = &Crash{v, debug.Stack()}
	}
}

// Raise goes on with the panic that an error is, if it is one.
func Raise(err error) {
	if c, ok := errors.AsType[*Crash](err); ok {
		panic(c)
	}
}

// After runs f in a goroutine when ctx ends, unless end is called before. Where
// it has begun, end waits for it, and goes on with its panic.
func After(ctx context.Context, f func()) (end func()) {
	over := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		run(func() error { f(); return nil }, func(err error) { over <- err })
	})
	return sync.OnceFunc(func() {
		if !stop() {
			Raise(<-over)
		}
	})
}

// Kept is the first panic of goroutines that nobody waits for in particular, or
// not any more. Its zero value is none.
type Kept struct {
	mu   sync.Mutex
	err  error
	some chan struct{} // closed when there is one; nil: nobody has asked
}

// Keep keeps an error that is a panic; others are dropped.
func (k *Kept) Keep(err error) {
	_, is := errors.AsType[*Crash](err)
	k.mu.Lock()
	defer k.mu.Unlock()
	if !is || k.err != nil {
		return
	}
	if k.err = err; k.some != nil {
		close(k.some)
	}
}

// Some is closed as soon as there is one.
func (k *Kept) Some() <-chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.some == nil {
		if k.some = make(chan struct{}); k.err != nil {
			close(k.some)
		}
	}
	return k.some
}

// Raise goes on with the panic that is kept, each time.
func (k *Kept) Raise() {
	k.mu.Lock()
	defer k.mu.Unlock()
	Raise(k.err)
}

// Group waits for several goroutines. Its zero value is ready.
type Group struct {
	Crashed func() // called when one panics, to end the others; may be nil

	wait sync.WaitGroup
	kept Kept
}

// Go runs f in a goroutine.
func (g *Group) Go(f func()) {
	g.wait.Add(1)
	Go(func() error { f(); return nil }, func(err error) {
		defer g.wait.Done()
		if g.kept.Keep(err); err != nil && g.Crashed != nil {
			g.Crashed()
		}
	})
}

// Wait waits for all of them, and panics if one did.
func (g *Group) Wait() {
	g.wait.Wait()
	g.kept.Raise()
}
