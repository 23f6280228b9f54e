package main

import (
	"bufio"
	"os"
	"strings"
)

// hostName is this host's full name for EHLO (RFC 5321 4.1.1.1), or "" where
// it has none: then the address literal of the connection is used. A host
// without a dot in its name is looked for in the hosts file only: a DNS query
// for one's own name is slow where it fails, and nobody asked for it.
func hostName() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	if full(name) {
		return strings.TrimSuffix(name, ".")
	}
	f, err := os.Open("/etc/hosts")
	if err != nil {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line, _, _ := strings.Cut(lines.Text(), "#")
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		for _, alias := range words[1:] {
			if alias == name && full(words[1]) {
				return words[1]
			}
		}
	}
	return ""
}

// full says that a name can stand in EHLO: it has a dot, and is not the
// loopback's.
func full(name string) bool {
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	return strings.Contains(name, ".") && name != "localhost.localdomain" && !strings.HasSuffix(name, ".localhost")
}
