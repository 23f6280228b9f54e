package flow

import "strings"

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
	for _, word := range strings.FieldsFunc(greeting, func(r rune) bool { return r == ' ' || r == '(' || r == ')' || r == '/' }) {
		switch strings.ToLower(word) {
		case "postfix":
			return postfixBudget
		case "exim":
			return eximBudget
		}
	}
	return DefaultBudget
}
