package redact

import (
	"html"
)

// The limits of everyReading. An ordinary message has ten to fifty readings; one with more than this is contrived.
const (
	maxReadings    = 600
	maxReadingSize = 1 << 20 // bytes of all readings
)

// shortestPacked is the length of the shortest text, in characters, that is unpacked from base64 or hexadecimal, and
// shortestList the length of the shortest list of numbers that is read as the characters of a text.
const (
	shortestPacked = 8
	shortestList   = 6
)

// openings each undo one way to write a text. They return the text unchanged if there is nothing to undo.
var openings = [...]func(string) string{
	unescape, unescapeNumbers, unpercent, html.UnescapeString, unplus, unequal, squeeze, unspace, reverse,
}

// packings are the ways to pack bytes in a text. A piece may begin in the middle of an apparent one.
var packings = [...]packing{
	{digit: base64Digit, open: openBase64},
	{digit: base64Digit, open: openBase64, skip: 1},
	{digit: base64Digit, open: openBase64, skip: 2},
	{digit: base64Digit, open: openBase64, skip: 3},
	{digit: hexDigit, open: openHex},
	{digit: hexDigit, open: openHex, skip: 1},
}

// listBases are the bases of the numbers in lists of bytes or characters.
var listBases = [...]int{2, 8, 10, 16}

// readings are the results of decoding a text in any way, any number of times.
type readings struct {
	visit    func(string) bool
	seen     map[string]bool
	unpacked [len(packings)]map[string]bool // pieces that were unpacked: most readings have the same ones
	queue    []string                       // readings that are still to be visited and decoded
	size     int                            // of all readings that were visited, in bytes
}

// everyReading calls visit with text and with everything that it stands for if it is written as JSON, in a URL, in HTML, in
// base64 and so on, nested in any order and to any depth, until visit returns false. It returns false if there are too many
// readings to visit them all.
func everyReading(text string, visit func(string) bool) bool {
	r := &readings{visit: visit, seen: map[string]bool{text: true}, queue: []string{text}, size: len(text)}

	for i := range r.unpacked {
		r.unpacked[i] = map[string]bool{}
	}

	// A secret that is cut in pieces is not encoded as well.
	for _, joined := range []string{untag(text), unquote(text), unescape(unquote(text))} {
		if joined != text && !visit(joined) {
			return true
		}
	}

	for ; len(r.queue) > 0; r.queue = r.queue[1:] {
		reading := r.queue[0]

		r.size += len(reading)
		if len(r.seen) > maxReadings || r.size > maxReadingSize {
			return false
		}

		if !visit(reading) || !r.decode(reading) {
			return true
		}
	}

	return true
}

// decode adds everything that reading stands for in one step. It returns false as soon as visit does.
func (r *readings) decode(reading string) bool {
	for _, undo := range openings {
		r.add(undo(reading), false)
	}

	for i, packing := range packings {
		if unpacked := packing.unpack(reading, r.unpacked[i]); !r.add(unpacked, !isReadable(unpacked)) {
			return false
		}
	}

	for _, base := range listBases {
		if listed := unlist(reading, base); !r.add(listed, !isReadable(listed)) {
			return false
		}
	}

	return true
}

// add queues a reading that is new. Noise is visited at once, and not decoded: it would yield as much noise again. It
// returns false if visit does.
func (r *readings) add(reading string, noise bool) bool {
	if reading == "" || r.seen[reading] {
		return true
	}

	r.seen[reading] = true

	if noise {
		return r.visit(reading)
	}

	r.queue = append(r.queue, reading)

	return true
}

// isReadable reports whether text has some printable characters in a row. Noise rarely has.
func isReadable(text string) bool {
	const enough = shortestPacked + 1

	run := 0

	for i := range len(text) {
		if run++; text[i] < ' ' || text[i] > '~' {
			run = 0
		}

		if run == enough {
			return true
		}
	}

	return false
}
