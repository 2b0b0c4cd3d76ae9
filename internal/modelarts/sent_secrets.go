package modelarts

import (
	"hash/maphash"
	"math/rand/v2"
	"net/url"
	"regexp"
	"strings"
	"sync"
)

// What stands in place of a text from outside that repeats a secret.
const (
	withheldMessage = "(the service's message is not shown: it repeats a value that was sent as a secret)"
	withheldError   = "(the error is not shown: it repeats a value that was sent as a secret)"
	withheldToken   = "(not shown)"
)

// sentSecrets knows everything that was ever sent as a secret, so that no text from outside is quoted that repeats any of
// it, whichever request it answers. All services of a Config share one. It keeps fingerprints of the parts that give a
// secret away, not the secrets themselves. It is safe for concurrent use.
//
// The time of a search depends on the text alone, and texts are cut before they are searched: however many servers there
// are, each with user data of its own, a message takes less than a millisecond, and a very long one some ten. The
// fingerprints take up to three times the memory of what was sent.
type sentSecrets struct {
	seed maphash.Seed
	base uint64 // of the fingerprints, another one in every process

	mu    sync.RWMutex
	known map[knownValue]bool   // all secrets and open values
	whole fingerprints          // of what is as good as a whole password or key
	parts fingerprints          // of parts of secrets and of user data, which have what is no secret as well
	open  map[spelling][]string // what is no secret
}

// knownValue stands for a value that has been added.
type knownValue struct {
	kind valueKind
	hash uint64
}

// valueKind says what a value is: one may be both a password and the name of a key pair.
type valueKind uint8

const (
	kindSecret valueKind = iota
	kindUserData
	kindOpen
)

func newSentSecrets() *sentSecrets {
	return &sentSecrets{
		seed: maphash.MakeSeed(), base: rand.Uint64() | 1, known: map[knownValue]bool{}, //nolint:gosec // equal fingerprints do no harm
		open: map[spelling][]string{},
	}
}

// secretsOf returns what source knows of the secrets that were sent; where it knows nothing, there are none yet.
func secretsOf(source CredentialsSource) *sentSecrets {
	if keeper, ok := source.(interface{ sentSecrets() *sentSecrets }); ok {
		return keeper.sentSecrets()
	}

	return newSentSecrets()
}

// add adds passwords, keys and tokens.
func (s *sentSecrets) add(secrets ...Secret) {
	for _, secret := range secrets {
		s.addOnce(kindSecret, secret.Reveal(), func(text string) {
			secretParts(text, s.keep(&s.whole), s.keep(&s.parts))
		})
	}
}

// addUserData adds user data, which is base64.
func (s *sentSecrets) addUserData(encoded Secret) {
	s.addOnce(kindUserData, encoded.Reveal(), func(text string) {
		userDataParts(text, s.keep(&s.parts))
	})
}

// addOpen adds values that are no secrets: requests and replies show them, and so they may be a part of user data, or
// have some characters in common with a key. A value that is a secret as well remains one.
func (s *sentSecrets) addOpen(values ...string) {
	for _, value := range values {
		s.addOnce(kindOpen, value, func(text string) {
			for _, as := range spellings {
				s.open[as] = append(s.open[as], string(as.fold(text)), string(as.fold(reverse(text))))
			}
		})
	}
}

// addOnce calls add with a value that is new.
func (s *sentSecrets) addOnce(kind valueKind, value string, add func(string)) {
	if value == "" {
		return
	}

	id := knownValue{kind: kind, hash: maphash.String(s.seed, value)}

	s.mu.RLock()
	known := s.known[id]
	s.mu.RUnlock()

	if known {
		return
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	if !s.known[id] {
		s.known[id] = true
		add(value)
	}
}

// keep returns what adds the fingerprints of parts to a set.
func (s *sentSecrets) keep(set *fingerprints) addPart {
	return func(as spelling, part []byte) {
		var hash uint64
		for _, c := range part {
			hash = s.roll(hash, c)
		}

		set.add(finish(hash, as, len(part)))
	}
}

// roll returns the hash of a text from that of all but its last byte.
func (s *sentSecrets) roll(hash uint64, last byte) uint64 { return hash*s.base + uint64(last) + 1 }

// finish keeps the hashes of different spellings and lengths apart. None is 0.
func finish(hash uint64, as spelling, length int) uint64 {
	return (hash^uint64(length)<<8^uint64(as))*0x9e3779b97f4a7c15 | 1
}

// fingerprints is a set of hashes, in a table with open addressing. There may be millions, for which a map would need
// twice the memory.
type fingerprints struct {
	slots []uint64 // a power of two of them; 0 is free
	count int
}

// slot returns where key is, or would be.
func (f *fingerprints) slot(key uint64) int {
	mask := len(f.slots) - 1

	at := int(key>>32) & mask //nolint:gosec // it is masked
	for f.slots[at] != 0 && f.slots[at] != key {
		at = (at + 1) & mask
	}

	return at
}

func (f *fingerprints) has(key uint64) bool { return f.count > 0 && f.slots[f.slot(key)] == key }

func (f *fingerprints) add(key uint64) {
	if f.has(key) {
		return
	}

	if f.count >= len(f.slots)/2 {
		old := f.slots
		f.slots = make([]uint64, max(64, 2*len(old)))

		for _, key := range old {
			if key != 0 {
				f.slots[f.slot(key)] = key
			}
		}
	}

	f.slots[f.slot(key)] = key
	f.count++
}

// repeats reports whether text repeats a secret, in any of its readings, or has too many readings to tell. It looks for
// parts of secrets and for user data, unless whole is set.
func (s *sentSecrets) repeats(text string, whole bool) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()

	if s.whole.count == 0 && s.parts.count == 0 {
		return false
	}

	found := false

	all := everyReading(text, func(reading string) bool {
		for _, as := range spellings {
			found = found || s.anyPart(as, as.fold(reading), whole)
		}

		return !found
	})

	return found || !all
}

