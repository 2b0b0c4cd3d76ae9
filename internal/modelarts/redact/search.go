package redact

import (
	"strings"
)

// repeats reports whether text repeats a secret, in any of its readings, or has too many readings to know. It searches for
// parts of secrets and for user data only if whole is not set.
func (r *Redactor) repeats(text string, whole bool) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()

	if r.whole.count == 0 && r.parts.count == 0 {
		return false
	}

	found := false

	all := everyReading(text, func(reading string) bool {
		for _, as := range spellings {
			found = found || r.anyPart(as, as.fold(reading), whole)
		}

		return !found
	})

	return found || !all
}

// anyPart reports whether a folded text contains a known part of a secret; if whole is set, one that is as good as all
// of it.
func (r *Redactor) anyPart(as spelling, folded []byte, whole bool) bool {
	hashes := make([]uint64, len(folded)+1) // of the text up to each index
	for i, c := range folded {
		hashes[i+1] = r.roll(hashes[i], c)
	}

	power, exponent := uint64(1), 0 // of base

	for _, length := range partLengths {
		for ; exponent < length; exponent++ {
			power *= r.base
		}

		for end := length; end <= len(folded); end++ {
			key := finish(hashes[end]-hashes[end-length]*power, as, length)

			if r.whole.has(key) || !whole && r.parts.has(key) && !r.isOpen(as, string(folded[end-length:end])) {
				return true
			}
		}
	}

	return false
}

// isOpen reports whether a part of a secret is also a part of an open value.
func (r *Redactor) isOpen(as spelling, part string) bool {
	for _, value := range r.open[as] {
		if strings.Contains(value, part) {
			return true
		}
	}

	return false
}

// addTo returns a function that adds the fingerprints of parts to set.
func (r *Redactor) addTo(set *fingerprints) addPart {
	return func(as spelling, part []byte) {
		var hash uint64
		for _, c := range part {
			hash = r.roll(hash, c)
		}

		set.add(finish(hash, as, len(part)))
	}
}

// roll returns the hash of a text, given that of all but its last byte.
func (r *Redactor) roll(hash uint64, last byte) uint64 { return hash*r.base + uint64(last) + 1 }

// finish keeps the hashes of different spellings and lengths apart. It never returns 0.
func finish(hash uint64, as spelling, length int) uint64 {
	return (hash^uint64(length)<<8^uint64(as))*0x9e3779b97f4a7c15 | 1
}
