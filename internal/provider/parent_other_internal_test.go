//go:build !windows

package provider

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestWatch(t *testing.T) {
	t.Parallel()

	const cli, reaper = 4711, 1

	tests := map[string]struct {
		parent, reaper int
		dies           time.Duration // after the start; 0: never
		want           time.Duration
	}{
		"it lives on":                {cli, reaper, 0, 2 * time.Hour},
		"it dies":                    {cli, reaper, time.Hour, time.Hour},
		"it dies at once":            {cli, reaper, time.Nanosecond, 0},
		"another process takes over": {cli, 815, time.Minute, time.Minute},
		"it is the first process":    {reaper, reaper, 0, 2 * time.Hour},
		"it is in another container": {0, 0, 0, 2 * time.Hour},
	}

	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				began := time.Now()

				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Hour)
				defer cancel()

				watch(func() int {
					if test.dies != 0 && time.Since(began) >= test.dies {
						return test.reaper
					}

					return test.parent
				})(ctx)

				if took := time.Since(began); took < test.want || took > test.want+parentInterval {
					t.Errorf("it is gone after %s, want %s", took, test.want)
				}
			})
		})
	}
}
