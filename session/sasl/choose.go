package sasl

import (
	"strings"
)

// maxNamed is how many mechanisms a sentence names.
const maxNamed = 8

// Choose picks the strongest of the offered mechanisms that the credentials
// can serve, and says why in one sentence. Where there is none, the sentence
// says what is in the way of each.
//
// A token looks like a password: XOAUTH2 and OAUTHBEARER are taken only where
// no other mechanism is offered that is known. EXTERNAL is taken where there is
// a client certificate and no password, ANONYMOUS where there are neither user
// nor password.
func Choose(offered []string, c Credentials) (mechanism, why string, ok bool) {
	if c.Offered == nil {
		c.Offered = offered
	}
	var out []string // stronger ones, and why they cannot be used
	for i := range mechanisms {
		row := &mechanisms[i]
		if !has(offered, row.name) {
			continue
		}
		if obstacle := row.obstacle(offered, c); obstacle != "" {
			out = append(out, row.name+" "+obstacle)
			continue
		}
		return row.name, reason(row, out, c), true
	}
	if len(offered) == 0 {
		return "", "the server offers no login mechanism", false
	}
	return "", "none of the mechanisms offered can be used: " + list(append(out, unknown(offered, c)...), "; "), false
}

// obstacle is why credentials cannot serve a mechanism, or empty.
func (row *mechanism) obstacle(offered []string, c Credentials) string {
	switch row.name {
	case "EXTERNAL":
		if !c.Certificate {
			return "needs a client certificate"
		}
		if c.Password != "" {
			return "takes no password, and there is one"
		}
	case "ANONYMOUS":
		if c.User != "" || c.Password != "" {
			return "takes no user, and there is one"
		}
	case "XOAUTH2", "OAUTHBEARER":
		if c.Password == "" {
			return "needs a token"
		}
		for i := range mechanisms {
			other := &mechanisms[i]
			if other.user && other.name != "XOAUTH2" && has(offered, other.name) {
				return "takes a token, and has to be asked for by name"
			}
		}
	}
	if _, err := New(row.name, c); err != nil {
		return strings.TrimPrefix(err.Error(), row.name+" ")
	}
	return ""
}

// reason is the sentence for the mechanism that was taken.
func reason(row *mechanism, out []string, c Credentials) string {
	var b strings.Builder
	b.WriteString(row.name)
	b.WriteString(" is the strongest mechanism offered that can be used")
	if row.clear && !c.TLS {
		b.WriteString(", though all on the way can read what it sends")
	}
	if len(out) > 0 {
		b.WriteString(": " + list(out, "; "))
	}
	return b.String()
}

// unknown says which offered mechanisms are not in the table.
func unknown(offered []string, c Credentials) (words []string) {
	for _, name := range offered {
		if find(name) != nil {
			continue
		}
		if len(words) > maxNamed {
			break // list leaves it out
		}
		words = append(words, c.quote([]byte(name))+" is not known here")
	}
	return words
}

// list joins words, as many as a sentence bears.
func list(words []string, sep string) string {
	if len(words) > maxNamed {
		return strings.Join(words[:maxNamed], sep) + sep + "and more"
	}
	return strings.Join(words, sep)
}

func has(names []string, name string) bool {
	for _, n := range names {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}
