// Package crash hands a panic of a goroutine to whoever waits for the goroutine.
// A caller may have a terminal to restore and a session to save; a panic in a
// goroutine that is not its own would end the process without that.
package crash

import (
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
)

// Crash is a panic that was caught, with the stack of where it was.
type Crash struct {
	Value any
	Stack []byte
}

func (c *Crash) Error() string { return fmt.Sprintf("%v\n%s", c.Value, c.Stack) }

// Go runs f in a goroutine. done gets its error, or its panic as a *Crash, and is
// called exactly once.
func Go(f func() error, done func(error)) {
	go func() {
		var err error
		defer func() { done(err) }()
		defer Catch(&err)
		err = f()
	}()
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

// Is says that an error is a panic.
func Is(err error) bool {
	_, is := errors.AsType[*Crash](err)
	return is
}

// Raise goes on with the panic that an error is, if it is one.
func Raise(err error) {
	if c, ok := errors.AsType[*Crash](err); ok {
		panic(c)
	}
}

// Group waits for several goroutines. Its zero value is ready.
type Group struct {
	wait sync.WaitGroup
	mu   sync.Mutex
	err  error // the first panic
}

// Go runs f in a goroutine.
func (g *Group) Go(f func()) {
	g.wait.Add(1)
	Go(func() error { f(); return nil }, func(err error) {
		defer g.wait.Done()
		if err == nil {
			return
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.err == nil {
			g.err = err
		}
	})
}

// Wait waits for all of them, and panics if one did.
func (g *Group) Wait() {
	g.wait.Wait()
	Raise(g.err)
}
