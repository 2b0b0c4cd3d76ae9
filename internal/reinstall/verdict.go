package reinstall

import (
	"slices"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// How long a status must be shown, without a break, before it counts for what it does not prove at once.
const (
	// heldRunning makes RUNNING weak evidence: the server was not running when the POST went out.
	heldRunning = time.Minute
	// heldOldRoot makes RUNNING an end although the system disk that is shown is still the old one, or none is shown.
	heldOldRoot = 20 * time.Second
	// heldStopped makes STOPPED with a new system disk an end: the service starts the server by itself.
	heldStopped = 2 * time.Minute
	// heldStoppedOther makes STOPPED an end even with another image or key pair than asked for, or without a new system
	// disk to be seen.
	heldStoppedOther = 10 * time.Minute
	// heldFailed makes a failed reinstall an end.
	heldFailed = 20 * time.Second
	// heldOther makes a server that runs with another image or key pair than asked for an end: what a reply shows may come
	// later than its status.
	heldOther = 20 * time.Second
	// heldError makes a status an end that a server may pass through.
	heldError = 2 * time.Minute
	// heldGone makes a server that is being deleted, or that the service does not know, one that is gone.
	heldGone = 2 * time.Minute
	// heldUnchanged makes a reply that nothing tells from the baseline count as an answer after a transition.
	heldUnchanged = time.Minute
	// heldNotStarted makes a server that still is what it was a request that never began.
	heldNotStarted = 5 * time.Minute
)

// freshAfter is the age from which on an operation's plain signs are believed in a reply whose update_at is behind: no
// replica lags for so long, but a single reply may have been ahead of all others.
const freshAfter = 5 * time.Minute

// Observation is one look at a server after the POST.
type Observation struct {
	Status       modelarts.Status
	NotFound     bool          // the service says that it does not know the server
	RootVolumeID string        // empty: not shown
	UpdatedAt    int64         // epoch milliseconds, 0: not shown
	Held         time.Duration // for how long the looks have shown the same, without a break
	Age          time.Duration // since the request was sent
}

// observe takes one look.
func (op *Operation) observe(server *modelarts.Server) Observation {
	return Observation{
		Status:       server.CurrentStatus(),
		RootVolumeID: server.RootVolumeID(),
		UpdatedAt:    server.UpdatedAt(),
		Age:          time.Since(op.SubmittedAt),
	}
}

// gone reports whether a look shows that the server is being deleted, or is.
func (o *Observation) gone() bool {
	return o.NotFound || o.Status == modelarts.StatusDeleting || o.Status == modelarts.StatusDeleted
}

// Evidence is how well a look shows that this very reinstall took place.
type Evidence int

// The grades of evidence. Weak evidence counts only for a request that the service has accepted.
const (
	EvidenceNone Evidence = iota
	EvidenceWeak
	EvidenceStrong
)

// Verdict is what a look means for the operation.
type Verdict int

// The verdicts.
const (
	VerdictWait       Verdict = iota // in progress, or a stale reply, or no evidence: look again
	VerdictEnded                     // the reinstall has ended; image and key pair are still to be compared
	VerdictFailed                    // it has ended in a failed status
	VerdictNotStarted                // the request was not processed, as far as anybody can see
	VerdictGone                      // the server is being deleted, or is
)

// Judge says what seen means for op. It trusts no status by itself: without evidence that this reinstall took place, a
// RUNNING or a failed status is treated as stale.
func Judge(op Operation, seen Observation) Verdict {
	switch {
	case seen.gone() && seen.Held >= heldGone:
		return VerdictGone
	case seen.gone(), op.stale(seen), op.resembles(seen) && seen.Held < heldUnchanged:
		return VerdictWait
	case op.notStarted(seen):
		return VerdictNotStarted
	case op.ended(seen):
		return VerdictEnded
	case op.failed(seen):
		return VerdictFailed
	default:
		return VerdictWait
	}
}

// ended reports whether seen shows a server that has come back from the reinstall.
func (op *Operation) ended(seen Observation) bool {
	evidence := op.evidence(seen)

	switch seen.Status {
	case modelarts.StatusRunning:
		return evidence > EvidenceNone && (op.Baseline.RootVolumeID == "" || op.newRoot(seen) || seen.Held >= heldOldRoot)
	case modelarts.StatusStopped:
		return (op.newRoot(seen) || op.Adopted && op.TransitionSeen) && seen.Held >= heldStopped ||
			evidence == EvidenceStrong && !op.sameRoot(seen) && seen.Held >= heldStoppedOther
	default:
		return false
	}
}

// failed reports whether seen shows that the reinstall has failed. A status that the server had before needs the better
// evidence.
func (op *Operation) failed(seen Observation) bool {
	held := heldError

	switch seen.Status {
	case modelarts.StatusReinstallingOSFailed, modelarts.StatusChangingOSFailed:
		held = heldFailed
	case modelarts.StatusError, modelarts.StatusStartFailed:
	default:
		return false
	}

	evidence := op.evidence(seen)

	return seen.Held >= held &&
		(evidence == EvidenceStrong || evidence == EvidenceWeak && seen.Status != op.Baseline.Status)
}

// evidence grades what op and seen together show. A system disk that is shown to be the old one speaks against all that
// is weak, but for a reinstall that has failed: it may have done so before it came to the disk.
func (op *Operation) evidence(seen Observation) Evidence {
	switch {
	case op.stale(seen):
		return EvidenceNone
	case op.TransitionSeen, inProgress(seen.Status), op.newRoot(seen), op.newlyFailed(seen):
		return EvidenceStrong
	case op.State == StateUnknown, op.sameRoot(seen) && seen.Status != modelarts.StatusReinstallingOSFailed:
		return EvidenceNone
	case op.Baseline.UpdatedAt != 0 && seen.UpdatedAt > op.Baseline.UpdatedAt,
		seen.Status == modelarts.StatusRunning && seen.Held >= heldRunning && startable(op.Baseline.Status):
		return EvidenceWeak
	default:
		return EvidenceNone
	}
}

// newlyFailed reports whether seen shows a reinstall that has failed since the request went out, and not in passing.
func (op *Operation) newlyFailed(seen Observation) bool {
	return seen.Status == modelarts.StatusReinstallingOSFailed && startable(op.Baseline.Status) &&
		op.Baseline.Status != seen.Status && seen.Held >= heldFailed
}

// stale reports whether seen is older than what was seen before.
func (op *Operation) stale(seen Observation) bool {
	if seen.UpdatedAt == 0 || seen.UpdatedAt >= op.LatestUpdate {
		return false
	}

	return seen.Age < freshAfter || !op.newRoot(seen) && !inProgress(seen.Status)
}

// newRoot reports whether seen shows another system disk than the baseline; where one of them shows none, it does not.
func (op *Operation) newRoot(seen Observation) bool {
	return op.Baseline.RootVolumeID != "" && seen.RootVolumeID != "" && seen.RootVolumeID != op.Baseline.RootVolumeID
}

// sameRoot reports whether seen shows the very system disk of the baseline.
func (op *Operation) sameRoot(seen Observation) bool {
	return op.Baseline.RootVolumeID != "" && seen.RootVolumeID == op.Baseline.RootVolumeID
}

// unchanged reports whether seen shows the server just as it was when the request went out.
func (op *Operation) unchanged(seen Observation) bool {
	return startable(seen.Status) && seen.Status == op.Baseline.Status &&
		seen.UpdatedAt == op.Baseline.UpdatedAt && seen.RootVolumeID == op.Baseline.RootVolumeID
}

// resembles reports whether nothing tells seen from the server as it was when the request went out. Unlike in unchanged,
// a field that only one of them shows tells nothing.
func (op *Operation) resembles(seen Observation) bool {
	return startable(seen.Status) && seen.Status == op.Baseline.Status && !op.newRoot(seen) &&
		(seen.UpdatedAt <= op.Baseline.UpdatedAt || op.Baseline.UpdatedAt == 0)
}

// notStarted reports whether the request has shown no effect for so long that it was not processed: the server is just as
// it was, or runs or stands still on the very disk that it had. It is never so for a request that the service has
// accepted.
func (op *Operation) notStarted(seen Observation) bool {
	still := op.unchanged(seen) ||
		op.sameRoot(seen) && (startable(seen.Status) || seen.Status == modelarts.StatusRunning)

	return op.State == StateUnknown && still && seen.Held >= heldNotStarted
}

// inProgress reports whether status is that of a reinstall in progress. The API page's own example has the second form.
func inProgress(status modelarts.Status) bool {
	return status == modelarts.StatusReinstallingOS || status == modelarts.StatusReinstallOS
}

// InTransition reports whether status ends by itself. What a server shows meanwhile is no sign of what it will be.
func InTransition(status modelarts.Status) bool {
	switch status {
	case modelarts.StatusCreating, modelarts.StatusStarting, modelarts.StatusStopping, modelarts.StatusRebooting,
		modelarts.StatusChangingOS, modelarts.StatusReinstallingOS, modelarts.StatusReinstallOS:
		return true
	default:
		return false
	}
}

// startable reports whether the service accepts a reinstall of a server in status.
//
// See https://support.huaweicloud.com/intl/en-us/usermanual-server-modelarts/usermanual-server-0020.html
func startable(status modelarts.Status) bool { return slices.Contains(LegalStatuses(), status) }

// LegalStatuses are the statuses from which the service accepts a reinstall.
func LegalStatuses() []modelarts.Status {
	return []modelarts.Status{
		modelarts.StatusStopped, modelarts.StatusReinstallingOSFailed, modelarts.StatusChangingOSFailed,
	}
}

// tracker measures for how long looks have shown the same.
type tracker struct {
	shown shown
	since time.Time
}

// shown is what has to stay the same for a status to be held. update_at is left out but for what it means: a service
// that touches it with every look holds a status all the same.
type shown struct {
	status           modelarts.Status
	notFound         bool
	rootVolumeID     string
	stale, unchanged bool
}

// persistence measures for how long something has been so, without a break.
type persistence struct{ since time.Time }

// shorter takes in whether it is so now, and reports whether it is, and has been for less than limit.
func (p *persistence) shorter(now bool, limit time.Duration) bool {
	switch {
	case !now:
		p.since = time.Time{}
	case p.since.IsZero():
		p.since = time.Now()
	}

	return now && time.Since(p.since) < limit
}

// observe adds to a look that was taken now for how long the same has been shown.
func (t *tracker) observe(op *Operation, seen Observation) Observation {
	now := shown{seen.Status, seen.NotFound, seen.RootVolumeID, op.stale(seen), op.unchanged(seen)}

	// A reply that leaves out the system disk breaks nothing off.
	if seen.RootVolumeID == "" && !t.since.IsZero() {
		now.rootVolumeID, now.unchanged = t.shown.rootVolumeID, t.shown.unchanged
	}

	if t.since.IsZero() || now != t.shown {
		t.shown, t.since = now, time.Now()
	}

	seen.Held = time.Since(t.since)

	return seen
}
