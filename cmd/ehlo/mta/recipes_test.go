//go:build mta

package mta

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// recipes are the scripts that people are given.
var recipes = filepath.Join("..", "..", "..", "docs", "recipes")

// recipesCF are more smtpd of one Postfix, for what a recipe can find: strict does all that it should, lax
// nothing, usual relays and greets as Postfix comes, closing hangs up on a bare LF, waiting
// looks who talks before it greets, and screen is postscreen.
const recipesCF = `127.0.0.1:$strict inet n - n - - smtpd
  -o smtpd_forbid_bare_newline=normalize
  -o disable_vrfy_command=yes
  -o smtpd_tls_auth_only=yes
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_sasl_type=dovecot
  -o smtpd_sasl_path=$sasl
  -o { smtpd_recipient_restrictions = check_policy_service inet:$greylist }
127.0.0.1:$lax inet n - n - - smtpd
  -o smtpd_forbid_bare_newline=no
  -o smtpd_forbid_unauth_pipelining=no
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_sasl_type=dovecot
  -o smtpd_sasl_path=$sasl
  -o mynetworks=127.0.0.0/8
  -o smtpd_relay_restrictions=permit_mynetworks,reject_unauth_destination
  -o smtpd_discard_ehlo_keywords=chunking,starttls
127.0.0.1:$usual inet n - n - - smtpd
  -o smtpd_relay_restrictions=permit_mynetworks,permit_sasl_authenticated,defer_unauth_destination
  -o smtpd_recipient_restrictions=
127.0.0.1:$closing inet n - n - - smtpd
  -o smtpd_forbid_bare_newline_reject_code=521
127.0.0.1:$waiting inet n - n - - smtpd
  -o smtpd_delay_reject=no
  -o { smtpd_client_restrictions = sleep 1, reject_unauth_pipelining }
127.0.0.1:$screen inet n - n - 1 postscreen
  -o postscreen_greet_wait=1s
  -o postscreen_greet_action=drop
  -o postscreen_cache_map=
smtpd    pass - - n - - smtpd
dnsblog  unix - - n - 0 dnsblog
tlsproxy unix - - n - 0 tlsproxy
`

// strictEximConf and laxEximConf are the same two for Exim. Its eximConf is the third: as it comes, where a
// recipe minds.
const strictEximConf = `pipelining_connect_advertise_hosts =
auth_advertise_hosts = $${if eq{$$tls_in_cipher}{}{}{*}}
` + recipesEximConf + `
rcpt:
  deny   domains = !+local_domains
         message = 5.7.1 relay not permitted
  accept local_parts = grey
         ratelimit = 1.5 / 1h / per_cmd / strict / $$sender_host_address-$$sender_address-$$local_part
  defer  local_parts = grey
         message = 4.2.0 greylisted
  accept local_parts = good : second
  deny   message = 5.1.1 unknown user
`

// waitingEximConf pauses before it greets: without that it is chance whether Exim
// sees what an early talker says.
const waitingEximConf = "acl_smtp_connect = connect\n" + strictEximConf + `
connect:
  accept delay = 1s
`

const laxEximConf = `smtp_enforce_sync = false
auth_advertise_hosts = *
tls_advertise_hosts =
chunking_advertise_hosts =
acl_smtp_vrfy = accept
` + recipesEximConf + `
rcpt:
  accept
`

const recipesEximConf = eximMain + `begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = false
begin routers
mailbox:
  driver = accept
  domains = +local_domains
  local_parts = good : second : grey
  transport = nowhere
begin transports
nowhere:
  driver = appendfile
  file = /dev/null
begin acl
`

