package modelarts

import (
	"encoding/base64"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
)

const (
	scriptAlphabet = "abcdefghijklmnopqrstuvwxyz ABC0123456789$\"'/&<>=-_.{}\nä"
	maxScript      = 32 << 10 // bytes of user data that the service takes
)

// script returns so many bytes that look like user data, or a few less.
func script(source *rand.Rand, size int) string {
	alphabet := []rune(scriptAlphabet)

	var b strings.Builder
	for b.Len() < size-1 {
		b.WriteRune(alphabet[source.IntN(len(alphabet))])
	}

	return b.String()
}

// sameEveryTime is a source of the same numbers in every run.
func sameEveryTime() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) } //nolint:gosec // no secret comes of it

// maskSlowly does what mask does, by looking for every part of every form in the text.
func maskSlowly(s *scrubber, text string) string {
	hidden := make([]bool, len(text))

	for _, form := range s.forms() {
		length := min(max(len(form)/2, minPart), maxPart)

		for start := 0; start+length <= len(form); start++ {
			for at := 0; at+length <= len(text); at++ {
				if text[at:at+length] == form[start:start+length] {
					for i := range length {
						hidden[at+i] = true
					}
				}
			}
		}
	}

	return strings.ToValidUTF8(replaceHidden(text, hidden), "")
}

// The quick way to find parts of secrets finds all that there are.
func TestMaskHidesAllParts(t *testing.T) {
	t.Parallel()

	source := sameEveryTime()
	masked := 0

	for range 60 {
		data := script(source, 8+source.IntN(120))
		scrub := newScrubber(NewSecret(script(source, 8+source.IntN(30))), NewSecret(base64.StdEncoding.EncodeToString([]byte(data))))

		// Pieces of what is hidden, some of them altered, between other things.
		var text strings.Builder

		for range source.IntN(8) {
			form := scrub.forms()[source.IntN(len(scrub.forms()))]
			piece := []byte(form[source.IntN(len(form)):])
			piece = piece[:min(len(piece), source.IntN(40))]

			if len(piece) > 0 && source.IntN(3) == 0 {
				piece[source.IntN(len(piece))] ^= 1
			}

			text.Write(piece)
			text.WriteString(script(source, source.IntN(20)))
		}

		got, want := scrub.mask(text.String()), maskSlowly(scrub, text.String())
		if got != want {
			t.Errorf("%q becomes\n%q, want\n%q", text.String(), got, want)
		}

		if strings.Contains(got, redacted) {
			masked++
		}
	}

	if masked < 20 {
		t.Errorf("only in %d of 60 texts there was something to hide", masked)
	}
}

// User data as long as it can be has more than two million parts in all its forms. Only the few that may be in an answer
// are looked up in it.
func TestFewPartsAreLookedUp(t *testing.T) {
	t.Parallel()

	scrub := newScrubber(NewSecret(base64.StdEncoding.EncodeToString([]byte(script(sameEveryTime(), maxScript)))))
	beginnings := beginningsIn(refusalBody)

	all, lookedUp := 0, 0

	for _, form := range scrub.forms() {
		var window uint64

		for i := range len(form) {
			window = window<<8 | uint64(form[i])
			all++

			if beginnings.mayHave(window) {
				lookedUp++
			}
		}
	}

	if lookedUp > all/100 {
		t.Errorf("%d of %d parts", lookedUp, all)
	}

	t.Logf("%d of %d parts", lookedUp, all)
}

const refusalBody = `{"error_code":"ModelArts.6400","error_msg":"The status of the server does not allow this operation.","x":"y"}`

// What a request costs that is refused, with user data as long as it can be.
func BenchmarkRefusal(b *testing.B) {
	secret := NewSecret(base64.StdEncoding.EncodeToString([]byte(script(sameEveryTime(), maxScript))))

	for b.Loop() {
		answer := &reply{status: http.StatusBadRequest, requestID: "request-1", body: []byte(refusalBody), scrub: newScrubber(secret)}
		if answer.refusal(http.Header{}).Code != "ModelArts.6400" {
			b.Fatal("not refused")
		}
	}
}
