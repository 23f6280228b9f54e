package serve

import (
	"net"
	"sync"
	"time"

	"ehlo/internal/crash"
)

const (
	// atOnce is how many octets go to the network in one piece.
	atOnce = 64 << 10
	// mostQueued is how many octets wait for a client that does not read before
	// the server waits too.
	mostQueued = 4 << 20
)

// outbox writes what the server says while the server listens on: a client that
// sends a long group and reads nothing until all is sent would otherwise wait
// for the server, and the server for it. A panic of the writing is one of whoever
// flushes, drains or ends it.
type outbox struct {
	conn    net.Conn
	timeout time.Duration // of one write
	held    []byte        // not handed over yet

	mu      sync.Mutex
	changed sync.Cond
	queue   []byte
	writing bool
	over    bool
	err     error
	done    chan struct{}
}

func newOutbox(c net.Conn, timeout time.Duration) *outbox {
	o := &outbox{conn: c, timeout: timeout, done: make(chan struct{})}
	o.changed.L = &o.mu
	crash.Go(func() error {
		o.run()
		return nil
	}, func(err error) {
		defer close(o.done)
		if err == nil {
			return
		}
		o.mu.Lock()
		defer o.mu.Unlock()
		o.err = err
		o.changed.Broadcast()
	})
	return o
}

// add says octets, at the next flush at the latest.
func (o *outbox) add(octets []byte) error {
	o.held = append(o.held, octets...)
	if len(o.held) < atOnce {
		return nil
	}
	return o.flush()
}

// flush hands over what is held. Its error is that of an earlier write.
func (o *outbox) flush() error {
	if len(o.held) == 0 {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.queue) > mostQueued && o.err == nil {
		o.changed.Wait()
	}
	if o.err == nil {
		o.queue = append(o.queue, o.held...)
	}
	o.held = o.held[:0]
	o.changed.Broadcast()
	crash.Raise(o.err)
	return o.err
}

// drain waits until all is written.
func (o *outbox) drain() error {
	_ = o.flush()
	o.mu.Lock()
	defer o.mu.Unlock()
	for (len(o.queue) > 0 || o.writing) && o.err == nil {
		o.changed.Wait()
	}
	crash.Raise(o.err)
	return o.err
}

// bound sets the time of the writes from now on.
func (o *outbox) bound(timeout time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.timeout = timeout
}

// end ends the writing. What is not written is lost.
func (o *outbox) end() {
	o.mu.Lock()
	o.over = true
	o.changed.Broadcast()
	o.mu.Unlock()
	<-o.done
	crash.Raise(o.err)
}

func (o *outbox) run() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for {
		for len(o.queue) == 0 && !o.over {
			o.changed.Wait()
		}
		if o.over {
			return
		}
		piece := o.queue[:min(len(o.queue), atOnce)]
		_ = o.conn.SetWriteDeadline(time.Now().Add(o.timeout))
		err := o.write(piece)
		if o.queue = o.queue[len(piece):]; len(o.queue) == 0 {
			o.queue = nil
		}
		o.err = err
		o.changed.Broadcast()
		if err != nil {
			return
		}
	}
}

// write writes without the lock.
func (o *outbox) write(piece []byte) error {
	o.writing = true
	o.mu.Unlock()
	defer func() {
		o.mu.Lock()
		o.writing = false
	}()
	_, err := o.conn.Write(piece)
	return err
}
