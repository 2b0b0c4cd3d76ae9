package userdata

import (
	"bytes"
	"slices"
	"strings"
)

// headers begin the formats of user data that cloud-init knows by their first line.
var headers = []string{"#!", "#cloud-config", "#cloud-boothook", "#include", "#part-handler", "## template:"}

// Problem says what keeps user data from running on a server, as the end of a sentence that begins with its name; empty if
// nothing is known to. It quotes none of it.
func Problem(userData string) string {
	content, _ := decodeUserData(userData)
	if unpacked, ok := unpack(bytes.NewReader(content), maxUnpackedBytes); ok {
		content = unpacked
	}

	text, marked := strings.CutPrefix(string(content), "\ufeff")

	switch begins := slices.ContainsFunc(headers, func(header string) bool { return strings.HasPrefix(text, header) }); {
	case !begins:
		return ""
	case marked:
		return "begins with a byte order mark, so the server does not recognize its first line, and most likely ignores it. " +
			"Save the file as UTF-8 without a byte order mark"
	case strings.Contains(text, "\r"):
		return "has carriage returns at the ends of its lines (CR LF, as Windows writes them), so a script most likely fails at its " +
			"first line. Save the file with LF, or use replace(file(...), \"\\r\\n\", \"\\n\")"
	default:
		return ""
	}
}
