package osreinstall

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// keptSummary is the summary of the warning that the result of an earlier request was kept.
const keptSummary = "Earlier reinstall was kept"

// checkJournal checks that an apply that repeats a crashed one erases nothing again, and what it says about that.
func (j *judge) checkJournal(step *traceStep) {
	if step.verb != "apply" {
		return
	}

	if first := j.repeats(step); first != nil {
		for _, post := range posts(step.during(j.writes(step.server))) {
			if wipe, wiped := j.wipe(post.N); wiped {
				j.add(invariantOnce, "%s: request %d erased at %s what request %d had installed at %s, and that was as asked",
					j.where(step), post.N, elapsed(j.began, wipe.Time), first.RequestN, elapsed(j.began, first.Time))
			}
		}
	}

	if !step.crashed {
		j.checkKept(step)
	}
}

// repeats returns the reinstall that a step asks for again: the last one of its server was sent by an apply of the same
// inputs that crashed, ended as asked, and no state has it. It returns nil if there is none, if the server does not show its
// system disk, or if anybody else has touched the server: then nobody can know.
func (j *judge) repeats(step *traceStep) *simulator.Wipe {
	s, id := j.schedule, j.initial[step.server].ID

	if step.verb != "apply" || !step.mayErase() || !s.journals[step.workspace] || s.lastWorkspace() > 0 || s.rootHidden() ||
		slices.ContainsFunc(j.acts, func(o traceAct) bool { return o.server == step.server && !o.time.After(step.ended) }) {
		return nil
	}

	var last *simulator.Wipe

	for i := range j.wipes {
		if w := &j.wipes[i]; w.ServerID == id && w.Time.Before(step.began) {
			last = w
		}
	}

	if last == nil || last.Outside {
		return nil
	}

	post := j.request(last.RequestN)
	sender := j.sender(step.server, post)

	if sender == nil || !sender.crashed || !installsSame(&sender.inputs, &step.inputs) || !j.asAsked(last, &step.inputs) ||
		last.Time.Sub(post.Time) >= lostAfter || refusedPost(post) || j.takenIn(sender, step) {
		return nil
	}

	return last
}

// request returns the request with a number.
func (j *judge) request(n int) *simulator.Request {
	return &j.requests[slices.IndexFunc(j.requests, func(r simulator.Request) bool { return r.N == n })]
}

// sender returns the apply that has sent a request; nil: none has.
func (j *judge) sender(server int, post *simulator.Request) *traceStep {
	for i := range j.steps {
		step := &j.steps[i]
		if step.server == server && step.verb == "apply" && post.Header.Get(scheduleRunHeader) == strconv.Itoa(step.run) {
			return step
		}
	}

	return nil
}

// takenIn reports whether a state may have taken in, between two applies, what the first one asked for: an apply between them
// came to an end without an error.
func (j *judge) takenIn(first, second *traceStep) bool {
	return slices.ContainsFunc(j.steps, func(s traceStep) bool {
		return s.verb == "apply" && s.server == first.server && s.action != planNothing && s.run > first.run && s.run < second.run &&
			!s.crashed && !s.messages.failed()
	})
}

// asAsked reports whether a reinstall ends with what the inputs ask for.
func (j *judge) asAsked(w *simulator.Wipe, in *scheduleInputs) bool {
	_, status := j.endOf(w.Time)

	return status == simulator.StatusRunning && (in.image == "" || strings.EqualFold(in.image, w.ImageID)) &&
		(in.key == "" || in.key == w.KeyPairName)
}

// installsSame reports whether two configurations install the same. Nobody knows whether a password has changed.
func installsSame(a, b *scheduleInputs) bool {
	return strings.EqualFold(a.image, b.image) && a.key == b.key && a.version == b.version && a.userData == b.userData &&
		a.trigger == b.trigger
}

