package wire

// Who has to act before a thing can succeed.
const (
	WhoNobody    = ""                                // it has succeeded
	WhoWait      = "nobody: wait and try again"      //
	WhoClient    = "the client: another command"     // what was sent, or its order, is wrong
	WhoSender    = "the sender"                      // the address, the message, the login
	WhoSenderOps = "the sending side's postmaster"   // DNS, SPF, DKIM, reputation, TLS
	WhoReceiver  = "the receiving side's postmaster" //
	WhoRecipient = "the recipient"                   // the mailbox
)

type codeRow struct {
	code    int
	meaning string
	who     string
	rfc     string
}

// In the order of their numbers.
var codes = [...]codeRow{
	{211, "system status or help", WhoNobody, "RFC 5321"},
	{214, "help", WhoNobody, "RFC 5321"},
	{220, "ready", WhoNobody, "RFC 5321"},
	{221, "the server closes the connection", WhoNobody, "RFC 5321"},
	{235, "logged in", WhoNobody, "RFC 4954"},
	{250, "done", WhoNobody, "RFC 5321"},
	{251, "not local, but the server will forward it", WhoNobody, "RFC 5321"},
	{252, "not verified, but the server will try to deliver", WhoNobody, "RFC 5321"},
	{253, "messages are waiting and will be sent", WhoNobody, "RFC 1985"},
	{334, "the next step of the login", WhoNobody, "RFC 4954"},
	{353, "a reply for each recipient follows", WhoNobody, "PRDR"},
	{354, "send the message, end it with a dot", WhoNobody, "RFC 5321"},
	{421, "the server closes the connection", WhoWait, "RFC 5321"},
	{432, "the password has to be changed to another form first", WhoSender, "RFC 4954"},
	{450, "the mailbox is not available now", WhoWait, "RFC 5321"},
	{451, "an error on the server", WhoWait, "RFC 5321"},
	{452, "the server has not enough room now", WhoWait, "RFC 5321"},
	{453, "there is no mail", WhoWait, "RFC 2645"},
	{454, "a temporary failure of login or TLS", WhoWait, "RFC 4954, 3207"},
	{455, "the parameters cannot be honoured now", WhoWait, "RFC 5321"},
	{458, "messages cannot be queued for this node", WhoReceiver, "RFC 1985"},
	{459, "this node is not allowed", WhoReceiver, "RFC 1985"},
	{500, "the command is not known, or too long", WhoClient, "RFC 5321"},
	{501, "the arguments of the command are wrong", WhoClient, "RFC 5321"},
	{502, "the command is not implemented", WhoClient, "RFC 5321"},
	{503, "the command comes in the wrong order", WhoClient, "RFC 5321"},
	{504, "the argument is not implemented", WhoClient, "RFC 5321"},
	{521, "this host accepts no mail", WhoReceiver, "RFC 7504"},
	{523, "encryption is needed", WhoClient, "RFC 5248"},
	{524, "the password has to be changed to another form first", WhoSender, "RFC 5248"},
	{525, "the account is disabled", WhoSender, "RFC 5248"},
	{530, "login or STARTTLS is required first", WhoClient, "RFC 4954, 3207"},
	{534, "this login mechanism is too weak", WhoSender, "RFC 4954"},
	{535, "user name or password is wrong", WhoSender, "RFC 4954"},
	{538, "this login mechanism needs TLS first", WhoClient, "RFC 4954"},
	{550, "refused, or no such mailbox", WhoSender, "RFC 5321"},
	{551, "the user is not local: send it elsewhere", WhoSender, "RFC 5321"},
	{552, "more than the server stores", WhoSender, "RFC 5321"},
	{553, "the address is not allowed", WhoSender, "RFC 5321"},
	{554, "the transaction failed", WhoSender, "RFC 5321"},
	{555, "parameters are not known or not implemented", WhoClient, "RFC 5321"},
	{556, "the domain accepts no mail", WhoSender, "RFC 7504"},
}

var subjects = [...]string{
	"other or undefined", "address", "mailbox", "mail system", "network and routing",
	"protocol", "content and conversion", "security and policy",
}

type detailRow struct {
	subject, detail int
	meaning         string
	who             string
	rfc             string
}

