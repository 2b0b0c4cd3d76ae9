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

// interval returns the pause before the next read of an operation of the given age: about 5 % of it, so that its end is
// noticed late by a few percent at most, and an hour takes few requests. jitter is in [0, 1) and spreads the reads of a
// fleet.
func interval(age time.Duration, jitter float64) time.Duration {
	pause := float64(min(age/20, maxInterval))

	return max(time.Duration(pause-jitter*0.2*pause), minInterval)
}

// pause waits for the time of the next read, and reports whether ctx is still alive.
func pause(ctx context.Context, age time.Duration) bool {
	return sleep(ctx, interval(age, jitter(time.Now())))
}

// jitter returns a number in [0, 1). It is derived from the time, so that a run repeats exactly if the clock does, as
// in a test.
func jitter(now time.Time) float64 {
	return rand.New(rand.NewPCG(uint64(now.UnixNano()), 0)).Float64()
}

// sleep waits for d, and reports whether ctx is still alive.
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