// greylist is a policy service for Postfix: who writes to grey@ has to come back, and not too soon.
func greylist(t *testing.T) (address string) {
	const delay = 500 * time.Millisecond
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	var mu sync.Mutex
	first := map[string]time.Time{}
	decide := func(request map[string]string) string {
		if !strings.HasPrefix(request["recipient"], "grey@") {
			return "dunno"
		}
		mu.Lock()
		defer mu.Unlock()
		key := request["client_address"] + request["sender"] + request["recipient"]
		if since, known := first[key]; !known {
			first[key] = time.Now()
		} else if time.Since(since) > delay {
			return "dunno"
		}
		return "450 4.2.0 greylisted"
	}
	answer := func(c net.Conn) {
		defer c.Close()
		request := map[string]string{}
		for lines := bufio.NewScanner(c); lines.Scan(); {
			name, value, ok := strings.Cut(lines.Text(), "=")
			if request[name] = value; !ok {
				fmt.Fprintf(c, "action=%s\n\n", decide(request))
				request = map[string]string{}
			}
		}
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go answer(c)
		}
	}()
	return l.Addr().String()
}

// recipeServers are what the recipes are played against.
type recipeServers struct {
	postfix *postfix
	dovecot *dovecot
	names   names // their ports
}

func startRecipeServers(t *testing.T) recipeServers {
	mailbox := startDovecot(t)
	values := map[string]string{"sasl": mailbox.sasl, "greylist": greylist(t)}
	for _, name := range strings.Fields("strict lax usual closing waiting screen") {
		values[name] = freePort(t)
	}
	postfix := startPostfix(t, func(string, *authority) string {
		return os.Expand(recipesCF, func(name string) string { return values[name] })
	})
	strict := startEximAs(t, "exim-strict", strictEximConf)
	return recipeServers{postfix, mailbox, names{
		"POSTFIX": values["strict"], "POSTFIX_LAX": values["lax"], "POSTFIX_USUAL": values["usual"],
		"POSTFIX_CLOSING": values["closing"], "POSTFIX_WAITING": values["waiting"], "POSTFIX_REJECT": postfix.port, "POSTSCREEN": values["screen"],
		"EXIM": strict.port, "EXIM_WAITING": startEximAs(t, "exim-waiting", waitingEximConf).port, "EXIM_LAX": startEximAs(t, "exim-lax", laxEximConf).port, "EXIM_USUAL": startExim(t).port,
		"DOVECOT": mailbox.port, "POSTFIX_CA": postfix.caFile, "EXIM_CA": strict.caFile,
	}}
}

// played is what became of a recipe.
type played struct {
	result
	Script struct {
		Expectations int
		Failed       []finding
	}
}

// finding is an expectation of a recipe that did not come true.
type finding struct {
	File             string
	Line             int
	Expected, Actual string
}

// is says that the finding is the wanted one: how the comment above the script's line begins, an arrow, and
// how what came begins.
func (f finding) is(t *testing.T, wanted string) bool {
	t.Helper()
	comment, actual, _ := strings.Cut(wanted, " -> ")
	text, err := os.ReadFile(f.File)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	at := f.Line - 1
	for at > 0 && !strings.HasPrefix(lines[at], "#") {
		at--
	}
	for at > 0 && strings.HasPrefix(lines[at-1], "#") {
		at--
	}
	return strings.HasPrefix(lines[at], "# "+comment) && strings.HasPrefix(strings.TrimPrefix(f.Actual, "S: "), actual)
}

