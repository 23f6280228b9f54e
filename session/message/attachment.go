package message

import (
	"fmt"
	"mime"
	"path/filepath"
	"strings"
)

// longestName is how many octets a file's name may have in one parameter, so
// that its line stays within foldedLine.
const longestName = 60

// attachmentHeader is the header of an attached file, with the empty line
// behind it.
func attachmentHeader(path string) string {
	return "Content-Type: " + typeOf(path) + "\r\n" +
		"Content-Transfer-Encoding: base64\r\n" +
		"Content-Disposition: attachment;\r\n" + fileName(filepath.Base(path)) + "\r\n\r\n"
}

// fileName is the parameter filename: quoted, or where the name is not
// printable ASCII or is long, as RFC 2231 has it, in several pieces if need be.
func fileName(name string) string {
	plain := true
	units := make([]string, 0, len(name))
	size := 0
	for _, c := range []byte(name) {
		plain = plain && ' ' <= c && c <= '~'
		unit := string(rune(c))
		if c <= ' ' || c > '~' || strings.IndexByte(`*'%()<>@,;:\"/[]?=`, c) >= 0 {
			unit = fmt.Sprintf("%%%02X", c)
		}
		units = append(units, unit)
		size += len(unit)
	}
	if quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name); plain && len(quoted) <= longestName {
		return ` filename="` + quoted + `"`
	}
	if size <= longestName-len("utf-8''") {
		return " filename*=utf-8''" + strings.Join(units, "")
	}
	var pieces []string
	for len(units) > 0 {
		piece := fmt.Sprintf(" filename*%d*=", len(pieces))
		if len(pieces) == 0 {
			piece += "utf-8''"
		}
		for len(units) > 0 && len(piece)+len(units[0]) <= foldedLine-2 {
			piece += units[0]
			units = units[1:]
		}
		pieces = append(pieces, piece)
	}
	return strings.Join(pieces, ";\r\n")
}

// typeOf is the media type of a file by its extension: the usual ones from
// here, so that they do not depend on the machine, others from the system's
// tables, which are read then and not before.
func typeOf(path string) string {
	const unknown = "application/octet-stream"
	ext := strings.ToLower(filepath.Ext(path))
	switch ext {
	case "", ".bin", ".exe", ".iso", ".img":
		return unknown
	case ".txt", ".log":
		return "text/plain"
	case ".html", ".htm":
		return "text/html"
	case ".csv":
		return "text/csv"
	case ".pdf":
		return "application/pdf"
	case ".zip":
		return "application/zip"
	case ".gz":
		return "application/gzip"
	case ".json":
		return "application/json"
	case ".xml":
		return "application/xml"
	case ".jpg", ".jpeg":
		return "image/jpeg"
	case ".png":
		return "image/png"
	case ".gif":
		return "image/gif"
	}
	media, _, _ := strings.Cut(mime.TypeByExtension(ext), ";")
	// A message or a multipart must not be in base64 (RFC 2046 5).
	if media == "" || strings.HasPrefix(media, "message/") || strings.HasPrefix(media, "multipart/") {
		return unknown
	}
	return media
}
