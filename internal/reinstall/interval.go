package reinstall

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	minInterval = 2 * time.Second
	maxInterval = 15 * time.Second
)

// interval is the pause before the next look at an operation of the given age: about 5 % of it, so that an end is seen
// late by a few percent at most, and an hour costs few calls. jitter is in [0, 1) and spreads the looks of a fleet.
func interval(age time.Duration, jitter float64) time.Duration {
	pause := float64(min(age/20, maxInterval))

	return max(time.Duration(pause-jitter*0.2*pause), minInterval)
}

// pause waits for the time to look again, or until ctx ends, and tells which.
func pause(ctx context.Context, age time.Duration) bool {
	return sleep(ctx, interval(age, jitter(time.Now())))
}

// jitter is in [0, 1). It is made of the time of the look, so that a run repeats where the clock does, as in a test.
func jitter(now time.Time) float64 {
	return rand.New(rand.NewPCG(uint64(now.UnixNano()), 0)).Float64()
}

// sleep waits for d, or until ctx ends, and tells whether ctx is still alive.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()

	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
