package tui

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"ehlo/session/flow"
	"ehlo/session/message"
	"ehlo/session/wire"
	"ehlo/tui/internal/face"
)

// composer is the pane of the message: a draft, what it comes to, and what
// became of it when it was sent. The draft stays whatever happens.
type composer struct {
	draft
	small   bool   // the screen is
	begun   bool   // there is a draft
	initial string // its text when it was begun
	kept    string // its text when it was sent and accepted, or when a file had it

	at  item       // where the cursor is
	f   face.Field // the text under it, while it is being edited
	row int        // the line of the body that f is
	to  string     // the recipient to begin with

	bodies map[string][]string // of templates that were left, as they were

	top    int // the first line of fields that is shown
	scroll int // the first line of the body that is shown

	revision int // of the draft: it was changed so often
	seenAt   unsentAt
	seen     bool // at seenAt something was unsent
	counting bool
	count    draftSize

	reviewTop int         // the first entry of the review that is shown
	made      flow.Letter // of it: what is under review
	result    result
	had       had                        // who has a message that was sent
	again     int                        // of those under review: so many
	letters   map[int64]*message.Message // that were sent, by the number of the event
	editor    *editor                    // that is running, or ran last
	returns   bool                       // when a session is open, the person comes back here
	fileSize  *fileSize
	idling    bool // a tick of the time that the session is idle is under way
}

// item is a place of the cursor: a part, and which of several.
type item struct {
	part part
	n    int
}

func newComposer(from, to, usual string) *composer {
	c := &composer{to: to}
	c.renew(from, usual)
	return c
}

// renew begins a new draft.
func (c *composer) renew(from, usual string) {
	c.draft, c.bodies = draft{usual: usual}, nil
	c.one[partFrom], c.one[partTo] = from, c.to
	c.initial, c.kept = c.text(), ""
	c.at, c.row, c.top, c.scroll = item{part: partTo}, 0, 0, 0
	if c.to != "" {
		c.at.part = partSubject
	}
	c.result = result{}
	c.changed()
}

// changed says that the draft is not what it was: its size is draftSize anew.
func (c *composer) changed() { c.revision++ }

// unsent says that something would be lost with the draft.
func (c *composer) unsent() bool {
	if !c.begun {
		return false
	}
	now := c.text()
	return now != c.initial && now != c.kept
}

// seemsUnsent is unsent for a word on the screen: it is found out once for each
// revision, since a draft may be long, and a frame may not.
func (c *composer) seemsUnsent() bool {
	if now := (unsentAt{c.revision, c.begun, c.result.ended, c.kept}); c.seenAt != now {
		c.seenAt, c.seen = now, c.unsent()
	}
	return c.seen
}

// unsentAt is when it was found out that something is unsent, or not.
type unsentAt struct {
	revision int
	begun    bool
	sent     bool
	kept     string
}

// fields are the places of the cursor, in their order, behind the rows of the
// result.
func (c *composer) fields() []item {
	list := make([]item, 0, 24+len(c.attached)+len(c.headers))
	each := func(p part, n int) {
		for i := range n + 1 { // and one to add
			list = append(list, item{p, i})
		}
	}
	all := func(parts ...part) {
		for _, p := range parts {
			list = append(list, item{part: p})
		}
	}
	all(partFrom, partTo)
	if c.file != "" {
		all(partFile)
	} else {
		all(partSubject)
		each(partAttach, len(c.attached))
		if c.small { // the text is what one looks for, and the others fill a screen
			all(partBody)
		}
		all(partPad, partTemplate, partAuthor, partHeads, partCopies, partBlind)
		each(partHeader, len(c.headers))
	}
	all(partUTF8, partChunks, partDSN, partReturn, partEnvelope, partPRDR, partOneByOne)
	if c.file == "" && !c.small {
		all(partBody)
	}
	return list
}

// place is where the cursor is among the fields.
func (c *composer) place(fields []item) int {
	if i := slices.Index(fields, c.at); i >= 0 {
		return i
	}
	// Its row has gone: the cursor is on the one that is there now.
	for i, x := range fields {
		if x.part >= c.at.part {
			return i
		}
	}
	return len(fields) - 1
}

// step moves the cursor by items: the rows of the result, and the fields.
func (c *composer) step(n int) {
	fields, rows := c.fields(), c.result.rows()
	i := rows + c.place(fields)
	if c.at.part == partResult {
		i = c.at.n
	}
	if i = min(max(i+n, 0), rows+len(fields)-1); i < rows {
		c.at = item{partResult, i}
		return
	}
	c.at = fields[i-rows]
}

// stepMost is further than any step leads.
const stepMost = 1 << 30

// value is the text of the item under the cursor, in one line.
func (c *composer) value() string {
	list := c.list(c.at.part)
	switch {
	case c.at.part < single:
		return c.one[c.at.part]
	case list != nil && c.at.n < len(*list):
		return (*list)[c.at.n]
	case c.at.part == partFile:
		return c.file
	case c.at.part == partBody && c.row < len(c.body):
		return c.body[c.row]
	}
	return ""
}

