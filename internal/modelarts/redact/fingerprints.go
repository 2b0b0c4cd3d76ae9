package redact

// fingerprints is a set of hashes, in a table with open addressing. There may be millions, for which a map would need twice
// the memory.
type fingerprints struct {
	slots []uint64 // the length is a power of two; 0 is free
	count int
}

// slot returns the index of key, or the free one where it would be.
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