// checkKept checks that a result of an earlier request is kept with a warning only, and that the request has erased the disk
// for the same inputs.
func (j *judge) checkKept(step *traceStep) {
	warned := step.messages.warned(keptSummary)
	op, has := step.next.operation()

	if !has || !warned && !j.takesUp(step) {
		if warned {
			j.add(invariantKept, "%s: there is no operation", j.where(step))
		}

		return
	}

	if !warned {
		if op.State == reinstall.StateCompleted && !j.wasOpen(step) {
			j.add(invariantKept, "%s: the result of %s was kept without a warning", j.where(step), elapsed(j.began, op.SubmittedAt))
		}

		return
	}

	i := slices.IndexFunc(j.requests, func(r simulator.Request) bool {
		return r.Action == actionReinstall && r.ServerID == j.initial[step.server].ID && r.Time.Equal(op.SubmittedAt)
	})

	if i < 0 {
		if !op.Adopted {
			j.add(invariantKept, "%s: no request was sent at %s", j.where(step), elapsed(j.began, op.SubmittedAt))
		}

		return
	}

	sender := j.sender(step.server, &j.requests[i])
	wipe, wiped := j.wipe(j.requests[i].N)

	switch {
	case sender == nil, !installsSame(&sender.inputs, &step.inputs):
		j.add(invariantKept, "%s: request %d was for something else", j.where(step), j.requests[i].N)
	case op.Adopted, j.effectless(step, &op):
	case !wiped:
		j.add(invariantKept, "%s: request %d erased nothing", j.where(step), j.requests[i].N)
	default:
		j.checkInstalled(step, &wipe)
	}

	if r := step.record; r != nil && r.Operation.State == reinstall.StateSubmitted && !r.Operation.Adopted && op.Adopted &&
		r.Operation.SubmittedAt.Equal(op.SubmittedAt) {
		j.add(invariantKept, "%s: the journal knew whose reinstall it was, and the state does not", j.where(step))
	}
}

// checkInstalled checks that a reinstall was for the inputs of a step.
func (j *judge) checkInstalled(step *traceStep, w *simulator.Wipe) {
	in := &step.inputs
	userData := w.UserData

	if text, err := base64.StdEncoding.DecodeString(userData); err == nil {
		userData = string(text)
	}

	if userData != in.userData || w.AdminPassSet != (in.pass != "" || in.version != 0) || in.key != "" && in.key != w.KeyPairName {
		j.add(invariantKept, "%s: the reinstall of %s was for key pair %q, password %v, user data %q", j.where(step),
			elapsed(j.began, w.Time), w.KeyPairName, w.AdminPassSet, userData)
	}
}

// takesUp reports whether a step has left in the state the operation of a request that another run has sent, or was about to
// send, and that was not there before.
func (j *judge) takesUp(step *traceStep) bool {
	before, hadBefore := step.prior.operation()
	after, has := step.next.operation()

	if !has || hadBefore && before.SubmittedAt.Equal(after.SubmittedAt) {
		return false
	}

	return step.record != nil && step.record.Operation.SubmittedAt.Equal(after.SubmittedAt) ||
		slices.ContainsFunc(j.requests, func(r simulator.Request) bool {
			return r.Action == actionReinstall && r.ServerID == j.initial[step.server].ID && r.Time.Equal(after.SubmittedAt) &&
				r.Header.Get(scheduleRunHeader) != strconv.Itoa(step.run)
		})
}

// wasOpen reports whether the state before a step had a request whose end was not known.
func (*judge) wasOpen(step *traceStep) bool { return step.prior.open() }

// pendingRecord reports whether an apply that may erase has begun with a record of a request that may have, and that the state
// does not have.
func (s *traceStep) pendingRecord() bool {
	before, hadBefore := s.prior.operation()

	return s.mayErase() && s.record != nil && s.record.Operation.State != reinstall.StateNotStarted &&
		(!hadBefore || !before.SubmittedAt.Equal(s.record.Operation.SubmittedAt))
}

// journalTotals counts what the journal was good for.
func (t *traceTotals) journalTotals(trace *scheduleTrace) {
	j := &judge{scheduleTrace: trace}

	for kind, n := range trace.crashKinds {
		t.counts[kind] += n
	}

	if trace.schedule.journals[0] {
		t.counts["schedules with a journal"]++
	}

	for i := range trace.steps {
		step := &trace.steps[i]
		if step.verb != "apply" {
			continue
		}

		if j.repeats(step) != nil {
			t.counts[countRepetitions]++
		}

		if step.messages.warned(keptSummary) {
			t.counts[countKept]++
		}

		if step.pendingRecord() && len(posts(step.during(j.writes(step.server)))) > 0 {
			t.counts[countReinstalled]++
		}
	}
}

// The counts without which the rules about the journal say nothing.
const (
	countRepetitions = "repetitions of a crashed apply whose reinstall was as asked"
	countKept        = "recorded requests taken up and kept"
	countReinstalled = "recorded requests taken up, and another one sent after"
)

// lacking returns the counts of the journal that are zero.
func (t *traceTotals) lacking() []string {
	return slices.DeleteFunc([]string{
		countRepetitions, countKept, countReinstalled, "crashes at a step of the journal", "crashes that lost power",
	}, func(name string) bool { return t.counts[name] > 0 })
}
