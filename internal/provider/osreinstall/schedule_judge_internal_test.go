package osreinstall

import (
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// The invariants.
const (
	invariantPermit    = "a disk is erased by a permit only, and once for each"
	invariantDisk      = "a permit is for the disk that the plan has seen"
	invariantReason    = "a reason is a change, or something that is so"
	invariantClaim     = "no result is claimed that is not true"
	invariantLoss      = "no accepted request is lost from the state"
	invariantConverge  = "once nothing goes wrong, the plan gets empty"
	invariantSettle    = "a refresh notices an end that can be seen"
	invariantOnce      = "with a journal, a crashed apply and its repetition erase once"
	invariantKept      = "what is kept was asked for, took place, and is warned of"
	invariantIllegal   = "no illegal call"
	invariantTaint     = "a Create never taints"
	invariantTerraform = "Terraform's own rules for plans and results"
)

// violation is a broken invariant.
type violation struct {
	invariant string
	detail    string
}

// judge is the judge of a trace: what the provider said against what the simulator knows.
type judge struct {
	*scheduleTrace

	found []violation
}

// judgeTrace returns what a trace breaks.
func judgeTrace(trace *scheduleTrace) []violation {
	j := &judge{scheduleTrace: trace}

	for server := range trace.initial {
		j.checkPermits(server)
		j.checkLoss(server)

		j.checkConvergence(server)
	}

	for i := range trace.steps {
		j.checkDisk(&trace.steps[i])
		j.checkReasons(&trace.steps[i])
		j.checkDrift(&trace.steps[i])
		j.checkRefusal(&trace.steps[i])
		j.checkSettling(&trace.steps[i])
		j.checkClaims(&trace.steps[i])
		j.checkJournal(&trace.steps[i])
		j.checkTerraform(&trace.steps[i])
	}

	j.checkCalls()

	return j.found
}

func (j *judge) add(invariant, format string, args ...any) {
	j.found = append(j.found, violation{invariant, fmt.Sprintf(format, args...)})
}

// where names a step.
func (j *judge) where(step *traceStep) string {
	return fmt.Sprintf("run %d, server %d, %s at %s", step.run, step.server, step.verb, elapsed(j.began, step.ended))
}

// checkConvergence checks that there was nothing left to do in the end. A server that is gone stays in the state for good, and is
// not ready.
func (j *judge) checkConvergence(server int) {
	last := j.steps[len(j.steps)-1]

	for _, step := range j.steps {
		if step.server == server && (step.verb == "plan" || step.verb == "refresh") {
			last = step
		}
	}

	switch {
	case !last.exists && last.next.model != nil && last.next.model.Ready.ValueBool():
		j.add(invariantClaim, "server %d: it is gone, and ready", server)
	case last.exists && !j.converged[server]:
		j.add(invariantConverge, "server %d: the last plan is not empty", server)
	}
}

// checkSettling checks that a refresh, once nothing goes wrong, notices an end that the machine plainly shows.
func (j *judge) checkSettling(step *traceStep) {
	before, _ := step.prior.operation()
	if step.verb != "refresh" || step.run < len(j.schedule.runs) || !step.prior.open() || before.Adopted ||
		j.schedule.rootHidden() || step.truth.Status != simulator.StatusRunning {
		return
	}

	// One look does not end a request otherwise than asked for.
	if len(compareShown(before.ImageID, before.KeyPairName, step.truth.ImageID, j.shownKey(step.truth.KeyPairName))) > 0 {
		return
	}

	if wipe, _ := j.cause(j.initial[step.server].ID, &before); wipe != nil && step.next.open() {
		j.add(invariantSettle, "%s: the request of %s is still open", j.where(step), elapsed(j.began, before.SubmittedAt))
	}
}

// checkTerraform checks what Terraform's core would not take, and what it would taint.
func (j *judge) checkTerraform(step *traceStep) {
	for _, text := range step.messages.errors {
		if strings.HasPrefix(text, impossible) {
			j.add(invariantTerraform, "%s: %s", j.where(step), text)
		}
	}

	if step.next.tainted && step.verb == "apply" {
		j.add(invariantTaint, "%s: %v", j.where(step), step.messages.errors)
	}
}

// checkCalls checks the calls that a correct client never makes.
func (j *judge) checkCalls() {
	for _, text := range j.violations {
		var n int

		if _, err := fmt.Sscanf(text, "#%d ", &n); err != nil || !j.excused(n) {
			j.add(invariantIllegal, "%s", text)
		}
	}
}

// excused reports whether a call got illegal on its way, through nobody's fault but the network's: it took effect long after
// it was given up, or it was on its way when the provider crashed and the next apply was quicker.
func (j *judge) excused(n int) bool {
	i := slices.IndexFunc(j.requests, func(r simulator.Request) bool { return r.N == n })
	if i < 0 {
		return false
	}

	request := &j.requests[i]
	crashed := slices.ContainsFunc(j.steps, func(s traceStep) bool {
		return s.crashed && j.initial[s.server].ID == request.ServerID && !request.Time.Before(s.began) && !request.Time.After(s.ended)
	})

	isLate := strings.Contains(request.Note, "late") || slices.ContainsFunc(j.schedule.runs, func(run scheduleRun) bool {
		return slices.ContainsFunc(run.faults, func(f scheduleFault) bool {
			return f.traits()&late != 0 && f.action == request.Action
		})
	}) && strings.Contains(request.Note, "gave up")

	return isLate || crashed && strings.Contains(request.Note, ": slow") || j.crossed(request)
}

// crossed reports whether another run has sent something to a server since the run of a request looked at it, or before that
// request got there: the cloud knows only what it has shown last, whoever has seen it.
func (j *judge) crossed(request *simulator.Request) bool {
	if strings.Contains(request.Note, ": slow") && slices.ContainsFunc(j.requests, func(r simulator.Request) bool {
		return r.ServerID == request.ServerID && r.N > request.N && r.Header.Get(scheduleRunHeader) != request.Header.Get(scheduleRunHeader) &&
			r.Time.Sub(request.Time) < longestLag
	}) {
		return true
	}

	if strings.Contains(request.Note, ": slow") && slices.ContainsFunc(j.wipes, func(w simulator.Wipe) bool {
		return w.ServerID == request.ServerID && w.Time.After(request.Time) && w.Time.Sub(request.Time) < longestLag
	}) {
		return true // one that was late itself
	}

	for _, r := range slices.Backward(j.requests) {
		if r.N >= request.N || r.ServerID != request.ServerID {
			continue
		}

		if r.Header.Get(scheduleRunHeader) != request.Header.Get(scheduleRunHeader) {
			return true
		}

		if r.Action == actionGet {
			return false
		}
	}

	return false
}
