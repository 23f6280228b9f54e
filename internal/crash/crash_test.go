package crash

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestGo(t *testing.T) {
	for want, f := range map[string]func() error{
		"":         func() error { return nil },
		"an error": func() error { return errors.New("an error") },
		"a panic":  func() error { panic("a panic") },
		"again":    func() error { panic(&Crash{"again", []byte("of the first")}) },
	} {
		ended := make(chan error)
		Go(f, func(err error) { ended <- err })
		switch err := <-ended; {
		case want == "":
			if err != nil {
				t.Error(err)
			}
		case want == "an error":
			if is(err) || err.Error() != want {
				t.Error(err)
			}
		case !is(err) || !strings.HasPrefix(err.Error(), want+"\n"):
			t.Errorf("%s: %v", want, err)
		case want == "again" && !strings.HasSuffix(err.Error(), "of the first"):
			t.Errorf("the stack of the first is lost: %v", err)
		}
	}
}

// TestGroup: all are waited for, and then the panic goes on.
func TestGroup(t *testing.T) {
	var g Group
	done := 0
	over := make(chan struct{})
	g.Go(func() { panic("one") })
	g.Go(func() { <-over; done++ })
	close(over)
	defer func() {
		if c, ok := recover().(*Crash); !ok || c.Value != "one" || done != 1 {
			t.Errorf("%+v, %d done", c, done)
		}
	}()
	g.Wait()
	t.Error("no panic")
}

func is(err error) bool { _, ok := errors.AsType[*Crash](err); return ok }

// defective is what a stack has to name.
func defective() { panic("a defect") }

func caught(f func()) (err error) {
	defer Catch(&err)
	f()
	return nil
}

// raises wants f to go on with the panic of defective.
func raises(t *testing.T, f func()) {
	t.Helper()
	c, ok := errors.AsType[*Crash](caught(f))
	if !ok || c.Value != "a defect" || !strings.Contains(string(c.Stack), "crash.defective") {
		t.Errorf("caught %v", c)
	}
}

// TestGoexit: a test that fails in a goroutine ends it so.
func TestGoexit(t *testing.T) {
	ended := make(chan error)
	Go(func() error { runtime.Goexit(); return io.EOF }, func(err error) { ended <- err })
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestLater(t *testing.T) {
	ended := make(chan error)
	Later(time.Millisecond, func() error { defective(); return nil }, func(err error) { ended <- err })
	raises(t, func() { Raise(<-ended) })
}

func TestAfter(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	unused := After(ctx, defective)
	unused()
	begun := make(chan bool)
	end := After(ctx, func() { begun <- true; defective() })
	stop()
	<-begun
	raises(t, end)
	raises(t, end)
	unused() // it waits for nothing
}

// TestCrashed: the others can be ended.
func TestCrashed(t *testing.T) {
	over := make(chan struct{})
	g := Group{Crashed: func() { close(over) }}
	g.Go(func() { <-over })
	g.Go(defective)
	raises(t, g.Wait)
}

func TestKept(t *testing.T) {
	var k, late Kept
	k.Keep(nil)
	k.Keep(io.EOF)
	k.Raise()
	some := k.Some()
	select {
	case <-some:
		t.Error("there is one already")
	default:
	}
	k.Keep(caught(defective))
	k.Keep(caught(func() { panic("another") }))
	<-some
	<-k.Some()
	raises(t, k.Raise)
	raises(t, k.Raise)
	late.Keep(caught(defective))
	<-late.Some()
}
