package osreinstall

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// traceTotals counts over all schedules.
type traceTotals struct {
	mu     sync.Mutex
	counts map[string]int
	faults map[string]int
}

func (t *traceTotals) add(trace *scheduleTrace) {
	t.mu.Lock()
	defer t.mu.Unlock()

	if t.counts == nil {
		t.counts, t.faults = map[string]int{}, map[string]int{}
	}

	t.counts["schedules"]++
	t.counts["crashes"] += trace.crashes
	t.counts["interruptions"] += trace.ctrlCs
	t.counts["outside actors"] += len(trace.acts)

	for _, o := range trace.acts {
		if o.on != "" {
			t.counts["outside actors at the moment of a request"]++
		}
	}

	t.counts["requests"] += len(trace.requests)
	t.counts["saved plans refused by Terraform"] += trace.stale

	for _, run := range trace.schedule.runs {
		if run.stranger {
			t.counts["runs with another user's credentials"]++
		}

		if run.cut != cutNone {
			t.counts["runs cut short by "+string(run.cut)]++
		}

		if run.concurrent {
			t.counts["runs beside another"]++
		}

		if run.workspace > 0 {
			t.counts["runs on a second state"]++
		}
	}

	for _, w := range trace.wipes {
		if w.Outside {
			t.counts["disks erased by others"]++
		} else {
			t.counts["disks erased"]++
		}
	}

	for kind, n := range trace.hits {
		t.faults[kind] += n
	}

	if trace.schedule.behavior.EmptyKeyPair {
		t.counts["schedules that show an empty key pair"]++
	}

	t.journalTotals(trace)

	for i := range trace.steps {
		t.step(&trace.steps[i])

		if trace.steps[i].putsBack() {
			t.counts["plans that put an argument back"]++
		}
	}
}

func (t *traceTotals) step(step *traceStep) {
	if step.verb != "apply" || step.action == planNothing {
		return
	}

	t.counts["applies"]++

	if step.inputs.undecidedID {
		t.counts["applies whose id was unknown in the plan"]++
	}

	if step.inputs.upper && step.inputs.image != "" {
		t.counts["applies with an image id in upper case"]++
	}

	if step.planned != step.run {
		t.counts["applies of a saved plan"]++
	}

	if step.mayErase() {
		t.counts["permits to erase"]++
	}

	if step.crashed {
		return
	}

	before, hadBefore := step.prior.operation()
	after, has := step.next.operation()

	switch {
	case step.permitted && has && (!hadBefore || !before.SubmittedAt.Equal(after.SubmittedAt) || before.State != after.State):
		t.counts["outcome "+string(after.State)]++

		if after.Adopted {
			t.counts["adoptions"]++
		}
	case step.messages.failed():
		t.counts["outcome error"]++
	}
}

// putsBack reports whether the configuration of a plan has an argument that it did not have the last time.
func (s *traceStep) putsBack() bool {
	_, asked := s.prior.operation()
	if s.verb != "plan" || !asked {
		return false
	}

	model, in := s.prior.model, &s.inputs

	return in.trigger != "" && model.Triggers.IsNull() || in.userData != "" && model.UserData.IsNull() ||
		in.version != 0 && model.AdminPassWOVersion.IsNull()
}

// String lists the counts.
func (t *traceTotals) String() string {
	var b strings.Builder

	for _, counts := range []map[string]int{t.counts, t.faults} {
		for _, name := range slices.Sorted(maps.Keys(counts)) {
			fmt.Fprintf(&b, "%9d  %s\n", counts[name], name)
		}
	}

	return b.String()
}
