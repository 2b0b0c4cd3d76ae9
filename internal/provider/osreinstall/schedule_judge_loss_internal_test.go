package osreinstall

import (
	"net/http"
	"slices"
	"strings"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// checkLoss checks that the state has every request that was accepted.
func (j *judge) checkLoss(server int) {
	writes := j.writes(server)

	for i := range j.steps {
		step := &j.steps[i]
		if step.server != server || step.crashed || step.verb == "plan" {
			continue
		}

		before, hadBefore := step.prior.operation()
		after, has := step.next.operation()

		if step.verb != "apply" {
			if hadBefore && (!has || !before.SubmittedAt.Equal(after.SubmittedAt)) {
				j.add(invariantLoss, "%s: the request of %s is gone", j.where(step), elapsed(j.began, before.SubmittedAt))
			}

			if step.prior.model != nil && step.next.model == nil {
				j.add(invariantLoss, "%s: the server has left the state", j.where(step))
			}

			continue
		}

		j.checkApplyLoss(step, posts(step.during(writes)))
	}
}

// checkApplyLoss checks that an apply has kept the request that it sent, or the one before.
func (j *judge) checkApplyLoss(step *traceStep, sent []simulator.Request) {
	before, hadBefore := step.prior.operation()
	after, has := step.next.operation()

	for _, post := range sent {
		wipe, wiped := j.wipe(post.N)
		// Once one of several was answered as not processed, what follows may be that one.
		kept := has && (after.SubmittedAt.Equal(post.Time) || after.Adopted && !after.SubmittedAt.Before(step.began))
		if !wiped || kept || wipe.Time.Sub(post.Time) >= lostAfter || !step.exists && refusedPost(&post) {
			continue
		}

		// A Create that ended in a failed status leaves nothing in the state, so that the next one is a Create again.
		if step.next.model == nil && step.messages.failed() && (!step.exists ||
			slices.ContainsFunc(j.shown(step, &reinstall.Operation{SubmittedAt: post.Time}), erasure.failed)) {
			continue
		}

		// One that may be somebody else's, since the answer was lost, and ended otherwise than asked for, was not the request,
		// which is still to come.
		if (post.Status != http.StatusOK || strings.Contains(post.Note, actionReinstall+": ")) && step.messages.otherEnd() {
			continue
		}

		j.add(invariantLoss, "%s: request %d was accepted and is not in the state", j.where(step), post.N)
	}

	if len(sent) == 0 && step.action == planUpdate && hadBefore && !after.Adopted && !j.takesUp(step) &&
		(!has || !before.SubmittedAt.Equal(after.SubmittedAt)) {
		j.add(invariantLoss, "%s: the request of %s is gone", j.where(step), elapsed(j.began, before.SubmittedAt))
	}
}
