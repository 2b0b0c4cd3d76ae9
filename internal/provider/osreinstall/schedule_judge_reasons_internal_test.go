package osreinstall

import (
	"slices"
	"strings"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// checkReasons checks that no plan erases for an argument that is what the last accepted request had, or is the same in another
// case, nor for a reinstall that has succeeded after all.
func (j *judge) checkReasons(step *traceStep) {
	if step.verb != "plan" || step.action != planUpdate || !step.permitted {
		return
	}

	before, asked := step.prior.operation()
	has := func(reason string) bool { return slices.Contains(step.permit.reasons, reason) }

	if in := &step.inputs; has("image_id") && strings.EqualFold(in.image, step.prior.model.ImageID.ValueString()) {
		j.add(invariantReason, "%s: image_id is a reason, and only its case has changed", j.where(step))
	}

	for i := range j.steps {
		earlier := &j.steps[i]

		after, ok := earlier.next.operation()
		if !asked || !ok || earlier.verb != "apply" || !earlier.mayErase() ||
			earlier.workspace != step.workspace || earlier.server != step.server || !after.SubmittedAt.Equal(before.SubmittedAt) {
			continue
		}

		if after.Adopted != before.Adopted || j.tookOver(earlier, step) {
			break // a plan has taken other arguments into the state since
		}

		was, is := &earlier.inputs, &step.inputs
		if has("triggers") && was.trigger == is.trigger || has("user_data") && was.userData == is.userData ||
			has("admin_pass_wo_version") && was.version == is.version {
			j.add(invariantReason, "%s: %v, and these are what request %s had", j.where(step), step.permit.reasons,
				elapsed(j.began, before.SubmittedAt))
		}

		break
	}

	if status := step.prior.model.Status.ValueString(); transitional(status) && slices.ContainsFunc(step.permit.reasons, func(r string) bool {
		return strings.HasPrefix(r, reasonDrift)
	}) {
		j.add(invariantReason, "%s: %v, of a server in status %s", j.where(step), step.permit.reasons, status)
	}

	if has("failed") && j.succeeded(step, &before) {
		j.add(invariantReason, "%s: it counts as failed, and the server shows that it has succeeded", j.where(step))
	}
}

// tookOver reports whether a plan between two steps has taken arguments into the state for a disk that it did not know.
func (j *judge) tookOver(after, before *traceStep) bool {
	return slices.ContainsFunc(j.steps, func(s traceStep) bool {
		return s.verb == "plan" && s.workspace == before.workspace && s.server == before.server &&
			!s.began.Before(after.ended) && s.ended.Before(before.began) && s.messages.warned(summaryReimagedKept)
	})
}

// succeeded reports whether the server plainly showed, and for long, that a request has succeeded after all.
func (j *judge) succeeded(step *traceStep, op *reinstall.Operation) bool {
	run := step.run < len(j.schedule.runs)
	if run && (j.schedule.runs[step.run].skipRefresh || j.stranger(step) || len(j.faultsOf(step)) > 0) || j.schedule.rootHidden() ||
		step.truth.Status != simulator.StatusRunning || j.touched(step, op) {
		return false
	}

	wipe, status := j.cause(j.initial[step.server].ID, op)

	return wipe != nil && status == simulator.StatusRunning && step.truth.Root() != op.Baseline.RootVolumeID &&
		len(compareShown(op.ImageID, op.KeyPairName, step.truth.ImageID, j.shownKey(step.truth.KeyPairName))) == 0
}

// checkDrift checks that a server which no longer shows what it was to be erased for was not.
func (j *judge) checkDrift(step *traceStep) {
	drift := func(reason string) bool { return strings.HasPrefix(reason, reasonDrift) }
	if step.verb != "apply" || !step.mayErase() || slices.ContainsFunc(step.permit.reasons, func(r string) bool { return !drift(r) }) {
		return
	}

	sent := step.during(j.writes(step.server))
	for _, post := range posts(sent) {
		wipe, wiped := j.wipe(post.N)
		if !wiped || j.unseen(step, step.during(j.requests), &wipe) {
			continue
		}

		image := wipe.OldImageID
		if j.schedule.behavior.HideImage {
			image = ""
		}

		// A key pair that is no longer shown may be gone, and then the server is not what is wanted.
		if len(compareShown(step.inputs.image, step.inputs.key, image, &wipe.OldKeyPairName)) == 0 {
			j.add(invariantReason, "%s: %v was no longer so when request %d erased the disk", j.where(step), step.permit.reasons, post.N)
		}
	}
}

// checkRefusal checks that an apply which refuses a server for its system disk has met another one than the state knew of.
func (j *judge) checkRefusal(step *traceStep) {
	if step.crashed || step.verb != "apply" || !slices.ContainsFunc(step.messages.errors, func(text string) bool {
		return strings.Contains(text, "another one than the plan was made for")
	}) {
		return
	}

	op, _ := step.prior.operation()

	if !slices.ContainsFunc(j.wipes, func(w simulator.Wipe) bool {
		return w.ServerID == j.initial[step.server].ID && w.Time.After(op.SubmittedAt) && !w.Time.After(step.ended) &&
			(w.Time.Sub(op.SubmittedAt) >= lostAfter || !j.sentBy(w.RequestN, op.SubmittedAt))
	}) && j.lagOf(step) == 0 && j.lagOf(&traceStep{run: step.planned, server: step.server}) == 0 {
		j.add(invariantReason, "%s: refused for its system disk, which nobody else has erased", j.where(step))
	}
}
