package main

import (
	"math"
	"testing"

	"ehlo/session/smtptest"
)

// sizeServers are servers whose limits are to be found out.
func sizeServers(t *testing.T) map[string]string {
	t.Helper()
	fixed := func(n uint64) func(int) uint64 { return func(int) uint64 { return n } }
	addresses := map[string]string{}
	for name, server := range map[string]*smtptest.Sizes{
		"SIZETRUE":      {SIZE: "SIZE 14680064", Limit: fixed(14680064), Pipelining: true},
		"SIZEHIDDEN":    {SIZE: "SIZE", Limit: fixed(12345678)},
		"SIZELOWER":     {SIZE: "SIZE 20000000", Limit: fixed(10485760)},
		"SIZEHIGHER":    {SIZE: "SIZE 10000000", Limit: fixed(10485760)},
		"SIZELOOSE":     {SIZE: "SIZE 10000000"},
		"SIZENONE":      {SIZE: "SIZE 0"},
		"SIZEBLIND":     {SIZE: "SIZE", Any: true},
		"SIZE32":        {SIZE: "SIZE", Reads: math.MaxUint32},
		"SIZESENDER":    {SIZE: "SIZE 14680064", Limit: fixed(14680064), Sender: "me@example.net"},
		"SMALL":         {SIZE: "SIZE 624", Limit: fixed(624)},
		"SMALLREFUSING": {SIZE: "SIZE 624", Limit: fixed(624), Sender: "me@example.net"},
		"TINY":          {SIZE: "SIZE 300", Limit: fixed(300)},
		"SIZE421":       {SIZE: "SIZE", Limit: fixed(12345678), Errors: 2},
	} {
		address, err := server.Listen()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(server.Close)
		addresses[name] = address
	}
	return addresses
}