// The enumerated status codes of the IANA registry, in its order.
var details = [...]detailRow{
	{0, 0, "no further reason given", WhoReceiver, "RFC 3463"},
	{1, 0, "something is wrong with the address", WhoSender, "RFC 3463"},
	{1, 1, "no such mailbox", WhoSender, "RFC 3463"},
	{1, 2, "the address's domain does not exist or takes no mail", WhoSender, "RFC 3463"},
	{1, 3, "the address is not written correctly", WhoSender, "RFC 3463"},
	{1, 4, "the address fits more than one mailbox", WhoSender, "RFC 3463"},
	{1, 5, "the address is valid", WhoNobody, "RFC 3463"},
	{1, 6, "the mailbox has moved and no new address is known", WhoSender, "RFC 3463"},
	{1, 7, "the sender's address is not written correctly", WhoSender, "RFC 3463"},
	{1, 8, "the sender's domain does not exist or takes no mail", WhoSenderOps, "RFC 3463"},
	{1, 9, "relayed to a mailer that does not follow the protocol", WhoReceiver, "RFC 3886"},
	{1, 10, "the recipient's domain accepts no mail (null MX)", WhoSender, "RFC 7505"},
	{2, 0, "something is wrong with the mailbox", WhoRecipient, "RFC 3463"},
	{2, 1, "the mailbox is disabled", WhoReceiver, "RFC 3463"},
	{2, 2, "the mailbox is full", WhoRecipient, "RFC 3463"},
	{2, 3, "the message is larger than this mailbox may receive", WhoSender, "RFC 3463"},
	{2, 4, "the mailing list cannot be expanded", WhoReceiver, "RFC 3463"},
	{3, 0, "something is wrong with the mail system", WhoReceiver, "RFC 3463"},
	{3, 1, "the mail system is full", WhoReceiver, "RFC 3463"},
	{3, 2, "the system takes no messages from the network", WhoReceiver, "RFC 3463"},
	{3, 3, "the system cannot do what the message asks for", WhoSender, "RFC 3463"},
	{3, 4, "the message is larger than the server accepts", WhoSender, "RFC 3463"},
	{3, 5, "the system is configured wrongly", WhoReceiver, "RFC 3463"},
	{3, 6, "the priority of the message was changed", WhoNobody, "RFC 6710"},
	{4, 0, "something is wrong with network or routing", WhoReceiver, "RFC 3463"},
	{4, 1, "the next host does not answer", WhoReceiver, "RFC 3463"},
	{4, 2, "the connection to the next host failed", WhoReceiver, "RFC 3463"},
	{4, 3, "a directory or DNS server failed", WhoReceiver, "RFC 3463"},
	{4, 4, "no route to the recipient's host is known", WhoReceiver, "RFC 3463"},
	{4, 5, "the mail system is congested", WhoReceiver, "RFC 3463"},
	{4, 6, "a mail loop: the message comes back to where it was", WhoReceiver, "RFC 3463"},
	{4, 7, "the time for delivery has expired", WhoReceiver, "RFC 3463"},
	{5, 0, "something is wrong with the protocol", WhoClient, "RFC 3463"},
	{5, 1, "the command is not valid here", WhoClient, "RFC 3463"},
	{5, 2, "the command is not written correctly", WhoClient, "RFC 3463"},
	{5, 3, "too many recipients in one message", WhoClient, "RFC 3463"},
	{5, 4, "the arguments of the command are not valid", WhoClient, "RFC 3463"},
	{5, 5, "the versions of the protocol do not fit", WhoClient, "RFC 3463"},
	{5, 6, "the line of the login is too long", WhoClient, "RFC 4954"},
	{6, 0, "something is wrong with the content", WhoSender, "RFC 3463"},
	{6, 1, "content of this kind is not supported", WhoSender, "RFC 3463"},
	{6, 2, "the content must be converted and may not be", WhoSender, "RFC 3463"},
	{6, 3, "the content must be converted and cannot be", WhoSender, "RFC 3463"},
	{6, 4, "the content was converted with losses", WhoNobody, "RFC 3463"},
	{6, 5, "the conversion of the content failed", WhoSender, "RFC 3463"},
	{6, 6, "the content cannot be fetched", WhoSender, "RFC 4468"},
	{6, 7, "an address that is not ASCII is not permitted here", WhoSender, "RFC 6531"},
	{6, 8, "the reply needs UTF-8, which the client did not allow", WhoClient, "RFC 6531"},
	{6, 9, "a header in UTF-8 cannot be passed on to a recipient", WhoSender, "RFC 6531"},
	{6, 10, "a header in UTF-8 cannot be passed on (deprecated)", WhoSender, "RFC 6531"},
	{7, 0, "a matter of security or policy", WhoSenderOps, "RFC 3463"},
	{7, 1, "not permitted: relaying, policy or blocking", WhoSenderOps, "RFC 3463"},
	{7, 2, "the sender may not write to this list", WhoSender, "RFC 3463"},
	{7, 3, "a conversion for security is not possible", WhoSender, "RFC 3463"},
	{7, 4, "a security feature is not supported", WhoSender, "RFC 3463"},
	{7, 5, "cryptography failed", WhoSenderOps, "RFC 3463"},
	{7, 6, "the cryptographic algorithm is not supported", WhoSenderOps, "RFC 3463"},
	{7, 7, "the message was changed on its way", WhoSenderOps, "RFC 3463"},
	{7, 8, "user name or password is wrong", WhoSender, "RFC 4954"},
	{7, 9, "this login mechanism is too weak", WhoSender, "RFC 4954"},
	{7, 10, "encryption is needed", WhoClient, "RFC 5248"},
	{7, 11, "this login mechanism needs TLS first", WhoClient, "RFC 4954"},
	{7, 12, "the password has to be changed to another form first", WhoSender, "RFC 4954"},
	{7, 13, "the account is disabled", WhoSender, "RFC 5248"},
	{7, 14, "a trust relationship is needed", WhoSender, "RFC 5248"},
	{7, 15, "the priority of the message is too low", WhoSender, "RFC 6710"},
	{7, 16, "the message is too large for its priority", WhoSender, "RFC 6710"},
	{7, 17, "the mailbox has another owner now", WhoSender, "RFC 7293"},
	{7, 18, "the domain has another owner now", WhoSender, "RFC 7293"},
	{7, 19, "whether the owner has changed cannot be found out", WhoReceiver, "RFC 7293"},
	{7, 20, "no DKIM signature passes", WhoSenderOps, "RFC 7372"},
	{7, 21, "no acceptable DKIM signature", WhoSenderOps, "RFC 7372"},
	{7, 22, "no valid DKIM signature of the author's domain", WhoSenderOps, "RFC 7372"},
	{7, 23, "SPF fails: this host may not send for the domain", WhoSenderOps, "RFC 7372"},
	{7, 24, "SPF cannot be checked: an error in the record", WhoSenderOps, "RFC 7372"},
	{7, 25, "the reverse DNS of the client's address is wrong", WhoSenderOps, "RFC 7372"},
	{7, 26, "more than one authentication check fails", WhoSenderOps, "RFC 7372"},
	{7, 27, "the sender's domain accepts no mail (null MX)", WhoSenderOps, "RFC 7505"},
	{7, 28, "too much mail from this sender or host", WhoSenderOps, "IANA registry"},
	{7, 29, "the ARC chain does not validate", WhoSenderOps, "RFC 8617"},
	{7, 30, "REQUIRETLS is needed and cannot be had", WhoSenderOps, "RFC 8689"},
}

