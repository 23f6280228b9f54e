package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"ehlo/session/event"
)

// maxConfig bounds the config file: who has more has named a wrong file.
const maxConfig = 1 << 20

// config is what a config file says. A nil one says nothing.
type config struct {
	path     string
	profiles []string // in the order of the file
	entries  []entry
}

// entry is one key of a config file.
type entry struct {
	profile string // [profile.work]; empty: for all
	command string // [send], [profile.work.send]; empty: for all
	line    int
	key     string
	value
}

// configPath is where the config file is, or "" where this system does not say.
func configPath() string {
	if dir := os.Getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "ehlo", "config.toml")
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		// It refuses a relative XDG_CONFIG_HOME, which is to be ignored (XDG
		// Base Directory Specification).
		home, homeless := os.UserHomeDir()
		if homeless != nil {
			return ""
		}
		dir = filepath.Join(home, ".config")
	}
	return filepath.Join(dir, "ehlo", "config.toml")
}

// readConfig reads the config file. Where there is none it says nothing. With
// an error, what could be read is returned too.
func readConfig(path string) (*config, error) {
	if path == "" {
		return nil, nil
	}
	text, err := readPrivate(path)
	if err != nil || text == nil {
		return nil, err
	}
	// Values are tried on flags that no command uses.
	return parseConfig(path, text, (&app{}).root())
}

// readPrivate reads a file that must not be open to others. No file is no
// error: text is nil.
func readPrivate(path string) (text []byte, err error) {
	// Before it is opened: opening a FIFO waits for its writer.
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, nil
	}
	switch {
	case err != nil:
		return nil, unreadable(path, err)
	case info.IsDir():
		return nil, misconfigured("move it away; the settings go into a file of that name", "%s is a directory", path)
	case !info.Mode().IsRegular():
		return nil, misconfigured("the settings go into a file of that name", "%s is not a regular file", path)
	case info.Size() > maxConfig:
		return nil, misconfigured("", "%s has more than 1 MiB: it is no config file of ehlo", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer file.Close()
	if info, err = file.Stat(); err != nil {
		return nil, unreadable(path, err)
	}
	if err := private(path, info); err != nil {
		return nil, err
	}
	if text, err = io.ReadAll(io.LimitReader(file, maxConfig)); err != nil {
		return nil, unreadable(path, err)
	}
	return text, nil
}

func unreadable(path string, err error) *event.Error {
	if file, ok := errors.AsType[*fs.PathError](err); ok {
		err = file.Err
	}
	hint := ""
	if errors.Is(err, fs.ErrPermission) {
		hint = "see whose it is: ls -ld " + shellWord(filepath.Dir(path)) + " " + shellWord(path)
	}
	return misconfigured(hint, "%s cannot be read: %s", path, err)
}

// private refuses a file that others may read, since it may have secrets in
// it, or write, since it may name commands that ehlo runs. Windows says
// nothing of that in the mode.
func private(path string, info fs.FileInfo) error {
	mode, may := info.Mode().Perm(), ""
	switch {
	case runtime.GOOS == "windows" || mode&0o066 == 0:
		return nil
	case mode&0o022 == 0:
		may = "read"
	case mode&0o044 == 0:
		may = "write"
	default:
		may = "read and write"
	}
	return misconfigured("chmod 600 "+shellWord(path), "others may %s %s", may, path)
}

// shellWord is a text as one word of a shell.
func shellWord(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool {
		return !strings.ContainsRune("/._-+,:@%", r) && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r < 0x80
	}) {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return s
}

// knows refuses a profile that the file does not have. at is where it was
// chosen.
func (f *config) knows(profile string, at origin) error {
	what := "--" + profileFlag + " " + profile
	if at.rank != typed {
		what = at.place + "=" + profile
	}
	switch {
	case f == nil:
		return misconfigured("profiles stand in "+configPath()+": [profile."+profile+"]", "%s: there is no config file", what)
	case slices.Contains(f.profiles, profile):
		return nil
	case len(f.profiles) == 0:
		return misconfigured("a profile begins with [profile."+profile+"]", "%s: there are no profiles in %s", what, f.path)
	}
	return misconfigured("it has: "+strings.Join(f.profiles, ", "), "%s: there is no such profile in %s", what, f.path)
}

// layers are the settings of the file for a command, those that win first.
func (f *config) layers(profile, command string) [][]setting {
	if f == nil {
		return nil
	}
	layers := make([][]setting, fromFile+1)
	for _, e := range f.entries {
		if e.profile != "" && e.profile != profile || e.command != "" && e.command != command {
			continue
		}
		s := e.setting(f.path)
		layers[s.rank] = append(layers[s.rank], s)
	}
	return layers
}

// setting is the entry as a value for a flag.
func (e entry) setting(path string) setting {
	o := origin{rank: fromFile, place: fmt.Sprintf("%s:%d", path, e.line), words: "file"}
	if e.profile != "" {
		o.rank, o.words = fromProfile, "profile "+e.profile
	}
	if e.command != "" {
		o.rank-- // a command's own table wins over what is for all
		o.words += " [" + e.command + "]"
	}
	o.words += fmt.Sprintf(", line %d", e.line)
	return setting{e.key, e.value, o}
}

// completeProfiles offers the shell the profiles of the file.
func completeProfiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	file, _ := readConfig(configPath())
	if file == nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return file.profiles, cobra.ShellCompDirectiveNoFileComp
}
