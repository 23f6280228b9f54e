package main

import (
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"ehlo/session/event"
	"ehlo/session/play"
	"ehlo/session/script"
	"ehlo/session/wire"
)

// The report that CI servers read: a suite for each time that the script was
// played, a case for each of its expectations. What ended a run beside them is
// an error of a case of its own.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Hostname string      `xml:"hostname,attr,omitempty"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Time     string      `xml:"time,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		File    string        `xml:"file,attr,omitempty"`
		Line    int           `xml:"line,attr,omitempty"`
		Time    string        `xml:"time,attr"`
		Failure *junitFailure `xml:"failure"`
		Error   *junitFailure `xml:"error"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// writeJUnit writes the report of all runs to a file, as a whole. What ended
// them before there was one, such as a script that cannot be understood, is in it
// too: it takes the place of a report of better times.
func (r *runs) writeJUnit(err *event.Error) error {
	var out junitSuites
	for _, one := range r.log {
		out.add(one.junit(r.name))
	}
	if err == nil {
		err = r.err
	}
	told := slices.ContainsFunc(r.log, func(one *playing) bool { return one.err != nil })
	if err != nil && err.Kind != event.ExpectationFailed && !told {
		out.add((&playing{err: err}).junit(r.name))
	}
	text, failed := xml.MarshalIndent(out, "", "  ")
	if failed != nil {
		return failed
	}
	text = append([]byte(xml.Header), append(text, '\n')...)
	if failed := os.WriteFile(r.junit, text, 0o644); failed != nil {
		return input(failed, "--report-junit")
	}
	return nil
}

func (out *junitSuites) add(suite junitSuite) {
	out.Suites = append(out.Suites, suite)
	out.Tests += suite.Tests
	out.Failures += suite.Failures
	out.Errors += suite.Errors
}

func (one *playing) junit(name string) junitSuite {
	suite := junitSuite{Name: name, Hostname: one.where}
	var total time.Duration
	for _, x := range one.outcomes {
		c := junitCase{Name: junitName(x), Class: name, File: x.Item.At().File, Line: x.Item.At().Line, Time: seconds(x.Elapsed)}
		if m := x.Mismatch; m != nil {
			c.Failure = &junitFailure{
				Message: visibleText(m.Error()), Type: string(event.ExpectationFailed),
				Text: visibleText(fmt.Sprintf("%s\nexpected: %s\nactual:   %s\n", m.Position, m.Expected, m.Actual)),
			}
			suite.Failures++
		}
		total += x.Elapsed
		suite.Cases = append(suite.Cases, c)
	}
	if one.err != nil {
		suite.Errors++
		c := junitCase{
			Name: "the run", Class: name, Time: seconds(0),
			Error: &junitFailure{Message: visibleText(one.err.Message), Type: string(one.err.Kind), Text: visibleText(one.err.Message)},
		}
		if at, ok := errors.AsType[*script.Error](one.err); ok {
			c.File, c.Line = at.File, at.Line
		}
		suite.Cases = append(suite.Cases, c)
	}
	suite.Tests, suite.Time = len(suite.Cases), seconds(total)
	return suite
}

// junitName is the line of an expectation: "line 12: S: 250 *". Of what is sent
// it has the verb alone: the rest may be a secret.
func junitName(x play.Outcome) string {
	line := play.Line(x.Item)
	switch i := x.Item.(type) {
	case script.Client:
		line = "C:"
		if verb := wire.Verb([]byte(i.Line.Raw)); slices.Contains(verbs, verb) {
			line += " " + verb
		}
	case script.Raw:
		line = "@raw"
	}
	return visibleText(fmt.Sprintf("line %d: %s", x.Item.At().Line, line))
}

// verbs are those that a report names.
var verbs = []string{
	"EHLO", "HELO", "LHLO", "MAIL", "RCPT", "DATA", "BDAT", "RSET", "NOOP", "QUIT", "VRFY", "EXPN", "HELP", "ETRN",
	"STARTTLS", "AUTH", "XCLIENT", "XFORWARD",
}

// visibleText keeps out what XML has no place for, but line feeds.
func visibleText(s string) string {
	var out []byte
	for i, line := range strings.Split(s, "\n") {
		if i > 0 {
			out = append(out, '\n')
		}
		out = append(out, wire.Visible([]byte(line))...)
	}
	return string(out)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.6f", d.Seconds()) }
