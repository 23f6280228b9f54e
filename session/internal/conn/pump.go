package conn

import (
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"ehlo/internal/crash"
)

// chunk is what one read gave.
type chunk struct {
	octets []byte
	at     time.Time
	err    error
}

// pump reads a connection and puts what it gets into chunks, until it is told
// to stop or the connection ends.
type pump struct {
	nc      net.Conn
	chunks  chan chunk
	ended   chan struct{} // closed when it has stopped
	stopped atomic.Bool   // stop was called: a read deadline is no news
	done    chan struct{} // closed by quit: nobody takes chunks any more
	once    sync.Once
}

func startPump(nc net.Conn, now func() time.Time, crashes *crash.Kept) *pump {
	p := &pump{nc: nc, chunks: make(chan chunk, readAhead), done: make(chan struct{}), ended: make(chan struct{})}
	crash.Go(func() error {
		p.run(now)
		return nil
	}, func(err error) {
		crashes.Keep(err)
		close(p.ended)
	})
	return p
}

func (p *pump) run(now func() time.Time) {
	buf := make([]byte, chunkSize)
	for {
		n, err := p.nc.Read(buf)
		got := chunk{octets: append([]byte(nil), buf[:n]...), at: now(), err: err}
		if p.stopped.Load() && errors.Is(err, os.ErrDeadlineExceeded) {
			got.err = nil
		}
		if n > 0 || got.err != nil {
			select {
			case p.chunks <- got:
			case <-p.done:
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// quit lets the pump end as soon as its read does, without waiting for it.
func (p *pump) quit() { p.once.Do(func() { close(p.done) }) }

// stop ends the pump and returns the chunks that nobody took.
func (p *pump) stop() (left []chunk) {
	p.stopped.Store(true)
	_ = p.nc.SetReadDeadline(time.Unix(1, 0))
	for {
		select {
		case got := <-p.chunks:
			left = append(left, got)
		case <-p.ended:
			for len(p.chunks) > 0 {
				left = append(left, <-p.chunks)
			}
			return left
		}
	}
}
