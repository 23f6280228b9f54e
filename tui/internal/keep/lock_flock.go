//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package keep

import (
	"os"
	"syscall"
	"time"
)

// lockDir waits until no other ehlo writes into a directory, for a moment; alone
// says whether that came true. The lock ends with the process that has it.
func lockDir(dir string) (unlock func(), alone bool) {
	f, err := os.Open(dir)
	if err != nil {
		return func() {}, false
	}
	for range 50 {
		if err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err == nil {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	return func() { _ = f.Close() }, err == nil
}
