//go:build mta

package mta

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// bigExchangers is how many exchangers big.test has: their list is longer than any UDP answer of NSD
// (1,232 octets), so it needs TCP.
const bigExchangers = 60

// zone is everything below "test."; whatever is outside it is refused.
func zone() string {
	var b strings.Builder
	b.WriteString(`$ORIGIN test.
$TTL 300
@           SOA   ns hostmaster 1 3600 600 86400 60
@           NS    ns
ns          A     127.0.0.1

mail        MX    10 mx1.mail
mail        MX    20 mx2.mail
mx1.mail    A     127.0.0.1
mx2.mail    A     127.0.0.2

null        MX    0 .
implicit    A     127.0.0.1
alias       MX    10 other.alias
other.alias CNAME mx1.mail
noaddress   MX    10 nothing.noaddress
`)
	for i := range bigExchangers {
		fmt.Fprintf(&b, "big MX %d exchanger-with-a-long-name-%02d.big\n", i, i)
		fmt.Fprintf(&b, "exchanger-with-a-long-name-%02d.big A 127.0.0.1\n", i)
	}
	return b.String()
}

const nsdConf = `server:
  ip-address: 127.0.0.1@%[1]s
  username: ""
  server-count: 1
  database: ""
  pidfile: ""
  zonesdir: "%[2]s"
  logfile: "%[2]s/log"
  xfrdfile: "%[2]s/xfrd.state"
  zonelistfile: "%[2]s/zone.list"
  xfrdir: "%[2]s"
remote-control:
  control-enable: no
zone:
  name: test.
  zonefile: zone
`

// startNSD serves zone and returns its address.
func startNSD(t *testing.T) string {
	nsd := fetch(t, "nsd")
	dir, port := serverDir(t, "nsd"), freePort(t)
	conf := filepath.Join(dir, "conf")
	writeFile(t, filepath.Join(dir, "zone"), zone())
	writeFile(t, conf, fmt.Sprintf(nsdConf, port, dir))

	address := net.JoinHostPort("127.0.0.1", port)
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	serve(t, nsd.command(nil, "usr/sbin/nsd", "-d", "-c", conf), dir, filepath.Join(dir, "log"), func() error {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := resolver.LookupHost(ctx, "mx1.mail.test.")
		return err
	})
	return address
}
