package conn

import (
	"bytes"
	"io"
	"net"
	"net/netip"
	"testing"
)

func TestHeaderOctets(t *testing.T) {
	h := Header{Source: netip.MustParseAddrPort("192.0.2.7:40000"), Destination: netip.MustParseAddrPort("192.0.2.1:25")}
	for version, want := range map[int]string{
		1: "PROXY TCP4 192.0.2.7 192.0.2.1 40000 25\r\n",
		2: "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x07\xc0\x00\x02\x01\x9c\x40\x00\x19",
	} {
		client, server := net.Pipe()
		got := make(chan []byte, 1)
		go func() {
			octets, _ := io.ReadAll(server)
			got <- octets
		}()
		h.Version = version
		if _, err := SendHeader(client, h); err != nil {
			t.Fatal(err)
		}
		client.Close()
		if octets := <-got; !bytes.Equal(octets, []byte(want)) {
			t.Errorf("v%d: %q", version, octets)
		}
	}
}
