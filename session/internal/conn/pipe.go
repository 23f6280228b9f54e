package conn

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"time"

	"ehlo/internal/crash"
)

// Pipe starts a command by the shell and makes a connection of its standard
// input and output; what it writes to standard error goes to errors. The
// command is killed when the connection is closed and it does not end by
// itself within a second. A panic of errors is in crashes.
func Pipe(_ context.Context, command string, errors io.Writer, crashes *crash.Kept) (net.Conn, error) {
	shell := []string{"/bin/sh", "-c", command}
	if runtime.GOOS == "windows" {
		shell = []string{"cmd", "/C", command}
	}
	cmd := exec.Command(shell[0], shell[1:]...)
	switch errors.(type) {
	case nil, *os.File: // nothing goes through a goroutine of exec's
		cmd.Stderr = errors
	default:
		cmd.Stderr = &fragile{errors, crashes}
	}
	// Not exec's own pipes: ours have deadlines.
	childIn, toChild, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	fromChild, childOut, err := os.Pipe()
	if err != nil {
		childIn.Close()
		toChild.Close()
		return nil, err
	}
	cmd.Stdin, cmd.Stdout = childIn, childOut
	err = cmd.Start()
	childIn.Close()
	childOut.Close()
	if err != nil {
		toChild.Close()
		fromChild.Close()
		return nil, err
	}
	p := &pipe{in: fromChild, out: toChild, command: pipeAddr(command), ended: make(chan struct{}), process: cmd.Process}
	crash.Go(cmd.Wait, func(err error) {
		crashes.Keep(err)
		close(p.ended)
	})
	return p, nil
}

// fragile is a writer whose panic is an error, and kept.
type fragile struct {
	w       io.Writer
	crashes *crash.Kept
}

func (f *fragile) Write(b []byte) (n int, err error) {
	defer func() { f.crashes.Keep(err) }()
	defer crash.Catch(&err)
	return f.w.Write(b)
}

// pipe is a process as a connection.
type pipe struct {
	in, out *os.File
	command pipeAddr
	process *os.Process
	ended   chan struct{}
}

// pipeAddr is a command in the place of an address.
type pipeAddr string

func (pipeAddr) Network() string  { return "pipe" }
func (a pipeAddr) String() string { return string(a) }

func (p *pipe) Read(b []byte) (int, error)         { return p.in.Read(b) }
func (p *pipe) Write(b []byte) (int, error)        { return p.out.Write(b) }
func (p *pipe) LocalAddr() net.Addr                { return p.command }
func (p *pipe) RemoteAddr() net.Addr               { return p.command }
func (p *pipe) SetReadDeadline(t time.Time) error  { return p.in.SetReadDeadline(t) }
func (p *pipe) SetWriteDeadline(t time.Time) error { return p.out.SetWriteDeadline(t) }

func (p *pipe) SetDeadline(t time.Time) error {
	return errors.Join(p.in.SetReadDeadline(t), p.out.SetWriteDeadline(t))
}

func (p *pipe) Close() error {
	err := errors.Join(p.out.Close(), p.in.Close())
	select {
	case <-p.ended:
	case <-time.After(time.Second):
		_ = p.process.Kill()
	}
	return err
}
