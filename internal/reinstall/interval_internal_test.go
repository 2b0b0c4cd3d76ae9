package reinstall

import (
	"testing"
	"time"
)

func TestInterval(t *testing.T) {
	t.Parallel()

	for age, want := range map[time.Duration]time.Duration{
		0:                2 * time.Second,
		30 * time.Second: 2 * time.Second,
		time.Minute:      3 * time.Second,
		3 * time.Minute:  9 * time.Second,
		time.Hour:        15 * time.Second,
		-time.Hour:       2 * time.Second, // the local clock was set back
	} {
		if got := interval(age, 0); got != want {
			t.Errorf("interval(%v) = %v, want %v", age, got, want)
		}

		least := max(want*4/5, 2*time.Second)
		if got := interval(age, 0.999); got < least || got > least+want/100 {
			t.Errorf("interval(%v) with full jitter = %v, want %v", age, got, least)
		}
	}
}
