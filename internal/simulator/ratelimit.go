package simulator

import "time"

// bucket is a token bucket.
type bucket struct {
	tokens float64
	filled time.Time // when tokens was computed
}

// take takes a token, and reports whether there was one.
func (b *bucket) take(now time.Time, limit RateLimit) bool {
	if limit.PerSecond <= 0 {
		return true
	}
	burst := float64(max(limit.Burst, 1))
	if b.filled.IsZero() {
		b.tokens, b.filled = burst, now
	}
	b.tokens = min(burst, b.tokens+now.Sub(b.filled).Seconds()*limit.PerSecond)
	b.filled = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
