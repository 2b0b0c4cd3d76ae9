package osreinstall

import (
	"slices"
	"strings"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// checkClaims checks what a step made of a request that was open, or was not there, before.
func (j *judge) checkClaims(step *traceStep) {
	if step.next.model == nil || step.verb == "plan" || step.verb == "refresh" && step.messages.failed() || step.crashed {
		j.checkErrors(step)

		return
	}

	before, hadBefore := step.prior.operation()
	after, has := step.next.operation()

	j.checkReadiness(step)

	if !has || hadBefore && before.SubmittedAt.Equal(after.SubmittedAt) && !before.State.Open() {
		j.checkErrors(step)

		return
	}

	switch after.State {
	case reinstall.StateCompleted, reinstall.StateMismatched, reinstall.StateFailed:
		j.checkEnding(step, &after)
	case reinstall.StateNotStarted:
		j.checkNotStarted(step, &after)
	case reinstall.StateSubmitted, reinstall.StateUnknown:
	}

	j.checkErrors(step)
}

// checkReadiness checks that a server counts as ready if all is well with it, and only then. What an apply does not look at
// stays as the refresh has found it.
func (j *judge) checkReadiness(step *traceStep) {
	before, _ := step.prior.operation()
	after, _ := step.next.operation()
	looked := step.verb == "refresh" || step.permitted && (before != after || step.shownDifferently())
	lost := step.messages.notFound() || !looked && step.prior.notFound()

	if ready := step.next.model.Ready.ValueBool(); step.verb != "import" && ready != (step.next.healthy() && !lost) {
		j.add(invariantClaim, "%s: ready is %v with %q in status %s", j.where(step), ready, after.State, step.next.model.Status)
	}
}

// checkEnding checks that a reinstall took place and ended as is claimed.
func (j *judge) checkEnding(step *traceStep, op *reinstall.Operation) {
	if op.Adopted && op.State != reinstall.StateCompleted {
		j.add(invariantClaim, "%s: %q, and it may be somebody else's", j.where(step), op.State)
	}

	if step.messages.vanished() || j.stranger(step) || !step.exists && op.State == reinstall.StateFailed {
		j.checkVanished(step, op)

		return // whatever the reinstall did
	}

	if wipe, _ := j.cause(j.initial[step.server].ID, op); wipe == nil && !op.Adopted && !j.effectless(step, op) {
		j.add(invariantClaim, "%s: %q, but the request of %s erased nothing", j.where(step), op.State, elapsed(j.began, op.SubmittedAt))

		return
	}

	shown := j.shown(step, op)
	if !slices.ContainsFunc(shown, func(e erasure) bool {
		return e.failed() == (op.State == reinstall.StateFailed) || j.mended(step, e)
	}) {
		j.add(invariantClaim, "%s: %q, but what has ended since %s is %v", j.where(step), op.State,
			elapsed(j.began, op.SubmittedAt), shown)

		return
	}

	j.checkContents(step, op)
}

// checkVanished checks that the service has not known a server, which is what it says to somebody else, too.
func (j *judge) checkVanished(step *traceStep, op *reinstall.Operation) {
	if !op.Adopted && op.State == reinstall.StateFailed && !j.accepted(step) && !j.effectless(step, op) {
		j.add(invariantClaim, "%s: %q, but no request was accepted", j.where(step), op.State)
	}

	if step.exists && !j.stranger(step) {
		j.add(invariantClaim, "%s: %q since it has vanished, but it is there", j.where(step), op.State)
	}
}

// checkContents checks what is claimed of the image and the key pair against what the service shows without any fault.
func (j *judge) checkContents(step *traceStep, op *reinstall.Operation) {
	if !step.exists || op.State == reinstall.StateFailed || step.maySkip || j.touched(step, op) {
		return
	}

	b := j.schedule.behavior
	image, key := step.truth.ImageID, step.truth.KeyPairName

	if b.HideImage {
		image = ""
	}

	differences := compareShown(op.ImageID, op.KeyPairName, image, j.shownKey(key))
	if (len(differences) > 0) != (op.State != reinstall.StateCompleted) {
		j.add(invariantClaim, "%s: %q, but the server differs in %v", j.where(step), op.State, differences)
	}

	// What somebody has installed after the request is drift.
	since := slices.ContainsFunc(j.wipes, func(w simulator.Wipe) bool {
		return w.Outside && w.ServerID == j.initial[step.server].ID && w.Time.After(op.SubmittedAt)
	})

	inputs := compareShown(step.next.model.ImageID.ValueString(), "", image, nil)
	if op.State == reinstall.StateCompleted && len(inputs) > 0 && (!since || op.Adopted) {
		j.add(invariantClaim, "%s: %q, but not for what the state asks for: %v", j.where(step), op.State, inputs)
	}
}

// checkNotStarted checks that a request which is said to have had no effect has none, now and later, and that a reinstall which
// is said to have ended otherwise than asked for has.
func (j *judge) checkNotStarted(step *traceStep, op *reinstall.Operation) {
	if !op.Adopted {
		if wipe, _ := j.cause(j.initial[step.server].ID, op); wipe != nil && wipe.Time.Sub(op.SubmittedAt) < lostAfter {
			j.add(invariantClaim, "%s: not started, but the disk was erased at %s", j.where(step), elapsed(j.began, wipe.Time))
		}

		return
	}

	shown := j.shown(step, op)

	switch {
	case step.messages.vanished(), j.stranger(step), !step.exists:
		j.checkVanished(step, op)
	case len(shown) == 0:
		j.add(invariantClaim, "%s: ended otherwise, but no reinstall has ended since %s", j.where(step), elapsed(j.began, op.SubmittedAt))
	case !slices.ContainsFunc(shown, erasure.failed):
		j.checkContents(step, op)
	}
}

// checkErrors checks an error which says that nothing was erased.
func (j *judge) checkErrors(step *traceStep) {
	if step.crashed || step.verb != "apply" || !slices.ContainsFunc(step.messages.errors, func(text string) bool {
		return strings.Contains(strings.ToLower(text), "nothing was erased")
	}) {
		return
	}

	for _, post := range posts(step.during(j.writes(step.server))) {
		// Of a server that is gone nobody can tell whether the service was wrong to refuse the request.
		if !step.exists && refusedPost(&post) {
			continue
		}

		if wipe, ok := j.wipe(post.N); ok && wipe.Time.Sub(post.Time) < lostAfter {
			j.add(invariantClaim, "%s: nothing was erased, it says, but request %d did at %s",
				j.where(step), post.N, elapsed(j.began, wipe.Time))
		}
	}
}