// typeable says that the item under the cursor is a text.
func (c *composer) typeable() bool {
	return c.at.part <= partFile || c.at.part == partBody
}

// open puts the text under the cursor into the field.
func (c *composer) open() {
	if c.at.part == partBody {
		c.row = min(c.row, max(len(c.body)-1, 0))
	}
	c.f.Set(c.value())
	c.f.Most = listMost
}

// typed takes what is in the field into the draft while it is being typed. What
// is one of a list is taken when it is complete.
func (c *composer) typed() {
	s := c.f.String()
	if s == c.value() {
		return
	}
	c.changed()
	switch {
	case c.at.part < single:
		c.one[c.at.part] = s
	case c.at.part == partBody && len(c.body) > 0:
		c.body[c.row] = s
	case c.at.part == partBody:
		c.body = []string{s}
	}
}

// take takes the field into the draft. Of a list, what is empty is taken out;
// more says that the cursor is now behind what was added.
func (c *composer) take() (more bool) {
	c.typed()
	s := c.f.String()
	list := c.list(c.at.part)
	switch {
	case c.at.part == partFile && s != "":
		c.file = atHome(s)
	case list == nil:
	case s == "" && c.at.n < len(*list):
		*list = slices.Delete(*list, c.at.n, c.at.n+1)
	case s == "":
	case c.at.n < len(*list):
		(*list)[c.at.n] = c.path(s)
	default:
		*list = append(*list, c.path(s))
		c.at.n++
		return true
	}
	return false
}

// path is the text of an attachment as a path.
func (c *composer) path(s string) string {
	if c.at.part == partAttach {
		return atHome(s)
	}
	return s
}

// remove takes away what is under the cursor, and says whether there was
// something: a file, a header field, a complete message.
func (c *composer) remove() bool {
	list := c.list(c.at.part)
	switch {
	case list != nil && c.at.n < len(*list):
		*list = slices.Delete(*list, c.at.n, c.at.n+1)
	case c.at.part == partFile:
		c.file = ""
	default:
		return false
	}
	c.changed()
	return true
}

// draftSize is what a draft comes to when it is sent.
type draftSize struct {
	revision int
	limit    uint64 // that it was padded to, where it is padded to a limit
	octets   int64
	longest  int64        // octets of its longest line
	mail     *flow.Letter // all that MAIL depends on; nil: not known
	to       int          // recipients
	files    []attachment // what is attached
	err      error
	file     *fileSize
}

// of takes what a letter comes to.
func (n *draftSize) of(l flow.Letter) {
	n.octets, n.longest, n.to = l.Message.Size.Octets, l.Message.Size.Longest, len(l.To)
	// Neither the text nor a long list is kept for it: of the recipients, one that
	// needs SMTPUTF8 is as good as many.
	i := slices.IndexFunc(l.To, func(a wire.Address) bool { return !a.IsASCII() })
	l.To = slices.Clone(l.To[max(i, 0):min(max(i, 0)+1, len(l.To))])
	l.Message = &message.Message{Size: l.Message.Size}
	n.mail = &l
}

// recount counts the draft, beside the screen; one count at a time.
func (m *screen) recount() tea.Cmd {
	c := m.composer
	if c.counting || !c.begun || c.count.revision == c.revision && (c.count.limit == m.padLimit() || c.one[partPad] == "") {
		return nil
	}
	c.counting = true
	d, revision, known, helo := m.drafted(), c.revision, c.fileSize, m.o.Session.Helo
	return func() tea.Msg { return d.measure(revision, helo, known) }
}

// drafted is a copy of the draft, which knows the limit here.
func (m *screen) drafted() draft {
	d := m.composer.clone()
	d.limit = m.padLimit()
	return d
}

// padLimit is the limit that a message may be padded to; 0: none is known.
func (m *screen) padLimit() uint64 {
	if most, limited := m.limit(); limited {
		return most
	}
	return 0
}

// measured takes a count; the draft may have changed meanwhile.
func (m *screen) measured(n draftSize) tea.Cmd {
	m.composer.counting = false
	m.composer.count, m.composer.fileSize = n, n.file
	m.takeOff(n)
	return m.recount()
}

// takeOff takes what can never be attached off the list, and says why.
func (m *screen) takeOff(n draftSize) {
	c := m.composer
	if n.revision != c.revision {
		return
	}
	for i := len(n.files) - 1; i >= 0; i-- {
		if m.mode == modeField && c.at == (item{partAttach, i}) || !n.files[i].never {
			continue
		}
		m.hint = "not attached: " + n.files[i].err.Error() + ": " + m.st.Glyphs.Words(c.attached[i])
		c.attached = slices.Delete(c.attached, i, i+1)
		if c.at.part == partAttach && c.at.n > i {
			c.at.n--
		}
		c.changed()
	}
}
