package osreinstall

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// checkPermits checks what every apply of a server sent against its permit.
func (j *judge) checkPermits(server int) {
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

		if erases && j.repeats(step) == nil {
			allowed[j.permitName(step)] = true
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

// permitName names the permit of a step. The permit of a saved plan is the same one whenever it is applied, as far as it can
// name the disk: the plan of a Create has seen none, one that waits first may erase the disk that it finds after that, and
// some services show none.
func (j *judge) permitName(step *traceStep) string {
	if step.action == planUpdate && !step.permit.resumes() && step.prior.model.rootVolumeID() != "" && !j.schedule.rootHidden() {
		return fmt.Sprintf("of run %d", step.planned)
	}

	return fmt.Sprintf("in run %d", step.run)
}

// checkDisk checks that what an Update erased is the disk that its plan was made for, or the one that the reinstall
// left for which it has waited.
func (j *judge) checkDisk(step *traceStep) {
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

// joined reports whether the disk that a request erased is one of a reinstall that a look of the step has shown in progress.
func (j *judge) joined(step *traceStep, sent []simulator.Request, wipe *simulator.Wipe) bool {
	return slices.ContainsFunc(j.wipes, func(w simulator.Wipe) bool {
		end, _ := j.endOf(w.Time)

		return w.ServerID == wipe.ServerID && w.NewRoot == wipe.OldRoot && !j.atOnce(step.server, &w) &&
			slices.ContainsFunc(sent, func(r simulator.Request) bool {
				return r.ServerID == wipe.ServerID && !r.Time.Before(w.Time) && !r.Time.Add(-j.lagOf(step)).After(end)
			})
	})
}

// unseen reports whether somebody was quicker than a request: no look of the step was sure to show what they did.
func (j *judge) unseen(step *traceStep, sent []simulator.Request, wipe *simulator.Wipe) bool {
	looked := step.began

	for _, r := range sent {
		if r.N < wipe.RequestN && r.ServerID == wipe.ServerID && r.Action == actionGet && r.Status == http.StatusOK {
			looked = r.Time
		}
	}

	changed := slices.ContainsFunc(j.wipes, func(w simulator.Wipe) bool {
		return w.ServerID == wipe.ServerID && w.RequestN != wipe.RequestN && !w.Time.After(wipe.Time) &&
			!w.Time.Before(looked.Add(-j.lagOf(step)))
	})

	return changed || slices.ContainsFunc(j.acts, func(o traceAct) bool {
		return o.server == step.server && !o.time.After(wipe.Time) && !o.time.Before(looked.Add(-j.lagOf(step)))
	})
}
