package wire

import "strings"

// Keyword is an EHLO keyword, in upper case; servers may write it in any case
// (RFC 5321 2.4).
type Keyword string

const (
	KeywordSize                Keyword = "SIZE"                // RFC 1870
	Keyword8BitMIME            Keyword = "8BITMIME"            // RFC 6152
	KeywordChunking            Keyword = "CHUNKING"            // RFC 3030
	KeywordBinaryMIME          Keyword = "BINARYMIME"          // RFC 3030
	KeywordPipelining          Keyword = "PIPELINING"          // RFC 2920
	KeywordDSN                 Keyword = "DSN"                 // RFC 3461
	KeywordEnhancedStatusCodes Keyword = "ENHANCEDSTATUSCODES" // RFC 2034
	KeywordStartTLS            Keyword = "STARTTLS"            // RFC 3207
	KeywordAuth                Keyword = "AUTH"                // RFC 4954
	KeywordSMTPUTF8            Keyword = "SMTPUTF8"            // RFC 6531
	KeywordDeliverBy           Keyword = "DELIVERBY"           // RFC 2852
	KeywordMTPriority          Keyword = "MT-PRIORITY"         // RFC 6710
	KeywordRRVS                Keyword = "RRVS"                // RFC 7293
	KeywordRequireTLS          Keyword = "REQUIRETLS"          // RFC 8689
	KeywordFutureRelease       Keyword = "FUTURERELEASE"       // RFC 4865
	KeywordLimits              Keyword = "LIMITS"              // RFC 9422
	KeywordNoSoliciting        Keyword = "NO-SOLICITING"       // RFC 3865
	KeywordBURL                Keyword = "BURL"                // RFC 4468
	KeywordConPerm             Keyword = "CONPERM"             // RFC 4141
	KeywordConNeg              Keyword = "CONNEG"              // RFC 4141
	KeywordMTRK                Keyword = "MTRK"                // RFC 3885
	KeywordCheckpoint          Keyword = "CHECKPOINT"          // RFC 1845
	KeywordSubmitter           Keyword = "SUBMITTER"           // RFC 4405
	KeywordUTF8SMTP            Keyword = "UTF8SMTP"            // RFC 5336
	KeywordVRFY                Keyword = "VRFY"                // RFC 5321
	KeywordEXPN                Keyword = "EXPN"                // RFC 5321
	KeywordHelp                Keyword = "HELP"                // RFC 5321
	KeywordETRN                Keyword = "ETRN"                // RFC 1985
	KeywordATRN                Keyword = "ATRN"                // RFC 2645
	KeywordSend                Keyword = "SEND"                // RFC 821
	KeywordSOML                Keyword = "SOML"                // RFC 821
	KeywordSAML                Keyword = "SAML"                // RFC 821
	KeywordTurn                Keyword = "TURN"                // RFC 821
	KeywordVerb                Keyword = "VERB"                // registered by Allman
	KeywordONEX                Keyword = "ONEX"                // registered by Allman

	// Not registered, but seen.
	KeywordXClient       Keyword = "XCLIENT"
	KeywordXForward      Keyword = "XFORWARD"
	KeywordXVERP         Keyword = "XVERP"
	KeywordPRDR          Keyword = "PRDR"
	KeywordPipeConnect   Keyword = "PIPECONNECT"
	KeywordPipeConnectX  Keyword = "X_PIPE_CONNECT"
	KeywordPipeConnect2  Keyword = "PIPE_CONNECT"
	KeywordXAnonymousTLS Keyword = "X-ANONYMOUSTLS"
	KeywordXEXPS         Keyword = "X-EXPS"
	KeywordXLink2State   Keyword = "X-LINK2STATE"
	KeywordXEXCH50       Keyword = "XEXCH50"
	KeywordXShadow       Keyword = "XSHADOW"
	KeywordXRDST         Keyword = "XRDST"
	KeywordXProxy        Keyword = "XPROXY"
	KeywordXXXXXXXA      Keyword = "XXXXXXXA"
)

// Extension is what a keyword of the EHLO list means.
type Extension struct {
	Keyword Keyword
	RFC     string      // "RFC 1870"; for what is not registered, whose it is
	Params  string      // what stands behind the keyword in the list; empty: nothing
	Mail    []Parameter // parameters for MAIL that it brings
	Rcpt    []Parameter // parameters for RCPT
	Verbs   []Command   // commands
	Meaning string      // one sentence
	Brief   string      // the same in two or three words
}