// anyVerb stands in a row for every command.
const anyVerb = "*"

// A contextRow is what a code means as the answer to one command. Where
// enhanced (subject and detail) is given it must fit too.
type contextRow struct {
	verb     string
	code     int
	enhanced string
	meaning  string
	who      string
	rfc      string
}

// The first row that fits counts.
var contexts = [...]contextRow{
	{anyVerb, 421, "", "the server closes the channel; a new connection may be tried later", WhoWait, "RFC 5321 3.8"},

	{"", 220, "", "the server is ready", WhoNobody, "RFC 5321 3.1"},
	{"", 521, "", "this host never accepts mail", WhoReceiver, "RFC 7504"},
	{"", 554, "7.1", "the server refuses this client: its address is blocked, by the server or by a list that it asks", WhoSenderOps, "RFC 5321 3.1"},
	{"", 550, "7.1", "the server refuses this client: its address is blocked, by the server or by a list that it asks", WhoSenderOps, "RFC 5321 3.1"},
	{"", 554, "", "no mail service here for this client: often its address is blocked", WhoSenderOps, "RFC 5321 3.1"},
	{"", 550, "", "the server refuses this client: often its address is blocked", WhoSenderOps, "RFC 5321 3.1"},
	{"", 450, "", "the server takes no connection from this client now", WhoWait, "RFC 5321 3.1"},
	{"", 451, "", "the server takes no connection now", WhoWait, "RFC 5321 3.1"},

	{"EHLO", 250, "", "the server's name and what it offers", WhoNobody, "RFC 5321 4.1.1.1"},
	{"EHLO", 500, "", "the server does not know EHLO; HELO is the older greeting", WhoClient, "RFC 5321 3.2"},
	{"EHLO", 502, "", "the server does not do EHLO; HELO is the older greeting", WhoClient, "RFC 5321 3.2"},
	{"EHLO", 501, "", "the name given after EHLO is not a valid host name", WhoClient, "RFC 5321 4.1.1.1"},
	{"EHLO", 504, "", "the name given after EHLO is refused: a full host name is wanted", WhoSenderOps, "RFC 5321 4.1.1.1"},
	{"EHLO", 550, "", "the server refuses this client, or the name it gives", WhoSenderOps, "RFC 5321 4.1.1.1"},
	{"EHLO", 554, "", "the server refuses this client, or the name it gives", WhoSenderOps, "RFC 5321 4.1.1.1"},
	{"HELO", 250, "", "the server's name; it offers no extensions after HELO", WhoNobody, "RFC 5321 4.1.1.1"},
	{"LHLO", 250, "", "the server's name and what it offers", WhoNobody, "RFC 2033"},
	{"LHLO", 500, "", "the server does not know LHLO: it speaks SMTP, not LMTP", WhoClient, "RFC 2033"},
	{"HELO", 500, "", "the server does not know HELO: it may speak LMTP", WhoClient, "RFC 2033"},

	{"STARTTLS", 220, "", "the TLS handshake can begin", WhoNobody, "RFC 3207"},
	{"STARTTLS", 454, "", "TLS is not available now", WhoReceiver, "RFC 3207"},
	{"STARTTLS", 501, "", "STARTTLS takes no parameters", WhoClient, "RFC 3207"},
	{"STARTTLS", 502, "", "the server does not do TLS", WhoReceiver, "RFC 3207"},
	{"STARTTLS", 500, "", "the server does not know STARTTLS", WhoReceiver, "RFC 3207"},
	{"STARTTLS", 503, "", "not now: TLS is on already, or EHLO has to come first", WhoClient, "RFC 3207"},

	{"AUTH", 235, "", "the login has succeeded", WhoNobody, "RFC 4954 4"},
	{"AUTH", 334, "", "the server wants the next part of the login", WhoNobody, "RFC 4954 4"},
	{"AUTH", 454, "", "the login cannot be checked now", WhoWait, "RFC 4954 6"},
	{"AUTH", 500, "", "the server does not know AUTH, or the line is too long", WhoClient, "RFC 4954 6"},
	{"AUTH", 501, "", "the login is not valid base64, or was cancelled", WhoClient, "RFC 4954 4"},
	{"AUTH", 502, "", "the server offers no login here; often it does under TLS", WhoClient, "RFC 4954"},
	{"AUTH", 503, "", "not now: logged in already, within a transaction, or no login here", WhoClient, "RFC 4954 4"},
	{"AUTH", 504, "", "the server does not do this login mechanism", WhoClient, "RFC 4954 4"},

	{"MAIL", 250, "", "the sender is accepted", WhoNobody, "RFC 5321 3.3"},
	{"MAIL", 452, "3.1", "the server has not enough room for this message now", WhoWait, "RFC 1870 6.1"},
	{"MAIL", 452, "", "the server cannot take a message of this size, or any, now", WhoWait, "RFC 1870 6.1"},
	{"MAIL", 552, "3.4", "the message is larger than the fixed maximum of the server", WhoSender, "RFC 1870 6.1"},
	{"MAIL", 552, "2.3", "the message is larger than this mailbox may receive", WhoSender, "RFC 1870 6.1"},
	{"MAIL", 552, "", "the message is larger than the fixed maximum of the server", WhoSender, "RFC 1870 6.1"},
	{"MAIL", 501, "", "the sender's address or a parameter is not written correctly", WhoClient, "RFC 5321 4.1.1.2"},
	{"MAIL", 503, "", "not now: EHLO has to come first, or a transaction is open already", WhoClient, "RFC 5321 4.1.4"},
	{"MAIL", 550, "", "the sender is refused", WhoSenderOps, "RFC 5321 3.3"},
	{"MAIL", 553, "", "the sender's address is not allowed, or not this user's", WhoSender, "RFC 5321 3.3"},
	{"MAIL", 554, "", "the sender is refused", WhoSenderOps, "RFC 5321 3.3"},
	{"MAIL", 555, "", "the server does not know a parameter of this command", WhoClient, "RFC 5321 4.1.1.11"},
	{"MAIL", 450, "", "the sender is not accepted now", WhoWait, "RFC 5321 3.3"},
	{"MAIL", 451, "", "the sender cannot be checked now", WhoWait, "RFC 5321 3.3"},

	{"RCPT", 250, "", "the recipient is accepted", WhoNobody, "RFC 5321 3.3"},
	{"RCPT", 251, "", "the recipient is not local; the server will forward to the new address", WhoNobody, "RFC 5321 3.4"},
	{"RCPT", 252, "", "the recipient cannot be verified, but is accepted", WhoNobody, "RFC 5321 3.5.3"},
	{"RCPT", 550, "1.1", "the server says no such mailbox", WhoSender, "RFC 5321 3.3"},
	{"RCPT", 550, "1.2", "the server says no such domain, or none of its own", WhoSender, "RFC 5321 3.3"},
	{"RCPT", 554, "7.1", "the recipient is refused: relaying to there is not permitted, or the client is blocked", WhoSenderOps, "RFC 5321 7.9"},
	{"RCPT", 550, "7.1", "the recipient is refused: relaying to there is not permitted, or the client is blocked", WhoSenderOps, "RFC 5321 7.9"},
	{"RCPT", 450, "", "the mailbox is not available now; often greylisting, then a retry after some minutes succeeds", WhoWait, "RFC 5321 4.2.3"},
	{"RCPT", 451, "", "not now; often greylisting, then a retry after some minutes succeeds", WhoWait, "RFC 6647"},
	{"RCPT", 452, "5.3", "too many recipients: the rest in another transaction", WhoClient, "RFC 5321 4.5.3.1.10"},
	{"RCPT", 452, "2.2", "the mailbox is full", WhoRecipient, "RFC 3463"},
	{"RCPT", 452, "", "no room now, or too many recipients: the rest in another transaction", WhoWait, "RFC 5321 4.5.3.1.10"},
	{"RCPT", 503, "", "not now: MAIL has to come first", WhoClient, "RFC 5321 4.1.4"},
	{"RCPT", 501, "", "the recipient's address or a parameter is not written correctly", WhoClient, "RFC 5321 4.1.1.3"},
	{"RCPT", 550, "", "no such mailbox, or refused", WhoSender, "RFC 5321 3.3"},
	{"RCPT", 551, "", "the recipient is not local; the text may have the new address", WhoSender, "RFC 5321 3.4"},
	{"RCPT", 552, "5.3", "too many recipients: the rest in another transaction", WhoClient, "RFC 5321 4.5.3.1.10"},
	{"RCPT", 552, "", "the mailbox is full, the message too large for it, or too many recipients", WhoRecipient, "RFC 5321 4.5.3.1.10"},
	{"RCPT", 553, "", "the recipient's address is not allowed", WhoSender, "RFC 5321 3.3"},
	{"RCPT", 554, "", "the recipient is refused", WhoSender, "RFC 5321 3.3"},
	{"RCPT", 555, "", "the server does not know a parameter of this command", WhoClient, "RFC 5321 4.1.1.11"},
	{"RCPT", 556, "", "the recipient's domain accepts no mail", WhoSender, "RFC 7504"},

	{"DATA", 354, "", "the message can be sent now; a line with only a dot ends it", WhoNobody, "RFC 5321 4.1.1.4"},
	{"DATA", 503, "", "not now: a sender and an accepted recipient have to come first", WhoClient, "RFC 5321 3.3"},
	{"DATA", 554, "", "no message: no recipient was accepted, or the sender is refused", WhoSender, "RFC 5321 3.3"},
	{"DATA", 550, "", "the message is refused before it was sent", WhoSender, "RFC 5321 4.3.2"},
	{"DATA", 451, "", "the server cannot take the message now", WhoWait, "RFC 5321 4.3.2"},
	{"DATA", 452, "", "the server has not enough room now", WhoWait, "RFC 5321 4.3.2"},
	{"DATA", 552, "", "the message is larger than the server accepts", WhoSender, "RFC 1870 6.3"},

	{".", 250, "", "the message is accepted: the server is responsible for it now", WhoNobody, "RFC 5321 6.1"},
	{".", 353, "", "a reply for each recipient follows", WhoNobody, "PRDR"},
	{".", 450, "", "the message is not accepted now", WhoWait, "RFC 5321 4.3.2"},
	{".", 451, "", "the message is not accepted now: an error on the server, or its filter is busy", WhoWait, "RFC 5321 4.3.2"},
	{".", 452, "", "the message is not accepted now: not enough room", WhoWait, "RFC 5321 4.3.2"},
	{".", 550, "", "the message is refused for its content or its sender", WhoSender, "RFC 5321 4.3.2"},
	{".", 552, "", "the message is larger than the server accepts", WhoSender, "RFC 1870 6.3"},
	{".", 554, "", "the message is refused for its content or its sender", WhoSender, "RFC 5321 4.3.2"},

	{"BDAT", 250, "", "the chunk is accepted; after the last one, the message", WhoNobody, "RFC 3030 2"},
	{"BDAT", 503, "", "not now: a sender and an accepted recipient have to come first", WhoClient, "RFC 3030 2"},
	{"BDAT", 552, "", "the message is larger than the server accepts", WhoSender, "RFC 1870 6.3"},
	{"BDAT", 554, "", "the message is refused", WhoSender, "RFC 3030 2"},

	{"RSET", 250, "", "the transaction is given up; a new one can begin", WhoNobody, "RFC 5321 4.1.1.5"},
	{"NOOP", 250, "", "the server is there", WhoNobody, "RFC 5321 4.1.1.9"},
	{"QUIT", 221, "", "the server closes the connection, as asked", WhoNobody, "RFC 5321 4.1.1.10"},
	{"VRFY", 250, "", "the address exists", WhoNobody, "RFC 5321 3.5"},
	{"VRFY", 251, "", "the address is not local; the server would forward it", WhoNobody, "RFC 5321 3.5"},
	{"VRFY", 252, "", "the server neither confirms nor denies the address", WhoNobody, "RFC 5321 3.5.3"},
	{"VRFY", 550, "", "no such address, or the server does not tell", WhoSender, "RFC 5321 3.5"},
	{"VRFY", 553, "", "the address is ambiguous", WhoSender, "RFC 5321 3.5"},
	{"VRFY", 502, "", "VRFY is switched off", WhoClient, "RFC 5321 3.5.2"},
	{"EXPN", 250, "", "the members of the list", WhoNobody, "RFC 5321 3.5"},
	{"EXPN", 252, "", "the server neither confirms nor denies the list", WhoNobody, "RFC 5321 3.5.3"},
	{"EXPN", 550, "", "no such list, or the server does not tell", WhoSender, "RFC 5321 3.5"},
	{"EXPN", 502, "", "EXPN is switched off", WhoClient, "RFC 5321 3.5.2"},
	{"ETRN", 250, "", "queueing for the node has begun", WhoNobody, "RFC 1985"},
	{"ETRN", 251, "", "no messages are waiting for the node", WhoNobody, "RFC 1985"},
	{"ETRN", 252, "", "the messages waiting for the node will be sent", WhoNobody, "RFC 1985"},
	{"XCLIENT", 220, "", "the client's attributes are taken; EHLO comes again", WhoNobody, "Postfix"},
	{"XFORWARD", 250, "", "the client's attributes are taken", WhoNobody, "Postfix"},
}
