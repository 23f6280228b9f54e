package flow

import "testing"

func TestPatienceOf(t *testing.T) {
	for greeting, want := range map[string]string{
		"mx.example.test ESMTP Postfix (Debian/GNU)":                             "Postfix",
		"mx.example.test ESMTP Exim 4.96 Tue, 25 Nov 2025":                       "Exim",
		"mx.example.test Microsoft ESMTP MAIL Service ready at Tue, 25 Nov 2025": "Exchange",
		"mx.example.test ESMTP Sendmail 8.17.1/8.17.1":                           "Sendmail",
		"postfix.example.test ESMTP":                                             "",
		"":                                                                       "",
	} {
		p := PatienceOf(greeting)
		if p.Server != want || p.Forgive < 2 || p.Then == "" {
			t.Errorf("%q: %+v", greeting, p)
		}
		// A search stays below what ends the session.
		if b := budgetFor(greeting); !p.Misuse && b.Refusals > p.Forgive {
			t.Errorf("%q: %+v is more than %+v", greeting, b, p)
		}
	}
}