// Parameter is one of MAIL or RCPT.
type Parameter struct {
	Text  string // "SIZE=", "BODY=8BITMIME", "SMTPUTF8"
	Value string // what follows, for people: "octets"; empty: nothing
}

// Command is a verb with what stands behind it, for people: what is in brackets
// may be left out.
type Command struct{ Verb, Args string }

// LookupExtension finds a keyword in any case. The old form "AUTH=LOGIN" is
// AUTH; a keyword that a firewall has overwritten with X is KeywordXXXXXXXA.
func LookupExtension(keyword string) (Extension, bool) {
	name, _, _ := strings.Cut(keyword, "=")
	if overwritten(name) {
		name = string(KeywordXXXXXXXA)
	}
	for i := range extensions {
		if strings.EqualFold(string(extensions[i].Keyword), name) {
			return extensions[i], true
		}
	}
	return Extension{}, false
}

// overwritten recognises what Cisco's ESMTP inspection makes of a keyword that
// it does not let through: XXXXXXXA in the place of STARTTLS.
func overwritten(name string) bool {
	if len(name) < 4 {
		return false
	}
	last := name[len(name)-1]
	return strings.Trim(name[:len(name)-1], "X") == "" && ('A' <= last && last <= 'D' || last == 'X')
}

var extensions = [...]Extension{
	{
		KeywordSize, "RFC 1870", "[octets]",
		[]Parameter{{"SIZE=", "octets"}},
		nil, nil,
		"The largest message that the server takes, in octets (0: no fixed limit).",
		"maximum size",
	},
	{
		Keyword8BitMIME, "RFC 6152", "",
		[]Parameter{{"BODY=7BIT", ""}, {"BODY=8BITMIME", ""}},
		nil, nil,
		"Message text may have octets above 127, such as UTF-8, without being re-encoded.",
		"8-bit text",
	},
	{
		KeywordChunking, "RFC 3030", "", nil, nil,
		[]Command{{"BDAT", "octets [LAST]"}},
		"A message may be sent in counted chunks with BDAT instead of DATA and a final dot.",
		"BDAT, in chunks",
	},
	{
		KeywordBinaryMIME, "RFC 3030", "",
		[]Parameter{{"BODY=BINARYMIME", ""}},
		nil, nil,
		"Attachments may be sent as they are, without base64; needs CHUNKING.",
		"raw binary",
	},
	{
		KeywordPipelining, "RFC 2920", "", nil, nil, nil,
		"Several commands may be sent without waiting for each reply.",
		"many at once",
	},
	{
		KeywordDSN, "RFC 3461", "",
		[]Parameter{{"RET=FULL", ""}, {"RET=HDRS", ""}, {"ENVID=", "text"}},
		[]Parameter{{"NOTIFY=NEVER", ""}, {"NOTIFY=SUCCESS,FAILURE,DELAY", ""}, {"ORCPT=rfc822;", "address"}},
		nil,
		"The sender can choose which delivery reports come back.",
		"delivery reports",
	},
	{
		KeywordEnhancedStatusCodes, "RFC 2034", "", nil, nil, nil,
		"Replies carry a second, finer code such as 5.1.1.",
		"codes like 5.1.1",
	},
	{
		KeywordStartTLS, "RFC 3207", "", nil, nil,
		[]Command{{"STARTTLS", ""}},
		"The connection can be encrypted with TLS from here on.",
		"TLS on request",
	},
	{
		KeywordAuth, "RFC 4954", "mechanisms",
		[]Parameter{{"AUTH=", "address or <>"}},
		nil,
		[]Command{{"AUTH", "mechanism [initial response in base64]"}},
		"A user can log in with one of these mechanisms.",
		"login",
	},
	{
		KeywordSMTPUTF8, "RFC 6531", "",
		[]Parameter{{"SMTPUTF8", ""}},
		nil, nil,
		"Addresses and header fields may be in UTF-8, not only in ASCII.",
		"UTF-8 addresses",
	},
	{
		KeywordDeliverBy, "RFC 2852", "[shortest time in seconds]",
		[]Parameter{{"BY=", "seconds;R or N"}},
		nil, nil,
		"The sender can ask for delivery within a time, and for return or notice after it.",
		"a deadline",
	},
	{
		KeywordMTPriority, "RFC 6710", "[MIXER | STANAG4406 | NSEP]",
		[]Parameter{{"MT-PRIORITY=", "-9 to 9"}},
		nil, nil,
		"A message can be given a priority from -9 to 9.",
		"priorities",
	},
	{
		KeywordRRVS, "RFC 7293", "", nil,
		[]Parameter{{"RRVS=", "date and time"}},
		nil,
		"Delivery can be made to depend on the mailbox having had the same owner since a date.",
		"same owner since",
	},
	{
		KeywordRequireTLS, "RFC 8689", "",
		[]Parameter{{"REQUIRETLS", ""}},
		nil, nil,
		"The sender can ask that every further hop uses verified TLS; only offered under TLS.",
		"TLS at every hop",
	},
	{
		KeywordFutureRelease, "RFC 4865", "longest-hold-seconds latest-date",
		[]Parameter{{"HOLDFOR=", "seconds"}, {"HOLDUNTIL=", "date and time"}},
		nil, nil,
		"The server can hold a submitted message until a time.",
		"hold until later",
	},
	{
		KeywordLimits, "RFC 9422", "[MAILMAX=n] [RCPTMAX=n] [RCPTDOMAINMAX=n]", nil, nil, nil,
		"How many messages a connection, and how many recipients or domains a message, may have.",
		"how many at once",
	},
	{
		KeywordNoSoliciting, "RFC 3865", "[keywords]",
		[]Parameter{{"SOLICIT=", "keywords"}},
		nil, nil,
		"The server takes no advertising of these kinds.",
		"no advertising",
	},
	{
		KeywordBURL, "RFC 4468", "[imap] [URL prefixes]", nil, nil,
		[]Command{{"BURL", "URL [LAST]"}},
		"A submitted message may be fetched from an IMAP server by its URL.",
		"text from IMAP",
	},
	{
		KeywordConPerm, "RFC 4141", "",
		[]Parameter{{"CONPERM", ""}},
		nil, nil,
		"The sender can permit content to be converted on the way, as for fax.",
		"conversion allowed",
	},
	{
		KeywordConNeg, "RFC 4141", "", nil,
		[]Parameter{{"CONNEG", ""}},
		nil,
		"The server can tell what content a recipient's device can show, as for fax.",
		"device features",
	},
	{
		KeywordMTRK, "RFC 3885", "",
		[]Parameter{{"MTRK=", "certifier"}},
		nil, nil,
		"The sender can ask that the message can be tracked.",
		"tracking",
	},
	{
		KeywordCheckpoint, "RFC 1845", "",
		[]Parameter{{"TRANSID=", "<id>"}},
		nil, nil,
		"A transfer that was interrupted can be resumed where it stopped.",
		"resumed transfer",
	},
	{
		KeywordSubmitter, "RFC 4405 (historic)", "",
		[]Parameter{{"SUBMITTER=", "address"}},
		nil, nil,
		"The party responsible for the message can be named, for Sender ID checks.",
		"who is responsible",
	},
	{
		KeywordUTF8SMTP, "RFC 5336 (obsolete)", "",
		[]Parameter{{"ALT-ADDRESS=", "address"}},
		[]Parameter{{"ALT-ADDRESS=", "address"}},
		nil,
		"The experimental forerunner of SMTPUTF8.",
		"old SMTPUTF8",
	},
	{
		KeywordVRFY, "RFC 5321", "", nil, nil,
		[]Command{{"VRFY", "address"}},
		"VRFY asks whether an address exists; most servers answer neither yes nor no (252).",
		"is there this user",
	},
	{
		KeywordEXPN, "RFC 5321", "", nil, nil,
		[]Command{{"EXPN", "list"}},
		"EXPN asks for the members of a mailing list; a public server should not answer it.",
		"who is on a list",
	},
	{
		KeywordHelp, "RFC 5321", "", nil, nil,
		[]Command{{"HELP", "[verb]"}},
		"HELP returns a text for people.",
		"a text for people",
	},
	{
		KeywordETRN, "RFC 1985", "", nil, nil,
		[]Command{{"ETRN", "domain"}},
		"ETRN asks the server to send the mail that it holds for a domain.",
		"send my queue",
	},
	{
		KeywordATRN, "RFC 2645", "", nil, nil,
		[]Command{{"ATRN", "[domains]"}},
		"After login, ATRN turns the connection round to collect the mail that is held for a domain.",
		"turn and collect",
	},
	{
		KeywordSend, "RFC 821 (obsolete)", "", nil, nil,
		[]Command{{"SEND", "FROM:<address>"}},
		"SEND delivered a message to a user's terminal.",
		"obsolete",
	},
	{
		KeywordSOML, "RFC 821 (obsolete)", "", nil, nil,
		[]Command{{"SOML", "FROM:<address>"}},
		"SOML delivered a message to a user's terminal or mailbox.",
		"obsolete",
	},
	{
		KeywordSAML, "RFC 821 (obsolete)", "", nil, nil,
		[]Command{{"SAML", "FROM:<address>"}},
		"SAML delivered a message to a user's terminal and mailbox.",
		"obsolete",
	},
	{
		KeywordTurn, "RFC 821 (obsolete)", "", nil, nil,
		[]Command{{"TURN", ""}},
		"TURN exchanged the roles of client and server; it is insecure and no longer used.",
		"obsolete",
	},
	{
		KeywordVerb, "Sendmail", "", nil, nil,
		[]Command{{"VERB", "[ON]"}},
		"VERB makes the server report every step of delivery.",
		"more to read",
	},
	{
		KeywordONEX, "Sendmail", "", nil, nil,
		[]Command{{"ONEX", ""}},
		"ONEX said that this connection carries one message only.",
		"one message only",
	},

	{
		KeywordXClient, "Postfix", "attributes", nil, nil,
		[]Command{{"XCLIENT", "NAME=value..."}},
		"A trusted client can tell the server to treat it as another client; offered to strangers it is a hole.",
		"act for a client",
	},
	{
		KeywordXForward, "Postfix", "attributes", nil, nil,
		[]Command{{"XFORWARD", "NAME=value..."}},
		"A trusted filter can tell the server which client a message came from, for its log.",
		"name the client",
	},
	{
		KeywordXVERP, "Postfix", "",
		[]Parameter{{"XVERP", ""}},
		nil, nil,
		"Each recipient gets an own return address, so that bounces name their recipient.",
		"own return paths",
	},
	{
		KeywordPRDR, "Exim", "",
		[]Parameter{{"PRDR", ""}},
		nil, nil,
		"After the final dot the server can answer for each recipient by itself (353).",
		"a reply for each",
	},
	{
		KeywordPipeConnect, "Exim", "", nil, nil, nil,
		"On its next connection a client may send EHLO before it has read the greeting.",
		"EHLO at once",
	},
	{
		KeywordPipeConnect2, "Exim", "", nil, nil, nil,
		"An older name of PIPECONNECT.",
		"old PIPECONNECT",
	},
	{
		KeywordPipeConnectX, "Exim", "", nil, nil, nil,
		"An older name of PIPECONNECT.",
		"old PIPECONNECT",
	},
	{
		KeywordXAnonymousTLS, "Exchange", "", nil, nil,
		[]Command{{"X-ANONYMOUSTLS", ""}},
		"Exchange servers of one organisation encrypt among themselves with it; no use to others.",
		"Exchange inside",
	},
	{
		KeywordXEXPS, "Exchange", "mechanisms", nil, nil,
		[]Command{{"X-EXPS", "mechanism [initial response in base64]"}},
		"Exchange servers of one organisation log in to each other with it; no use to others.",
		"Exchange inside",
	},
	{
		KeywordXLink2State, "Exchange", "", nil, nil,
		[]Command{{"X-LINK2STATE", "FIRST|NEXT|LAST CHUNK=data"}},
		"Old Exchange servers exchanged the state of their links with it.",
		"Exchange inside",
	},
	{
		KeywordXEXCH50, "Exchange", "", nil, nil,
		[]Command{{"XEXCH50", "octets recipients"}},
		"Old Exchange servers passed properties of messages with it.",
		"Exchange inside",
	},
	{
		KeywordXShadow, "Exchange", "", nil, nil,
		[]Command{{"XSHADOW", "text"}},
		"Exchange servers keep a second copy of messages under way with it.",
		"Exchange inside",
	},
	{
		KeywordXRDST, "Exchange", "", nil, nil, nil,
		"Exchange servers of one organisation name the destination of a message with it.",
		"Exchange inside",
	},
	{
		KeywordXProxy, "Exchange", "", nil, nil,
		[]Command{{"XPROXY", "NAME=value..."}},
		"An Exchange front end passes on whose connection it relays.",
		"Exchange inside",
	},
	{
		KeywordXXXXXXXA, "Cisco ASA, PIX", "", nil, nil, nil,
		"A firewall on the way has overwritten this line, usually STARTTLS: its ESMTP inspection forbids what stood here.",
		"overwritten",
	},
}
