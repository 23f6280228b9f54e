package crash

import (
	"errors"
	"strings"
	"testing"
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
			if Is(err) || err.Error() != want {
				t.Error(err)
			}
		case !Is(err) || !strings.HasPrefix(err.Error(), want+"\n"):
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
