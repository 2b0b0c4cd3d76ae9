package redact

import (
	"testing"
)

// A set of fingerprints contains what was added to it, and nothing else.
func TestFingerprints(t *testing.T) {
	t.Parallel()

	var set fingerprints

	if set.has(1) {
		t.Error("an empty set has something")
	}

	source, want := sameEveryTime(), map[uint64]bool{}

	for range 5000 {
		// Most share their slot with others.
		key := uint64(source.IntN(1<<14))<<20 | 1 //nolint:gosec // it is positive
		set.add(key)
		want[key] = true
	}

	if set.count != len(want) {
		t.Errorf("%d, want %d", set.count, len(want))
	}

	for i := range uint64(1 << 14) {
		if key := i<<20 | 1; set.has(key) != want[key] {
			t.Errorf("has %d is %v", key, set.has(key))
		}
	}
}
