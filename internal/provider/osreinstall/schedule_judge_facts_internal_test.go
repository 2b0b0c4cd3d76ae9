package osreinstall

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// writes are the requests of a server that change it.
func (j *judge) writes(server int) []simulator.Request {
	return slices.DeleteFunc(slices.Clone(j.requests), func(r simulator.Request) bool {
		return r.Method == http.MethodGet || r.ServerID != j.initial[server].ID
	})
}

// posts are the reinstall requests among requests.
func posts(requests []simulator.Request) []simulator.Request {
	return slices.DeleteFunc(slices.Clone(requests), func(r simulator.Request) bool { return r.Action != actionReinstall })
}

// refusedPost reports whether the service said that it did not process a request.
func refusedPost(post *simulator.Request) bool {
	return post.Status >= http.StatusBadRequest && post.Status < http.StatusInternalServerError
}

// wipe is the erasure that a request has caused.
func (j *judge) wipe(request int) (simulator.Wipe, bool) {
	i := slices.IndexFunc(j.wipes, func(w simulator.Wipe) bool { return w.RequestN == request && request > 0 })
	if i < 0 {
		return simulator.Wipe{}, false
	}

	return j.wipes[i], true
}

// cause is the erasure by the request of an operation, with the status in which it ends.
func (j *judge) cause(id string, op *reinstall.Operation) (*simulator.Wipe, string) {
	for _, post := range posts(j.requests) {
		if post.ServerID != id || !post.Time.Equal(op.SubmittedAt) {
			continue
		}

		if wipe, ok := j.wipe(post.N); ok {
			_, status := j.endOf(wipe.Time)

			return &wipe, status
		}
	}

	return nil, ""
}

// sentBy reports whether a request was sent at a time.
func (j *judge) sentBy(request int, t time.Time) bool {
	return slices.ContainsFunc(j.requests, func(r simulator.Request) bool { return r.N == request && r.Time.Equal(t) })
}

// accepted reports whether the service has taken a reinstall request for the server of a step, by the end of it.
func (j *judge) accepted(step *traceStep) bool {
	return slices.ContainsFunc(j.requests, func(r simulator.Request) bool {
		return r.ServerID == j.initial[step.server].ID && r.Action == actionReinstall && r.Accepted && !r.Time.After(step.ended)
	})
}

// effectless reports whether the service has accepted the request of an operation and done nothing. Who reinstalls the server
// after that seems to be the service.
func (j *judge) effectless(step *traceStep, op *reinstall.Operation) bool {
	return slices.ContainsFunc(posts(j.writes(step.server)), func(r simulator.Request) bool {
		return r.Time.Equal(op.SubmittedAt) && strings.Contains(r.Note, faultEffectless)
	})
}

// stranger reports whether a step has the credentials of somebody who knows no server.
func (j *judge) stranger(step *traceStep) bool {
	return step.run < len(j.schedule.runs) && j.schedule.runs[step.run].stranger
}

// faultsOf are those that a step may meet: its own, and those of a run beside it.
func (j *judge) faultsOf(step *traceStep) []scheduleFault {
	if step.run >= len(j.schedule.runs) {
		return nil
	}

	return slices.DeleteFunc(j.schedule.faultsTogether(step.run), func(f scheduleFault) bool { return f.server != step.server })
}

// longestLag is how far a look can lag behind the truth: by a stale reply, and by one that is slow to come.
const longestLag = 4 * time.Minute

// lagOf is how far the looks of a step can lag behind the truth.
func (j *judge) lagOf(step *traceStep) time.Duration {
	for _, f := range j.faultsOf(step) {
		if f.kind == faultStale || f.kind == "slow" || f.kind == "slow reply" || f.kind == faultInvisible || f.kind == faultNoVolumes {
			return longestLag
		}
	}

	return 0
}

// lostAfter is the time after which a request that has shown no effect counts as lost, as far as can be seen.
const lostAfter = 5 * time.Minute

// endOf tells when a reinstall that began at a time was over, and in what status.
func (j *judge) endOf(began time.Time) (time.Time, string) {
	status := ""

	// The status is that of the run in which it began, which lasts until the next one begins.
	for _, change := range j.endStatuses {
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

func transitionalReinstall(status string) bool {
	return status == simulator.StatusReinstallingOS || status == simulator.StatusReinstallOS
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
		e.ended, e.status = j.endOf(w.Time)

		if j.atOnce(server, &w) {
			e.ended, e.status = w.Time, simulator.StatusRunning
		}

		all = append(all, e)
	}

	return all
}

// atOnce reports whether somebody erased the disk without taking any time.
func (j *judge) atOnce(server int, w *simulator.Wipe) bool {
	return w.Outside && slices.ContainsFunc(j.acts, func(o traceAct) bool {
		return o.server == server && o.kind == actReimage && o.time.Equal(w.Time)
	})
}

// mended reports whether somebody has started or stopped a server by the end of a step, after a reinstall that was all right
// but for the start.
func (j *judge) mended(step *traceStep, e erasure) bool {
	return e.status == simulator.StatusStartFailed && slices.ContainsFunc(j.acts, func(o traceAct) bool {
		return o.server == step.server && (o.kind == actPowerOn || o.kind == actPowerOff) && o.time.After(e.ended) &&
			!o.time.After(step.ended)
	})
}

// shown are the reinstalls whose end a step may show for an operation: its own, and those that somebody began after it,
// since nothing tells them apart. One that was adopted may have begun before, and a look that lags shows it as in progress
// when it is over.
func (j *judge) shown(step *traceStep, op *reinstall.Operation) []erasure {
	return slices.DeleteFunc(j.erasures(step.server), func(e erasure) bool {
		began := e.began.Before(op.SubmittedAt)
		if op.Adopted {
			began = e.ended.Add(longestLag).Before(op.SubmittedAt)
		}

		return began || e.ended.After(step.ended)
	})
}

// touched reports whether somebody changed the server when it was too late for a look of the step to be sure to show it. A
// step lasts as long as those of the other servers of its run.
func (j *judge) touched(step *traceStep, op *reinstall.Operation) bool {
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
			w.Time.After(looked.Add(-longestLag))
	}) {
		return true
	}

	return slices.ContainsFunc(j.acts, func(o traceAct) bool {
		return o.server == step.server && !o.time.After(step.ended) && o.time.After(looked.Add(-longestLag))
	})
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
