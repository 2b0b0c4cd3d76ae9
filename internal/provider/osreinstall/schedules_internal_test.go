package osreinstall

import (
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestSchedules plays random schedules against the engine and the plan logic, with the simulator as the judge. To repeat
// one: MODELARTS_SCHEDULE_SEED=123 go test ./internal/provider/osreinstall -run 'TestSchedules$' -v.
func TestSchedules(t *testing.T) {
	t.Parallel()

	began := time.Now()

	var total traceTotals

	count := environmentNumber(t, "MODELARTS_SCHEDULES", scheduleCount)
	eachSeed(t, count, func(seed uint64) { playSeed(t, seed, directDriver{}, &total) })

	if lacking := total.lacking(); len(lacking) > 0 && count >= enoughSchedules && os.Getenv("MODELARTS_SCHEDULE_SEED") == "" {
		t.Errorf("among %d schedules there are no %v", count, lacking)
	}

	t.Logf("\n%s\nin %s", &total, time.Since(began).Round(time.Second))
}

// enoughSchedules is how many schedules have all that is counted in them.
const enoughSchedules = 500

// eachSeed calls play, on all processors, with the one seed that MODELARTS_SCHEDULE_SEED names, or with count seeds from
// MODELARTS_SCHEDULE_FIRST on, which is 1.
func eachSeed(t *testing.T, count int, play func(seed uint64)) {
	t.Helper()

	first := environmentNumber(t, "MODELARTS_SCHEDULE_FIRST", 1)
	if seed := environmentNumber(t, "MODELARTS_SCHEDULE_SEED", 0); seed > 0 {
		first, count = seed, 1
	}

	var (
		next    atomic.Int64
		workers sync.WaitGroup
	)

	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for !t.Failed() {
				n := int(next.Add(1)) - 1
				if n >= count {
					return
				}

				play(uint64(first + n)) //nolint:gosec // never negative
			}
		})
	}

	workers.Wait()
}

// environmentNumber is a number of the environment, or fallback.
func environmentNumber(t *testing.T, name string, fallback int) int {
	t.Helper()

	text := os.Getenv(name)
	if text == "" {
		return fallback
	}

	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s=%q is not a number", name, text)
	}

	return n
}

// playSeed plays the schedule of a seed, and reports what it breaks.
func playSeed(t *testing.T, seed uint64, driver providerDriver, total *traceTotals) *scheduleTrace {
	t.Helper()

	s := newSchedule(seed)
	trace := play(t, s, driver)
	total.add(trace)

	if found := judgeTrace(trace); len(found) > 0 {
		small := play(t, shrink(t, s, driver, found[0].invariant), driver)
		t.Errorf("seed %d: %v\nMade as small as it gets:\n%s", seed, found, history(small, judgeTrace(small)))
	}

	if os.Getenv("MODELARTS_SCHEDULE_SEED") != "" {
		t.Log(history(trace, nil))
	}

	return trace
}

// play plays a schedule in a bubble of its own.
func play(t *testing.T, s *schedule, driver providerDriver) *scheduleTrace {
	t.Helper()

	var trace *scheduleTrace

	synctest.Test(t, func(t *testing.T) { trace = playSchedule(t.Context(), s, driver) })

	return trace
}
