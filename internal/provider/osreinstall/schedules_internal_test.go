package osreinstall

import (
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// scheduleNumber is a number of the environment, or fallback.
func scheduleNumber(t *testing.T, name string, fallback int) int {
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

// TestSchedules plays random schedules against the engine and the plan logic, with the simulator as the judge. To repeat
// one: MODELARTS_SCHEDULE_SEED=123 go test ./internal/provider/osreinstall -run 'TestSchedules$' -v.
func TestSchedules(t *testing.T) {
	t.Parallel()

	began := time.Now()

	var total scheduleTotal

	eachSeed(t, scheduleNumber(t, "MODELARTS_SCHEDULES", scheduleCount), func(seed uint64) {
		playSeed(t, seed, directDriver{}, &total)
	})

	t.Logf("\n%s\nin %s", &total, time.Since(began).Round(time.Second))
}

// eachSeed calls play, on all processors, with the one seed that MODELARTS_SCHEDULE_SEED names, or with count seeds from
// MODELARTS_SCHEDULE_FIRST on, which is 1.
func eachSeed(t *testing.T, count int, play func(seed uint64)) {
	t.Helper()

	first := scheduleNumber(t, "MODELARTS_SCHEDULE_FIRST", 1)
	if seed := scheduleNumber(t, "MODELARTS_SCHEDULE_SEED", 0); seed > 0 {
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

// playSeed plays the schedule of a seed, and reports what it breaks.
func playSeed(t *testing.T, seed uint64, driver scheduleDriver, total *scheduleTotal) *scheduleTrace {
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
func play(t *testing.T, s *schedule, driver scheduleDriver) *scheduleTrace {
	t.Helper()

	var trace *scheduleTrace

	synctest.Test(t, func(t *testing.T) { trace = playSchedule(t.Context(), s, driver) })

	return trace
}

// scheduleTotal counts over all schedules.
type scheduleTotal struct {
	mu     sync.Mutex
	counts map[string]int
	faults map[string]int
}

func (m *scheduleTotal) add(trace *scheduleTrace) {
	m.mu.Lock()
	defer m.mu.Unlock()

	if m.counts == nil {
		m.counts, m.faults = map[string]int{}, map[string]int{}
	}

	m.counts["schedules"]++
	m.counts["crashes"] += trace.crashes
	m.counts["interruptions"] += trace.ctrlCs
	m.counts["outside actors"] += len(trace.outsides)

	for _, o := range trace.outsides {
		if o.on != "" {
			m.counts["outside actors at the moment of a request"]++
		}
	}

	m.counts["requests"] += len(trace.requests)
	m.counts["saved plans refused by Terraform"] += trace.stale

	for _, run := range trace.schedule.runs {
		if run.stranger {
			m.counts["runs with another user's credentials"]++
		}

		if run.cut != cutNone {
			m.counts["runs cut short by "+string(run.cut)]++
		}

		if run.beside {
			m.counts["runs beside another"]++
		}

		if run.workspace > 0 {
			m.counts["runs on a second state"]++
		}
	}

	for _, w := range trace.wipes {
		if w.Outside {
			m.counts["disks erased by others"]++
		} else {
			m.counts["disks erased"]++
		}
	}

	for kind, n := range trace.hits {
		m.faults[kind] += n
	}

	if trace.schedule.behavior.EmptyKeyPair {
		m.counts["schedules that show an empty key pair"]++
	}

	for i := range trace.steps {
		m.step(&trace.steps[i])

		if trace.steps[i].putsBack() {
			m.counts["plans that put an argument back"]++
		}
	}
}

// putsBack reports whether the configuration of a plan has an argument that it did not have the last time.
func (s *scheduleStep) putsBack() bool {
	_, asked := s.prior.operation()
	if s.verb != "plan" || !asked {
		return false
	}

	model, in := s.prior.model, &s.inputs

	return in.trigger != "" && model.Triggers.IsNull() || in.userData != "" && model.UserData.IsNull() ||
		in.version != 0 && model.AdminPassWOVersion.IsNull()
}

func (m *scheduleTotal) step(step *scheduleStep) {
	if step.verb != "apply" || step.action == planNothing {
		return
	}

	m.counts["applies"]++

	if step.inputs.undecidedID {
		m.counts["applies whose id was unknown in the plan"]++
	}

	if step.inputs.upper && step.inputs.image != "" {
		m.counts["applies with an image id in upper case"]++
	}

	if step.planned != step.run {
		m.counts["applies of a saved plan"]++
	}

	if step.mayErase() {
		m.counts["permits to erase"]++
	}

	if step.crashed {
		return
	}

	before, hadBefore := step.prior.operation()
	after, has := step.next.operation()

	switch {
	case step.permitted && has && (!hadBefore || !before.SubmittedAt.Equal(after.SubmittedAt) || before.State != after.State):
		m.counts["outcome "+string(after.State)]++

		if after.Adopted {
			m.counts["adoptions"]++
		}
	case step.verdicts.failed():
		m.counts["outcome error"]++
	}
}

// String lists the counts.
func (m *scheduleTotal) String() string {
	var b strings.Builder

	for _, counts := range []map[string]int{m.counts, m.faults} {
		for _, name := range slices.Sorted(maps.Keys(counts)) {
			fmt.Fprintf(&b, "%9d  %s\n", counts[name], name)
		}
	}

	return b.String()
}
