package flow

import (
	"fmt"
	"strconv"
	"strings"
)

// What servers forgive on a connection, by their defaults.
var (
	// DefaultBudget suits all that is known: chasquid ends the session at the
	// third error, Exim at the twelfth RSET.
	DefaultBudget = Budget{Refusals: 2, Accepts: 10}

	// Postfix delays replies behind 10 errors (smtpd_soft_error_limit) and counts
	// RSET as errors behind 100 (smtpd_junk_command_limit).
	postfixBudget = Budget{Refusals: 9, Accepts: 80}

	// Exim counts RSET (smtp_accept_max_nonmail, 10, and the first is free); a MAIL
	// that is refused for its size costs nothing. It hangs up at the 1000th.
	eximBudget = Budget{Refusals: 40, Accepts: 10}
)

// budgetFor is the budget for a server by the first line of its greeting,
// where it says who it is.
func budgetFor(greeting string) Budget {
	switch PatienceOf(greeting).Server {
	case "Postfix":
		return postfixBudget
	case "Exim":
		return eximBudget
	}
	return DefaultBudget
}

// Patience is what a server forgives on one connection, by its defaults.
type Patience struct {
	Server  string // as it calls itself; empty: it does not say, or is not known
	Forgive int    // refusals; one more has consequences
	Misuse  bool   // of the refusals only those of commands that are none count
	Then    string // what one more leads to
}

// patiences are in the documentation and the sources of the servers.
var patiences = [...]Patience{
	{"Postfix", 20, false, "behind 10 each reply is held back a second (smtpd_soft_error_limit), behind 20 it says 421 and hangs up (smtpd_hard_error_limit)"},
	{"Exim", 3, true, "the 4th unknown command or syntax error ends the session (smtp_max_synprot_errors); refused senders and recipients do not count, RSET and NOOP do: 10 (smtp_accept_max_nonmail)"},
	{"Exchange", 5, true, "one more protocol error ends the session (MaxProtocolErrors), and each is answered late (tarpit)"},
	{"Sendmail", 25, true, "behind 25 unknown commands it slows down"},
}

// strictest is the least that any server is known to forgive.
var strictest = Patience{"", 2, false, "chasquid, the strictest that is known, hangs up at the 3rd"}

// PatienceOf is what a server is likely to forgive, by the first line of its
// greeting.
func PatienceOf(greeting string) Patience {
	if strings.Contains(greeting, "Microsoft ESMTP MAIL") {
		return patiences[2]
	}
	for _, word := range strings.FieldsFunc(greeting, func(r rune) bool { return r == ' ' || r == '(' || r == ')' || r == '/' }) {
		for _, p := range patiences {
			if strings.EqualFold(word, p.Server) {
				return p
			}
		}
	}
	return strictest
}

// ParseBudget reads REFUSALS,ACCEPTS.
func ParseBudget(s string) (Budget, error) {
	refusals, accepts, two := strings.Cut(s, ",")
	r, err1 := strconv.Atoi(strings.TrimSpace(refusals))
	n, err2 := strconv.Atoi(strings.TrimSpace(accepts))
	switch {
	case !two || err1 != nil || err2 != nil || r < 1 || n < 1 || r > 1000 || n > 1000:
		return Budget{}, fmt.Errorf("%q is not REFUSALS,ACCEPTS, each from 1 to 1000", s)
	case r == 1 && n == 1:
		return Budget{}, fmt.Errorf("%s is too small: a limit takes two MAIL on one connection (1,2 or 2,1)", s)
	}
	return Budget{Refusals: r, Accepts: n}, nil
}
