package osreinstall

import (
	"context"
	"slices"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

const (
	// convergeApplies is how many applies may be needed until a plan is empty, once nothing goes wrong: one that waits
	// for an open request, one that makes up for what it failed to do, one for what drifted meanwhile, and one to spare.
	convergeApplies = 4
	// settleTime is the time in which all that was begun ends.
	settleTime = 25 * time.Minute
)

// calm ends all that goes wrong, and lets all that was begun come to its end.
func (w *world) calm() {
	w.cloud.ClearFaults()
	time.Sleep(time.Millisecond) // a reinstall that began at the end of the last run is of that run
	w.setEndStatus("")
	w.outside.Wait()
	time.Sleep(settleTime)
}

// converge applies until the plan is empty, as somebody does who follows the advice of the errors. Of two states, one
// comes after the other, and then the first one again: by then they have the same configuration.
func (w *world) converge(ctx context.Context) {
	order := []int{0}

	switch {
	case len(w.workspaces) == 1:
	case slices.ContainsFunc(w.workspaces[1].known, resourceState.open):
		order = []int{1, 0, 1, 0}
	default:
		order = []int{0, 1, 0}
	}

	number := len(w.schedule.runs)
	done := make([]bool, len(w.ids))

	for i := range done {
		done[i] = true
	}

	for _, space := range order {
		for n := range convergeApplies + 1 {
			w.repair(space)

			empty := w.approach(ctx, number, n, space)
			number++

			if !slices.Contains(empty, false) {
				break
			}

			time.Sleep(time.Minute)

			if n == convergeApplies {
				for i := range done {
					done[i] = done[i] && empty[i]
				}
			}
		}
	}

	w.trace.converged = done
}

// approach applies once more, and tells of which servers the plan was empty.
func (w *world) approach(ctx context.Context, number, n, space int) []bool {
	run := &scheduleRun{
		kind: runApply, workspace: space, inputs: slices.Clone(w.schedule.runs[len(w.schedule.runs)-1].inputs),
	}

	// An hour's wait has not shown the end: it never will.
	if n > 0 && (w.schedule.endless() || w.broken()) && slices.ContainsFunc(w.workspaces[space].known, resourceState.open) {
		run.kind = runReplace
	}

	for i := range run.inputs {
		run.inputs[i].calm()

		if w.schedule.behavior.ImageChange == simulator.ImageRefused {
			run.inputs[i].image = ""
		}
	}

	// A server that is gone, or has broken while its end was waited for, is taken out of the configuration once a plan has
	// said so.
	for i, id := range w.ids {
		truth, exists := w.cloud.Server(id)
		broken := brokenStatus(truth.Status) && w.workspaces[space].known[i].open()
		run.inputs[i].removed = n > 0 && (!exists || broken)
	}

	before := len(w.trace.steps)
	empty := make([]bool, len(w.ids))

	for i := range empty {
		empty[i] = run.inputs[i].removed
	}

	w.command(ctx, number, run, w.newTransport(number, space), nil)

	for _, step := range w.trace.steps[before:] {
		if step.verb == "plan" {
			empty[step.server] = !step.messages.failed() && step.action == planNothing
		}
	}

	return empty
}

// calm leaves out what keeps a plan from getting empty.
func (in *scheduleInputs) calm() {
	in.refuseRunning, in.undecided, in.undecidedID, in.timeout = false, false, false, 0

	if in.key == "" && in.pass == "" && in.version == 0 {
		in.key = scheduleKeyPairs[0] // whatever is to be done needs one
	}
}

// repair brings into order, on the console, what no reinstall is taken from, as the error of the provider says. It
// touches no server whose request is open: see mayAct.
func (w *world) repair(space int) {
	w.cloud.Sync()

	for i, id := range w.ids {
		if w.openIn(w.workspaces[space], i) {
			continue
		}

		if truth, _ := w.cloud.Server(id); brokenStatus(truth.Status) {
			w.trace.acts = append(w.trace.acts, traceAct{scheduleActor{server: i, kind: actPowerOff}, time.Now()})
			w.cloud.PowerOff(id)
			w.cloud.Sync()
		}
	}
}

// broken reports whether some server is in a status in which it stays, and from which none is reinstalled.
func (w *world) broken() bool {
	return slices.ContainsFunc(w.ids, func(id string) bool {
		truth, _ := w.cloud.Server(id)

		return brokenStatus(truth.Status)
	})
}

func brokenStatus(status string) bool {
	return slices.Contains([]string{simulator.StatusError, simulator.StatusStartFailed, simulator.StatusStopFailed}, status)
}
