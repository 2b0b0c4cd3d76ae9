package osreinstall

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
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
		j.wipesArePermitted(server)
		j.nothingIsLost(server)

		j.converges(server)
	}

	for i := range trace.steps {
		j.erasesThePlanned(&trace.steps[i])
		j.reasons(&trace.steps[i])
		j.stillSo(&trace.steps[i])
		j.refusals(&trace.steps[i])
		j.settles(&trace.steps[i])
		j.claims(&trace.steps[i])
		j.terraform(&trace.steps[i])
	}

	j.nothingIllegal()

	return j.found
}

// converges checks that there was nothing left to do in the end. A server that is gone stays in the state for good, and is
// not ready.
func (j *judge) converges(server int) {
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

func (j *judge) add(invariant, format string, args ...any) {
	j.found = append(j.found, violation{invariant, fmt.Sprintf(format, args...)})
}

// writes are the requests of a server that change it.
func (j *judge) writes(server int) []simulator.Request {
	return slices.DeleteFunc(slices.Clone(j.requests), func(r simulator.Request) bool {
		return r.Method == http.MethodGet || r.ServerID != j.initial[server].ID
	})
}

// during are the requests that arrived in the time of a step.
func (s *scheduleStep) during(requests []simulator.Request) []simulator.Request {
	return slices.DeleteFunc(slices.Clone(requests), func(r simulator.Request) bool {
		return r.Time.Before(s.began) || r.Time.After(s.ended) || r.Header.Get(scheduleRunHeader) != strconv.Itoa(s.run)
	})
}

// mayErase reports whether the plan of a step gives a reason for a reinstall.
func (s *scheduleStep) mayErase() bool {
	return s.permitted && slices.ContainsFunc(s.permit.reasons, func(reason string) bool { return reason != "resume" })
}

// posts are the reinstall requests among requests.
func posts(requests []simulator.Request) []simulator.Request {
	return slices.DeleteFunc(slices.Clone(requests), func(r simulator.Request) bool { return r.Action != actionReinstall })
}

// wipe is the erasure that a request has caused.
func (j *judge) wipe(request int) (simulator.Wipe, bool) {
	i := slices.IndexFunc(j.wipes, func(w simulator.Wipe) bool { return w.RequestN == request && request > 0 })
	if i < 0 {
		return simulator.Wipe{}, false
	}

	return j.wipes[i], true
}

// wipesArePermitted checks what every apply of a server sent against its permit.
func (j *judge) wipesArePermitted(server int) {
	writes := j.writes(server)
	allowed, seen := map[string]bool{}, 0

	for i := range j.steps {
		step := &j.steps[i]
		if step.server != server || step.verb != "apply" {
			continue
		}

		sent := step.during(writes)
		seen += len(sent)
		erases := step.mayErase()

		if erases {
			allowed[j.permitOf(step)] = true
		}

		if !erases && len(sent) > 0 {
			j.add(invariantPermit, "run %d, server %d: %d writes without a permit that erases", step.run, server, len(sent))
		}

		accepted := 0

		for _, post := range posts(sent) {
			if _, wiped := j.wipe(post.N); wiped {
				accepted++
			}
		}

		if accepted > 1 {
			j.add(invariantPermit, "run %d, server %d: %d accepted requests in one apply", step.run, server, accepted)
		}
	}

	if seen != len(writes) {
		j.add(invariantPermit, "server %d: %d writes, %d of them in an apply", server, len(writes), seen)
	}

	wipes := 0

	for _, w := range j.wipes {
		if w.ServerID == j.initial[server].ID && w.RequestN > 0 {
			wipes++
		}
	}

	if wipes > len(allowed) {
		j.add(invariantPermit, "server %d: %d erased disks, %d permits", server, wipes, len(allowed))
	}
}

// permitOf names the permit of a step. The permit of a saved plan is the same one whenever it is applied, as far as it can
// name the disk: the plan of a Create has seen none, one that waits first may erase the disk that it finds after that, and
// some services show none.
func (j *judge) permitOf(step *scheduleStep) string {
	if step.action == planUpdate && !step.permit.resumes() && step.prior.model.rootVolumeID() != "" && !j.schedule.rootHidden() {
		return fmt.Sprintf("of run %d", step.planned)
	}

	return fmt.Sprintf("in run %d", step.run)
}

// erasesThePlanned checks that what an Update erased is the disk that its plan was made for, or the one that the reinstall
// left for which it has waited.
func (j *judge) erasesThePlanned(step *scheduleStep) {
	if step.verb != "apply" || step.action != planUpdate || !step.mayErase() || step.permit.resumes() || j.schedule.rootHidden() {
		return
	}

	planned := step.prior.model.rootVolumeID()
	sent := step.during(j.requests)

	for _, post := range posts(sent) {
		wipe, wiped := j.wipe(post.N)
		if !wiped || planned == "" || wipe.OldRoot == planned || wipe.ServerID != j.initial[step.server].ID ||
			j.joined(step, sent, &wipe) || j.unseen(step, sent, &wipe) {
			continue
		}

		j.add(invariantDisk, "%s: request %d erased disk %.8s at %s, and the plan was made for %.8s",
			j.where(step), post.N, wipe.OldRoot, elapsed(j.began, wipe.Time), planned)
	}
}

// reasons checks that no plan erases for an argument that is what the last accepted request had, or is the same in another
// case, nor for a reinstall that has succeeded after all.
func (j *judge) reasons(step *scheduleStep) {
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
func (j *judge) tookOver(after, before *scheduleStep) bool {
	return slices.ContainsFunc(j.steps, func(s scheduleStep) bool {
		return s.verb == "plan" && s.workspace == before.workspace && s.server == before.server &&
			!s.began.Before(after.ended) && s.ended.Before(before.began) && s.verdicts.warned(summaryReimagedKept)
	})
}

// refusals checks that an apply which refuses a server for its system disk has met another one than the state knew of.
func (j *judge) refusals(step *scheduleStep) {
	if step.crashed || step.verb != "apply" || !slices.ContainsFunc(step.verdicts.errors, func(text string) bool {
		return strings.Contains(text, "another one than the plan was made for")
	}) {
		return
	}

	op, _ := step.prior.operation()

	if !slices.ContainsFunc(j.wipes, func(w simulator.Wipe) bool {
		return w.ServerID == j.initial[step.server].ID && w.Time.After(op.SubmittedAt) && !w.Time.After(step.ended) &&
			(w.Time.Sub(op.SubmittedAt) >= scheduleLost || !j.sentBy(w.RequestN, op.SubmittedAt))
	}) && j.lag(step) == 0 && j.lag(&scheduleStep{run: step.planned, server: step.server}) == 0 {
		j.add(invariantReason, "%s: refused for its system disk, which nobody else has erased", j.where(step))
	}
}

// sentBy reports whether a request was sent at a time.
func (j *judge) sentBy(request int, t time.Time) bool {
	return slices.ContainsFunc(j.requests, func(r simulator.Request) bool { return r.N == request && r.Time.Equal(t) })
}

// succeeded reports whether the server plainly showed, and for long, that a request has succeeded after all.
func (j *judge) succeeded(step *scheduleStep, op *reinstall.Operation) bool {
	run := step.run < len(j.schedule.runs)
	if run && (j.schedule.runs[step.run].blind || j.stranger(step) || len(j.faults(step)) > 0) || j.schedule.rootHidden() ||
		step.truth.Status != simulator.StatusRunning || j.touched(step, op) {
		return false
	}

	wipe, status := j.cause(j.initial[step.server].ID, op)

	return wipe != nil && status == simulator.StatusRunning && step.truth.Root() != op.Baseline.RootVolumeID &&
		len(compareShown(op.ImageID, op.KeyPairName, step.truth.ImageID, j.shownKey(step.truth.KeyPairName))) == 0
}

// stillSo checks that a server which no longer shows what it was to be erased for was not.
func (j *judge) stillSo(step *scheduleStep) {
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

// joined reports whether the disk that a request erased is one of a reinstall that a look of the step has shown in progress.
func (j *judge) joined(step *scheduleStep, sent []simulator.Request, wipe *simulator.Wipe) bool {
	return slices.ContainsFunc(j.wipes, func(w simulator.Wipe) bool {
		end, _ := j.ended(w.Time)

		return w.ServerID == wipe.ServerID && w.NewRoot == wipe.OldRoot && !j.atOnce(step.server, &w) &&
			slices.ContainsFunc(sent, func(r simulator.Request) bool {
				return r.ServerID == wipe.ServerID && !r.Time.Before(w.Time) && !r.Time.Add(-j.lag(step)).After(end)
			})
	})
}

// unseen reports whether somebody was quicker than a request: no look of the step was sure to show what they did.
func (j *judge) unseen(step *scheduleStep, sent []simulator.Request, wipe *simulator.Wipe) bool {
	looked := step.began

	for _, r := range sent {
		if r.N < wipe.RequestN && r.ServerID == wipe.ServerID && r.Action == actionGet && r.Status == http.StatusOK {
			looked = r.Time
		}
	}

	changed := slices.ContainsFunc(j.wipes, func(w simulator.Wipe) bool {
		return w.ServerID == wipe.ServerID && w.RequestN != wipe.RequestN && !w.Time.After(wipe.Time) &&
			!w.Time.Before(looked.Add(-j.lag(step)))
	})

	return changed || slices.ContainsFunc(j.outsides, func(o scheduleOutside) bool {
		return o.server == step.server && !o.time.After(wipe.Time) && !o.time.Before(looked.Add(-j.lag(step)))
	})
}

// lag is how far the looks of a step can lag behind the truth.
func (j *judge) lag(step *scheduleStep) time.Duration {
	for _, f := range j.faults(step) {
		if f.kind == faultStale || f.kind == "slow" || f.kind == "slow reply" || f.kind == faultInvisible || f.kind == faultNoVolumes {
			return scheduleLag
		}
	}

	return 0
}

// faults are those that a step may meet: its own, and those of a run beside it.
func (j *judge) faults(step *scheduleStep) []scheduleFault {
	if step.run >= len(j.schedule.runs) {
		return nil
	}

	return slices.DeleteFunc(j.schedule.together(step.run), func(f scheduleFault) bool { return f.server != step.server })
}

// ended tells when a reinstall that began at a time was over, and in what status.
func (j *judge) ended(began time.Time) (time.Time, string) {
	status := ""

	// The status is that of the run in which it began, which lasts until the next one begins.
	for _, change := range j.ends {
		if !change.time.After(began) {
			status = change.status
		}
	}

	if status == "" {
		status = simulator.StatusRunning
	}

	return began.Add(j.schedule.durations.Reinstall), status
}

// failedEnd reports whether a reinstall that ends so has failed.
func failedEnd(status string) bool {
	return status != simulator.StatusRunning && status != simulator.StatusStopped
}

// claims checks what a step made of a request that was open, or was not there, before.
func (j *judge) claims(step *scheduleStep) {
	if step.next.model == nil || step.verb == "plan" || step.verb == "refresh" && step.verdicts.failed() || step.crashed {
		j.errors(step)

		return
	}

	before, hadBefore := step.prior.operation()
	after, has := step.next.operation()

	j.readiness(step)

	if !has || hadBefore && before.SubmittedAt.Equal(after.SubmittedAt) && !before.State.Open() {
		j.errors(step)

		return
	}

	switch after.State {
	case reinstall.StateCompleted, reinstall.StateMismatched, reinstall.StateFailed:
		j.ending(step, &after)
	case reinstall.StateNotStarted:
		j.notStarted(step, &after)
	case reinstall.StateSubmitted, reinstall.StateUnknown:
	}

	j.errors(step)
}

// readiness checks that a server counts as ready if all is well with it, and only then. What an apply does not look at
// stays as the refresh has found it.
func (j *judge) readiness(step *scheduleStep) {
	before, _ := step.prior.operation()
	after, _ := step.next.operation()
	looked := step.verb == "refresh" || step.permitted && (before != after || step.shownAnew())
	lost := step.verdicts.notKnown() || !looked && step.prior.lost()

	if ready := step.next.model.Ready.ValueBool(); step.verb != "import" && ready != (step.next.well() && !lost) {
		j.add(invariantClaim, "%s: ready is %v with %q in status %s", j.where(step), ready, after.State, step.next.model.Status)
	}
}

// shownAnew reports whether the state shows the server otherwise after a step than before it.
func (s *scheduleStep) shownAnew() bool {
	return s.prior.model != nil && s.next.model != nil && s.prior.model.known() != s.next.model.known()
}

// accepted reports whether the service has taken a reinstall request for the server of a step, by the end of it.
func (j *judge) accepted(step *scheduleStep) bool {
	return slices.ContainsFunc(j.requests, func(r simulator.Request) bool {
		return r.ServerID == j.initial[step.server].ID && r.Action == actionReinstall && r.Accepted && !r.Time.After(step.ended)
	})
}

// ending checks that a reinstall took place and ended as is claimed.
func (j *judge) ending(step *scheduleStep, op *reinstall.Operation) {
	if op.Adopted && op.State != reinstall.StateCompleted {
		j.add(invariantClaim, "%s: %q, and it may be somebody else's", j.where(step), op.State)
	}

	if step.verdicts.vanished() || j.stranger(step) || !step.exists && op.State == reinstall.StateFailed {
		j.vanished(step, op)

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

	j.contents(step, op)
}

// effectless reports whether the service has accepted the request of an operation and done nothing. Who reinstalls the server
// after that seems to be the service.
func (j *judge) effectless(step *scheduleStep, op *reinstall.Operation) bool {
	return slices.ContainsFunc(posts(j.writes(step.server)), func(r simulator.Request) bool {
		return r.Time.Equal(op.SubmittedAt) && strings.Contains(r.Note, faultEffectless)
	})
}

// vanished checks that the service has not known a server, which is what it says to somebody else, too.
func (j *judge) vanished(step *scheduleStep, op *reinstall.Operation) {
	if !op.Adopted && op.State == reinstall.StateFailed && !j.accepted(step) && !j.effectless(step, op) {
		j.add(invariantClaim, "%s: %q, but no request was accepted", j.where(step), op.State)
	}

	if step.exists && !j.stranger(step) {
		j.add(invariantClaim, "%s: %q since it has vanished, but it is there", j.where(step), op.State)
	}
}

// stranger reports whether a step has the credentials of somebody who knows no server.
func (j *judge) stranger(step *scheduleStep) bool {
	return step.run < len(j.schedule.runs) && j.schedule.runs[step.run].stranger
}

// erasure is a reinstall, whoever began it.
type erasure struct {
	began, ended time.Time
	status       string // in which it ends
}

// String is the erasure as a detail shows it.
func (e erasure) String() string {
	return fmt.Sprintf("%s from %s to %s", e.status, e.began.Format(time.TimeOnly), e.ended.Format(time.TimeOnly))
}

func (e erasure) failed() bool { return failedEnd(e.status) }

// erasures are all reinstalls of a server.
func (j *judge) erasures(server int) []erasure {
	var all []erasure

	if transitionalReinstall(j.initial[server].Status) {
		all = append(all, erasure{j.began, j.began.Add(j.schedule.durations.Reinstall), simulator.StatusRunning})
	}

	for _, w := range j.wipes {
		if w.ServerID != j.initial[server].ID {
			continue
		}

		e := erasure{began: w.Time}
		e.ended, e.status = j.ended(w.Time)

		if j.atOnce(server, &w) {
			e.ended, e.status = w.Time, simulator.StatusRunning
		}

		all = append(all, e)
	}

	return all
}

// atOnce reports whether somebody erased the disk without taking any time.
func (j *judge) atOnce(server int, w *simulator.Wipe) bool {
	return w.Outside && slices.ContainsFunc(j.outsides, func(o scheduleOutside) bool {
		return o.server == server && o.kind == actReimage && o.time.Equal(w.Time)
	})
}

// mended reports whether somebody has started or stopped a server by the end of a step, after a reinstall that was all right
// but for the start.
func (j *judge) mended(step *scheduleStep, e erasure) bool {
	return e.status == simulator.StatusStartFailed && slices.ContainsFunc(j.outsides, func(o scheduleOutside) bool {
		return o.server == step.server && (o.kind == actPowerOn || o.kind == actPowerOff) && o.time.After(e.ended) &&
			!o.time.After(step.ended)
	})
}

// shown are the reinstalls whose end a step may show for an operation: its own, and those that somebody began after it,
// since nothing tells them apart. One that was adopted may have begun before, and a look that lags shows it as in progress
// when it is over.
func (j *judge) shown(step *scheduleStep, op *reinstall.Operation) []erasure {
	return slices.DeleteFunc(j.erasures(step.server), func(e erasure) bool {
		began := e.began.Before(op.SubmittedAt)
		if op.Adopted {
			began = e.ended.Add(scheduleLag).Before(op.SubmittedAt)
		}

		return began || e.ended.After(step.ended)
	})
}

// settles checks that a refresh, once nothing goes wrong, notices an end that the machine plainly shows.
func (j *judge) settles(step *scheduleStep) {
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

// cause is the erasure by the request of an operation, with the status in which it ends.
func (j *judge) cause(id string, op *reinstall.Operation) (*simulator.Wipe, string) {
	for _, post := range posts(j.requests) {
		if post.ServerID != id || !post.Time.Equal(op.SubmittedAt) {
			continue
		}

		if wipe, ok := j.wipe(post.N); ok {
			_, status := j.ended(wipe.Time)

			return &wipe, status
		}
	}

	return nil, ""
}

// scheduleLag is how far a look can lag behind the truth: by a stale reply, and by one that is slow to come.
const scheduleLag = 4 * time.Minute

func transitionalReinstall(status string) bool {
	return status == simulator.StatusReinstallingOS || status == simulator.StatusReinstallOS
}

// contents checks what is claimed of the image and the key pair against what the service shows without any fault.
func (j *judge) contents(step *scheduleStep, op *reinstall.Operation) {
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

// shownKey is what the service shows of a key pair; nil: nothing.
func (j *judge) shownKey(key string) *string {
	if b := j.schedule.behavior; b.HideKeyPair || key == "" && !b.EmptyKeyPair {
		return nil
	}

	return &key
}

// compareShown lists where a server is not as wanted, as far as the service shows it. It is the judge's own, so that the
// judge does not share the faults of what it judges.
func compareShown(wantImage, wantKeyPair, image string, keyPair *string) []string {
	var differences []string

	if image != "" && wantImage != "" && strings.ToLower(wantImage) != image {
		differences = append(differences, fmt.Sprintf("image_id is %.4s, not %.4s", image, wantImage))
	}

	if wantKeyPair != "" && keyPair != nil && *keyPair != wantKeyPair {
		differences = append(differences, fmt.Sprintf("key_pair_name is %q, not %q", *keyPair, wantKeyPair))
	}

	return differences
}

// touched reports whether somebody changed the server when it was too late for a look of the step to be sure to show it. A
// step lasts as long as those of the other servers of its run.
func (j *judge) touched(step *scheduleStep, op *reinstall.Operation) bool {
	looked, own := step.began, 0

	if wipe, _ := j.cause(j.initial[step.server].ID, op); wipe != nil {
		own = wipe.RequestN
	}

	// Of a wait that another request was to follow, nothing tells when it was over.
	if step.verb == "apply" && step.permit.resumes() && step.mayErase() {
		return true
	}

	for _, request := range step.during(j.requests) {
		if request.ServerID == j.initial[step.server].ID {
			looked = request.Time
		}
	}

	if slices.ContainsFunc(j.wipes, func(w simulator.Wipe) bool {
		return w.ServerID == j.initial[step.server].ID && w.RequestN != own && !w.Time.After(step.ended) &&
			w.Time.After(looked.Add(-scheduleLag))
	}) {
		return true
	}

	return slices.ContainsFunc(j.outsides, func(o scheduleOutside) bool {
		return o.server == step.server && !o.time.After(step.ended) && o.time.After(looked.Add(-scheduleLag))
	})
}

// notStarted checks that a request which is said to have had no effect has none, now and later, and that a reinstall which
// is said to have ended otherwise than asked for has.
func (j *judge) notStarted(step *scheduleStep, op *reinstall.Operation) {
	if !op.Adopted {
		if wipe, _ := j.cause(j.initial[step.server].ID, op); wipe != nil && wipe.Time.Sub(op.SubmittedAt) < scheduleLost {
			j.add(invariantClaim, "%s: not started, but the disk was erased at %s", j.where(step), elapsed(j.began, wipe.Time))
		}

		return
	}

	shown := j.shown(step, op)

	switch {
	case step.verdicts.vanished(), j.stranger(step), !step.exists:
		j.vanished(step, op)
	case len(shown) == 0:
		j.add(invariantClaim, "%s: ended otherwise, but no reinstall has ended since %s", j.where(step), elapsed(j.began, op.SubmittedAt))
	case !slices.ContainsFunc(shown, erasure.failed):
		j.contents(step, op)
	}
}

// scheduleLost is the time after which a request that has shown no effect counts as lost, as far as can be seen.
const scheduleLost = 5 * time.Minute

// errors checks an error which says that nothing was erased.
func (j *judge) errors(step *scheduleStep) {
	if step.crashed || step.verb != "apply" || !slices.ContainsFunc(step.verdicts.errors, func(text string) bool {
		return strings.Contains(strings.ToLower(text), "nothing was erased")
	}) {
		return
	}

	for _, post := range posts(step.during(j.writes(step.server))) {
		// Of a server that is gone nobody can tell whether the service was wrong to refuse the request.
		if !step.exists && refusedPost(&post) {
			continue
		}

		if wipe, ok := j.wipe(post.N); ok && wipe.Time.Sub(post.Time) < scheduleLost {
			j.add(invariantClaim, "%s: nothing was erased, it says, but request %d did at %s",
				j.where(step), post.N, elapsed(j.began, wipe.Time))
		}
	}
}

// refusedPost reports whether the service said that it did not process a request.
func refusedPost(post *simulator.Request) bool {
	return post.Status >= http.StatusBadRequest && post.Status < http.StatusInternalServerError
}

// nothingIsLost checks that the state has every request that was accepted.
func (j *judge) nothingIsLost(server int) {
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

		j.applyLoses(step, posts(step.during(writes)))
	}
}

// applyLoses checks that an apply has kept the request that it sent, or the one before.
func (j *judge) applyLoses(step *scheduleStep, sent []simulator.Request) {
	before, hadBefore := step.prior.operation()
	after, has := step.next.operation()

	for _, post := range sent {
		wipe, wiped := j.wipe(post.N)
		// Once one of several was answered as not processed, what follows may be that one.
		kept := has && (after.SubmittedAt.Equal(post.Time) || after.Adopted && !after.SubmittedAt.Before(step.began))
		if !wiped || kept || wipe.Time.Sub(post.Time) >= scheduleLost || !step.exists && refusedPost(&post) {
			continue
		}

		// A Create that ended in a failed status leaves nothing in the state, so that the next one is a Create again.
		if step.next.model == nil && step.verdicts.failed() && (!step.exists ||
			slices.ContainsFunc(j.shown(step, &reinstall.Operation{SubmittedAt: post.Time}), erasure.failed)) {
			continue
		}

		// One that may be somebody else's, since the answer was lost, and ended otherwise than asked for, was not the request,
		// which is still to come.
		if (post.Status != http.StatusOK || strings.Contains(post.Note, actionReinstall+": ")) && step.verdicts.otherEnd() {
			continue
		}

		j.add(invariantLoss, "%s: request %d was accepted and is not in the state", j.where(step), post.N)
	}

	if len(sent) == 0 && step.action == planUpdate && hadBefore && !after.Adopted &&
		(!has || !before.SubmittedAt.Equal(after.SubmittedAt)) {
		j.add(invariantLoss, "%s: the request of %s is gone", j.where(step), elapsed(j.began, before.SubmittedAt))
	}
}

// terraform checks what Terraform's core would not take, and what it would taint.
func (j *judge) terraform(step *scheduleStep) {
	for _, text := range step.verdicts.errors {
		if strings.HasPrefix(text, impossible) {
			j.add(invariantTerraform, "%s: %s", j.where(step), text)
		}
	}

	if step.next.tainted && step.verb == "apply" {
		j.add(invariantTaint, "%s: %v", j.where(step), step.verdicts.errors)
	}
}

// nothingIllegal checks the calls that a correct client never makes.
func (j *judge) nothingIllegal() {
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
	crashed := slices.ContainsFunc(j.steps, func(s scheduleStep) bool {
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
			r.Time.Sub(request.Time) < scheduleLag
	}) {
		return true
	}

	if strings.Contains(request.Note, ": slow") && slices.ContainsFunc(j.wipes, func(w simulator.Wipe) bool {
		return w.ServerID == request.ServerID && w.Time.After(request.Time) && w.Time.Sub(request.Time) < scheduleLag
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

// where names a step.
func (j *judge) where(step *scheduleStep) string {
	return fmt.Sprintf("run %d, server %d, %s at %s", step.run, step.server, step.verb, elapsed(j.began, step.ended))
}