// play runs a recipe with the flags of its own head, those given, and what fits the servers here.
func (n names) play(t *testing.T, recipe, flags, server string) played {
	t.Helper()
	file, err := filepath.Abs(filepath.Join(recipes, recipe+".smtp"))
	if err != nil {
		t.Fatal(err)
	}
	head, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(head), "#   ehlo run --keep-going ") {
		flags += " --keep-going"
	}
	for _, set := range strings.Fields("to=good@mail.test from=sender@client.test domain=mail.test elsewhere=other.example wait=100ms") {
		if name, _, _ := strings.Cut(set, "="); !strings.Contains(flags, "--set "+name+"=") {
			flags += " --set " + set
		}
	}
	n["RECIPE"] = file
	p := played{result: n.ehlo(t, "run --helo client.test --timeout 5 -o json "+flags+" $RECIPE 127.0.0.1:$"+server)}
	p.report(t)
	if err := json.Unmarshal([]byte(p.stdout), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// everySender repeats what open-relay finds: it tries each recipient with three senders.
func everySender(findings ...string) []string {
	return slices.Concat(findings, findings, findings)
}

// TestRecipes plays docs/recipes against real servers, those that do as they should and those that do not:
// what a recipe is there to find is found, and nothing else.
func TestRecipes(t *testing.T) {
	servers := startRecipeServers(t)
	n := servers.names
	const size = " --set limit=14680064 --set over=14680065"
	tests := []struct {
		recipe, server, flags string
		findings              []string
	}{
		// The servers' certificates are for an hour.
		{"probe", "POSTFIX", "--ca $POSTFIX_CA --sni mx1.mail.test", []string{"The certificate ends soon -> 0"}},
		{"probe", "EXIM", "--ca $EXIM_CA --sni mx1.mail.test", []string{"The certificate ends soon -> 0"}},
		{"probe", "EXIM", "", []string{"Most senders do not mind -> false: unknown issuer", "The certificate ends soon -> 0"}},
		{"probe", "POSTFIX_LAX", "", []string{
			"No STARTTLS -> it is not offered", "No STARTTLS -> 502 5.5.1",
			"TLS 1.0 -> no TLS", "Most senders -> no TLS", "The certificate -> no TLS",
		}},

		{"size-limit", "POSTFIX", "", nil},
		{"size-limit", "POSTFIX", size, nil},
		{"size-limit", "POSTFIX", "--set limit=20000000", []string{"The limit is another one -> 14680064"}},
		{"size-limit", "EXIM", "", nil},
		{"size-limit", "EXIM", size, nil},

		{"greylisting", "POSTFIX", "--set to=grey@mail.test --set pause=800ms", nil},
		{"greylisting", "POSTFIX", "--set to=grey@mail.test --set from=hasty@client.test --set pause=0s", []string{"The second attempt -> 450 4.2.0"}},
		{"greylisting", "POSTFIX", "--set to=good@mail.test --set pause=0s", []string{"The first attempt -> 250 2.1.5"}},
		{"greylisting", "EXIM", "--set to=grey@mail.test --set pause=0s", nil},
		{"greylisting", "EXIM", "--set to=good@mail.test --set pause=0s", []string{"The first attempt -> 250 Accepted"}},

		{"open-relay", "POSTFIX", "", nil},
		{"open-relay", "POSTFIX_USUAL", "", nil}, // 454
		{"open-relay", "POSTFIX_LAX", "", everySender("Plain -> 250", "The percent hack -> 250", "Quoted -> 250", "A source route -> 250", "Bang paths -> 250")},
		{"open-relay", "EXIM", "", nil},
		{"open-relay", "EXIM_LAX", "", everySender("Plain -> 250", "The percent hack -> 250", "Quoted -> 250", "A source route -> 250", "Bang paths -> 250")},

		{"starttls-before-auth", "POSTFIX", "", nil},
		{"starttls-before-auth", "POSTFIX_LAX", "", []string{
			"No STARTTLS -> it is not offered", "AUTH in clear -> AUTH PLAIN LOGIN", "A client that tries it -> 334",
			"A client that tries it -> 535 5.7.8", // it took STARTTLS for the password
		}},
		{"starttls-before-auth", "POSTFIX_USUAL", "", []string{"Now it has to be offered -> it is not offered"}},
		{"starttls-before-auth", "EXIM", "", nil},
		{"starttls-before-auth", "EXIM_LAX", "", []string{
			"No STARTTLS -> it is not offered", "AUTH in clear -> AUTH PLAIN", "A client that tries it -> 334",
			"A client that tries it -> 535",
		}},

		{"early-talker", "POSTFIX_WAITING", "", nil},
		{"early-talker", "POSTFIX_LAX", "", []string{"Is a client -> 220 mx1.mail.test ESMTP Postfix"}},
		{"early-talker", "POSTSCREEN", "", nil}, // 220-, cut off by 521
		{"early-talker", "EXIM_WAITING", "", nil},
		{"early-talker", "EXIM_LAX", "", []string{"Is a client -> 220 mx1.mail.test ESMTP Exim"}},
		{"early-talker", "EXIM_USUAL", "", []string{"Is a client -> 220 mx1.mail.test ESMTP Exim"}}, // PIPECONNECT

		{"end-of-data", "POSTFIX", "", nil},
		{"end-of-data", "POSTFIX_REJECT", "", nil},
		{"end-of-data", "POSTFIX_CLOSING", "", nil},
		// Postfix takes any number of CR in front of a LF for one.
		{"end-of-data", "POSTFIX_LAX", "", []string{
			"LF . LF -> 250 2.0.0", "LF . CRLF -> 250 2.0.0", "CRLF . LF -> 250 2.0.0",
			"CRLF . CR CRLF -> 250 2.0.0", "CR CRLF . CR CRLF -> 250 2.0.0",
		}},
		{"end-of-data", "EXIM", "", nil},

		{"vrfy-expn", "POSTFIX", "", nil},
		{"vrfy-expn", "POSTFIX_LAX", "", []string{"... is answered like -> 550 5.1.1"}},
		{"vrfy-expn", "EXIM", "", nil},
		{"vrfy-expn", "EXIM_LAX", "", []string{"... is answered like -> 550"}},

		{"lmtp", "DOVECOT", "--set second=unknown@mail.test", []string{"550 5.1.1 -> 550 5.1.1"}},
		{"lmtp", "DOVECOT", "--set second=full@mail.test --set to=second@mail.test", []string{"One reply for each recipient -> 451 4.2.0"}},
		{"lmtp", "POSTFIX", "--set second=second@mail.test", []string{"In place of EHLO -> 500 5.5.2"}},

		{"bdat", "EXIM", "", nil},
		{"bdat", "POSTFIX", "--set body=BINARYMIME", []string{"Does the server take messages in chunks -> it is not offered"}},
		{"bdat", "POSTFIX_LAX", "", []string{"Does the server take messages in chunks -> it is not offered"}},
		{"bdat", "EXIM_LAX", "", []string{"Does the server take messages in chunks -> it is not offered"}},
	}
	for _, test := range tests {
		t.Run(strings.TrimSpace(test.recipe+"/"+test.server+" "+test.flags), func(t *testing.T) {
			p := n.play(t, test.recipe, test.flags, test.server)
			exit := 0
			if test.findings != nil {
				exit = 40
			}
			p.want(t, p.exit == exit, "exit %d", exit)
			for i, f := range p.Script.Failed {
				p.want(t, i < len(test.findings) && f.is(t, test.findings[i]), "no finding at %s:%d, got %q", filepath.Base(f.File), f.Line, f.Actual)
			}
			p.want(t, len(p.Script.Failed) == len(test.findings), "%d findings: %s", len(test.findings), strings.Join(test.findings, "; "))
		})
	}
	t.Run("delivered", func(t *testing.T) { testRecipesDeliver(t, servers) })
}

// testRecipesDeliver looks at the messages of the recipes that deliver some.
func testRecipesDeliver(t *testing.T, servers recipeServers) {
	p := servers.names.play(t, "bdat", "--set to=third@mail.test", "POSTFIX")
	p.want(t, p.exit == 0, "exit 0")
	message, err := os.ReadFile(filepath.Join(recipes, "message.eml"))
	if err != nil {
		t.Fatal(err)
	}
	byHand := "From: <postmaster@example.net>\nSubject: ehlo: BDAT\n\n.one\n.\nend\n"
	got := []string{servers.postfix.delivered(t, "third"), servers.postfix.delivered(t, "third")}
	for _, want := range []string{string(message), byHand} {
		p.want(t, slices.Contains(got, want), "the message %q, got %q", want, got)
	}

	for _, user := range []string{"good", "second"} { // what the recipe has left there before
		if err := os.RemoveAll(filepath.Join(servers.dovecot.dir, "mail", user)); err != nil {
			t.Fatal(err)
		}
	}
	p = servers.names.play(t, "lmtp", "--set second=second@mail.test", "DOVECOT")
	p.want(t, p.exit == 0, "exit 0")
	for _, user := range []string{"good", "second"} {
		got := servers.dovecot.delivered(t, user)
		p.want(t, strings.HasSuffix(got, "\nSubject: ehlo: LMTP\n\nDelivered over LMTP.\n"), "the message to %s, got %q", user, got)
	}
}
