// Package redact keeps secrets that were sent to a service out of the texts that come back, however the service, a gateway
// or a library writes them.
//
// A text is read in every way that it may be encoded (readings), in spellings that ignore what does not hide a secret, and
// searched for the parts that give a secret away.
package redact

import (
	"hash/maphash"
	"math/rand/v2"
	"regexp"
	"strings"
	"sync"
)

// Texts that stand in place of one from outside that repeats a secret.
const (
	WithheldMessage = "(the service's message is not shown: it repeats a value that was sent as a secret)"
	withheldError   = "(the error is not shown: it repeats a value that was sent as a secret)"
	WithheldToken   = "(not shown)"
)

// Redactor knows everything that was ever sent as a secret, and keeps it out of the texts from outside that are quoted,
// whichever request they answer. It stores fingerprints of the parts that give a secret away, not the secrets themselves.
// It is safe for concurrent use.
//
// The time of a search depends only on the text, and texts are cut before they are searched: however many servers there
// are, each with its own user data, a message takes less than a millisecond, and a very long one about ten. The
// fingerprints take up to three times the memory of what was sent.
type Redactor struct {
	seed maphash.Seed
	base uint64 // of the rolling hash, random in every process

	mu    sync.RWMutex
	known map[knownValue]bool   // all values that were added
	whole fingerprints          // of parts that are as good as a whole password or key
	parts fingerprints          // of parts of secrets and of user data, which also contain what is not secret
	open  map[spelling][]string // values that are not secret, folded
}

// knownValue identifies a value that has been added.
type knownValue struct {
	kind valueKind
	hash uint64
}

// valueKind says how a value was added. One value may be both a password and the name of a key pair.
type valueKind uint8

const (
	kindSecret valueKind = iota
	kindUserData
	kindOpen
)

// New returns a redactor that knows no secret.
func New() *Redactor {
	return &Redactor{
		seed: maphash.MakeSeed(), base: rand.Uint64() | 1, known: map[knownValue]bool{}, //nolint:gosec // equal fingerprints do no harm
		open: map[spelling][]string{},
	}
}

// AddSecrets adds passwords, keys and tokens. Empty ones are ignored.
func (r *Redactor) AddSecrets(secrets ...string) {
	for _, secret := range secrets {
		r.addOnce(kindSecret, secret, func(text string) {
			secretParts(text, r.addTo(&r.whole), r.addTo(&r.parts))
		})
	}
}

// AddUserData adds user data, in base64 or as it is.
func (r *Redactor) AddUserData(encoded string) {
	r.addOnce(kindUserData, encoded, func(text string) {
		userDataParts(text, r.addTo(&r.parts))
	})
}

// AddOpen adds values that are not secret: requests and replies show them, so they may be a part of user data, or have some
// characters in common with a key. A value that is also a secret remains one.
func (r *Redactor) AddOpen(values ...string) {
	for _, value := range values {
		r.addOnce(kindOpen, value, func(text string) {
			for _, as := range spellings {
				r.open[as] = append(r.open[as], string(as.fold(text)), string(as.fold(reverse(text))))
			}
		})
	}
}

// addOnce calls add with value unless it was added before.
func (r *Redactor) addOnce(kind valueKind, value string, add func(string)) {
	if value == "" {
		return
	}

	id := knownValue{kind: kind, hash: maphash.String(r.seed, value)}

	r.mu.RLock()
	known := r.known[id]
	r.mu.RUnlock()

	if known {
		return
	}

	r.mu.Lock()
	defer r.mu.Unlock()

	if !r.known[id] {
		r.known[id] = true
		add(value)
	}
}

// Message returns a message of the service as it may be quoted: in one line of at most 2000 characters, or WithheldMessage.
func (r *Redactor) Message(text string) string { return r.quote(text, maxMessage, WithheldMessage) }

// Excerpt returns the beginning of a body that is not understood, without HTML markup, as it may be quoted: in one line of
// at most 300 characters, or WithheldMessage.
func (r *Redactor) Excerpt(body []byte) string {
	return r.quote(withoutMarkup(body), maxExcerpt, WithheldMessage)
}

// Token returns a short text, such as a request id, as it may be quoted: in one line of at most MaxToken characters, or
// WithheldToken.
func (r *Redactor) Token(text string) string { return r.quote(text, MaxToken, WithheldToken) }

// usualCode matches the usual form of error codes. Callers depend on them, so only a whole secret withholds one.
var usualCode = regexp.MustCompile(`^([A-Za-z]{2,16}\.)?[0-9]{3,8}$`)

// Code returns an error code as it may be quoted, as Token does.
func (r *Redactor) Code(text string) string {
	if usualCode.MatchString(text) && !r.repeats(text, true) {
		return text
	}

	return r.Token(text)
}

// Error returns err with a text that may be quoted. The result unwraps to err.
func (r *Redactor) Error(err error) error {
	text := err.Error()
	if shown := r.quote(text, maxMessage, withheldError); shown == withheldError || len(text) > maxMessage {
		return &quotedError{text: shown, err: err}
	}

	return err
}

// quotedError is an error with its text replaced.
type quotedError struct {
	text string
	err  error
}

func (e *quotedError) Error() string { return e.text }

func (e *quotedError) Unwrap() error { return e.err }

// quote returns text in one line of at most limit characters, or instead if it repeats a secret. Some of what is cut off is
// searched too, for a secret that the cut goes through.
func (r *Redactor) quote(text string, limit int, instead string) string {
	const behind = 500

	text = clean(text, limit+behind)
	if r.repeats(text, false) {
		return instead
	}

	return clean(text, limit)
}

// Repeats reports whether text repeats a secret or a part of one, in any way of writing it.
func (r *Redactor) Repeats(text string) bool { return r.repeats(text, false) }

// RepeatsAcross reports whether the parts of an answer that are shown together repeat a secret of which each has a piece.
func (r *Redactor) RepeatsAcross(code, requestID, message string) bool {
	for _, texts := range [][]string{
		{code, message},
		{message, code},
		{code, requestID},
		{requestID, message},
		{message, requestID},
		{code, requestID, message},
		{code, message, requestID},
	} {
		if r.repeats(strings.Join(texts, ""), true) {
			return true
		}
	}

	return false
}
