package tui

import (
	"io"
	"testing"
)

// TestAPasteWhoseEndDoesNotCome is ended by ctrl+c, which is a key then; what has
// come is a paste.
func TestAPasteWhoseEndDoesNotCome(t *testing.T) {
	r, w := io.Pipe()
	in, p := withPastes(r)
	read := make(chan string, 10)
	go func() {
		for b := make([]byte, 256); ; {
			n, err := in.Read(b)
			if err != nil {
				return
			}
			if n > 0 {
				read <- string(b[:n])
			}
		}
	}()
	for _, octets := range []string{pasteStart + "MAIL FROM:<a@b>", "\x03", "q"} {
		_, _ = io.WriteString(w, octets)
	}
	got := <-read + <-read
	_ = w.Close()
	if got != pasteStart+"b"+pasteEnd+"\x03q" {
		t.Fatalf("%q", got)
	}
	if text, _ := p.next('b'); text != "MAIL FROM:<a@b>" {
		t.Errorf("the paste is %q", text)
	}
}
