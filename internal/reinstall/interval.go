package reinstall

import (
	"math/rand/v2"
	"time"
)

const (
	minInterval = 2 * time.Second
	maxInterval = 15 * time.Second
)

// interval returns the pause before the next read of an operation of the given age: about 5 % of it, so that its end is
// noticed late by a few percent at most, and an hour takes few requests. jitter is in [0, 1) and spreads the reads of a
// fleet.
func interval(age time.Duration, jitter float64) time.Duration {
	pause := float64(min(age/20, maxInterval))

	return max(time.Duration(pause-jitter*0.2*pause), minInterval)
}

// jitter returns a number in [0, 1). It is derived from the time, so that a run repeats exactly if the clock does, as
// in a test.
func jitter(now time.Time) float64 {
	return rand.New(rand.NewPCG(uint64(now.UnixNano()), 0)).Float64()
}
