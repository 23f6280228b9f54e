package tui

// full are the keys of what fills the whole body: a probing of all addresses,
// and where the time went.
func full() []binding {
	return []binding{
		{id: "openprobe", keys: []string{"enter"}, show: "Enter", in: inMatrix, hint: "its transcript", help: "the transcript of the session with that address", do: (*screen).openProbe},
		{id: "openstep", keys: []string{"enter"}, show: "Enter", in: inTime, hint: "its lines", help: "the step's lines in the transcript", do: (*screen).openStep},
		{id: "closefull", keys: []string{"q", "esc"}, show: "q", in: inMatrix | inTime, hint: "back", help: "close", do: (*screen).back},
		{id: "probeagain", keys: []string{"a"}, in: inMatrix, hint: "probe again", enabled: func(m *screen) bool { return !m.probed.running() }, help: "probe all of them again: writes :probe all", do: (*screen).offerProbe},
		{id: "listdown", keys: []string{"j", "down"}, in: inMatrix | inTime, help: "a line down", do: by(1, false)},
		{id: "listup", keys: []string{"k", "up"}, in: inMatrix | inTime, help: "a line up", do: by(-1, false)},
		{id: "listpagedown", keys: []string{"pgdown", " ", "ctrl+f"}, show: "PgDn", in: inMatrix | inTime, help: "a page down", do: by(1, true)},
		{id: "listpageup", keys: []string{"pgup", "b", "ctrl+b"}, show: "PgUp", in: inMatrix | inTime, help: "a page up", do: by(-1, true)},
		{id: "listtop", keys: []string{"g", "home"}, show: "g", in: inMatrix | inTime, help: "to the start", do: toEnd(false)},
		{id: "listbottom", keys: []string{"G", "end"}, show: "G", in: inMatrix | inTime, help: "to the end", do: toEnd(true)},
		{id: "fulltype", keys: []string{"i"}, in: inMatrix | inTime, hint: "type", help: "back to the SMTP line", do: (*screen).typeLine},
		{id: "fullhelp", keys: []string{"?", "f1"}, show: "?", in: inMatrix | inTime, hint: "help", help: "all keys", do: (*screen).help},
	}
}