// anyPart reports whether a folded text has a part of a secret, or a whole one.
func (s *sentSecrets) anyPart(as spelling, folded []byte, whole bool) bool {
	hashes := make([]uint64, len(folded)+1) // of the text up to there
	for i, c := range folded {
		hashes[i+1] = s.roll(hashes[i], c)
	}

	power, exponent := uint64(1), 0 // of base

	for _, length := range partLengths {
		for ; exponent < length; exponent++ {
			power *= s.base
		}

		for end := length; end <= len(folded); end++ {
			key := finish(hashes[end]-hashes[end-length]*power, as, length)

			if s.whole.has(key) || !whole && s.parts.has(key) && !s.isOpen(as, string(folded[end-length:end])) {
				return true
			}
		}
	}

	return false
}

// isOpen reports whether a part of a secret is also a part of an open value.
func (s *sentSecrets) isOpen(as spelling, part string) bool {
	for _, value := range s.open[as] {
		if strings.Contains(value, part) {
			return true
		}
	}

	return false
}

// message returns what the service says as it may be quoted: in one line of at most limit runes, or withheldMessage.
func (s *sentSecrets) message(text string, limit int) string {
	return s.quote(text, limit, withheldMessage)
}

// error returns err with a text that may be quoted.
func (s *sentSecrets) error(err error) error {
	text := err.Error()
	if shown := s.quote(text, maxMessage, withheldError); shown == withheldError || len(text) > maxMessage {
		return &quotedError{text: shown, err: err}
	}

	return err
}

// quotedError is an error with another text.
type quotedError struct {
	text string
	err  error
}

func (e *quotedError) Error() string { return e.text }

func (e *quotedError) Unwrap() error { return e.err }

// token returns a short text, such as a request id, as it may be quoted.
func (s *sentSecrets) token(text string) string { return s.quote(text, maxToken, withheldToken) }

// usualCode is what error codes look like. Callers depend on them, so only a whole secret withholds one.
var usualCode = regexp.MustCompile(`^([A-Za-z]{2,16}\.)?[0-9]{3,8}$`)

// code returns an error code as it may be quoted.
func (s *sentSecrets) code(text string) string {
	if usualCode.MatchString(text) && !s.repeats(text, true) {
		return text
	}

	return s.token(text)
}

// quote returns text in one line of at most limit runes, or instead if it repeats a secret. Some of what is cut off is
// searched too, for a secret that the cut goes through.
func (s *sentSecrets) quote(text string, limit int, instead string) string {
	const behind = 500

	text = clean(text, limit+behind)
	if s.repeats(text, false) {
		return instead
	}

	return clean(text, limit)
}

// split reports whether what is shown of an answer, next to one another, repeats a secret of which each has a part.
func (s *sentSecrets) split(code, requestID, message string) bool {
	for _, texts := range [][]string{
		{code, message},
		{message, code},
		{code, requestID},
		{requestID, message},
		{message, requestID},
		{code, requestID, message},
		{code, message, requestID},
	} {
		if s.repeats(strings.Join(texts, ""), true) {
			return true
		}
	}

	return false
}

// receive treats a server that a reply shows: its name is no secret, and a status that the service does not document,
// which errors would quote, may be one.
func (s *sentSecrets) receive(server *Server) {
	if server.Name != nil && len(*server.Name) <= maxToken {
		s.addOpen(*server.Name)
	}

	for _, endpoint := range server.EndpointsResponse {
		for key, value := range endpoint.Extensions {
			if s.repeats(value, false) {
				endpoint.Extensions[key] = withheldToken
			}
		}
	}

	if server.Status != nil && !server.Status.documented() {
		shown := Status(s.token(string(*server.Status)))
		server.Status = &shown
	}
}

// passwordOf returns the password in the address of a proxy.
func passwordOf(proxy *url.URL) Secret {
	if proxy == nil {
		return Secret{}
	}

	password, _ := proxy.User.Password()

	return NewSecret(password)
}
