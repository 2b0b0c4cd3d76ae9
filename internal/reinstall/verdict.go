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
	// heldStopped makes STOPPED with a new system disk an end: the service starts the server by itself.
	heldStopped = 2 * time.Minute
	// heldStoppedOther makes STOPPED an end even with another image or key pair than asked for.
	heldStoppedOther = 10 * time.Minute
	// heldUnchanged makes a reply that nothing tells from the baseline count as an answer after a transition.
	heldUnchanged = time.Minute
	// heldNotStarted makes a server that still is what it was a request that never began.
	heldNotStarted = 5 * time.Minute
)

// Observation is one look at a server after the POST.
type Observation struct {
	Status       modelarts.Status
	RootVolumeID string        // empty: not shown
	UpdatedAt    int64         // epoch milliseconds, 0: not shown
	Held         time.Duration // for how long the looks have shown the same, without a break
}

// observe takes one look.
func observe(server *modelarts.Server) Observation {
	return Observation{
		Status:       server.CurrentStatus(),
		RootVolumeID: server.RootVolumeID(),
		UpdatedAt:    server.UpdatedAt(),
	}
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
	VerdictWait   Verdict = iota // under way, or a stale reply, or no evidence: look again
	VerdictEnded                 // the system disk is a new one; image and key pair are still to be compared
	VerdictFailed                // ended in a failed status
	VerdictGone                  // the server is being deleted, or is
)

// Judge says what seen means for op. It trusts no status by itself: without evidence that this reinstall took place, a
// RUNNING or a failed status is taken for a stale one.
func Judge(op Operation, seen Observation) Verdict {
	switch {
	case seen.Status == modelarts.StatusDeleting, seen.Status == modelarts.StatusDeleted:
		return VerdictGone
	case op.stale(seen), op.resembles(seen) && seen.Held < heldUnchanged:
		return VerdictWait
	}

	evidence := op.evidence(seen)

	switch {
	case seen.Status == modelarts.StatusRunning && evidence > EvidenceNone,
		seen.Status == modelarts.StatusStopped && op.newRoot(seen) && seen.Held >= heldStopped:
		return VerdictEnded
	case failed(seen.Status) && evidence == EvidenceStrong,
		failed(seen.Status) && evidence == EvidenceWeak && seen.Status != op.Baseline.Status:
		return VerdictFailed
	default:
		return VerdictWait
	}
}

// evidence grades what op and seen together show.
func (op *Operation) evidence(seen Observation) Evidence {
	switch {
	case op.stale(seen):
		return EvidenceNone
	case op.TransitionSeen, inProgress(seen.Status), op.newRoot(seen):
		return EvidenceStrong
	case op.State == StateUnknown:
		return EvidenceNone
	case op.Baseline.UpdatedAt != 0 && seen.UpdatedAt > op.Baseline.UpdatedAt,
		seen.Status == modelarts.StatusRunning && seen.Held >= heldRunning &&
			op.Baseline.Status != modelarts.StatusRunning:
		return EvidenceWeak
	default:
		return EvidenceNone
	}
}

// stale tells whether seen is older than what was seen before.
func (op *Operation) stale(seen Observation) bool {
	return seen.UpdatedAt != 0 && seen.UpdatedAt < op.LatestUpdate
}

// newRoot tells whether seen shows another system disk than the baseline; where one of them shows none, it does not.
func (op *Operation) newRoot(seen Observation) bool {
	return op.Baseline.RootVolumeID != "" && seen.RootVolumeID != "" && seen.RootVolumeID != op.Baseline.RootVolumeID
}

// unchanged tells whether seen shows the server just as it was when the request went out.
func (op *Operation) unchanged(seen Observation) bool {
	return startable(seen.Status) && seen.Status == op.Baseline.Status &&
		seen.UpdatedAt == op.Baseline.UpdatedAt && seen.RootVolumeID == op.Baseline.RootVolumeID
}

// resembles tells whether nothing tells seen from the server as it was when the request went out. Other than in
// unchanged, a field that only one of them shows tells nothing.
func (op *Operation) resembles(seen Observation) bool {
	return startable(seen.Status) && seen.Status == op.Baseline.Status && !op.newRoot(seen) &&
		(seen.UpdatedAt == op.Baseline.UpdatedAt || seen.UpdatedAt == 0 || op.Baseline.UpdatedAt == 0)
}

// notStarted tells whether the request has shown no effect for so long that it was not processed. It never says so of
// a request that the service has accepted.
func (op *Operation) notStarted(seen Observation) bool {
	return op.State == StateUnknown && !op.stale(seen) && op.unchanged(seen) && seen.Held >= heldNotStarted
}

// inProgress tells whether status is that of a reinstall under way. The API page's own example has the second form.
func inProgress(status modelarts.Status) bool {
	return status == modelarts.StatusReinstallingOS || status == modelarts.StatusReinstallOS
}

// failed tells whether a reinstall can end unsuccessfully in status.
func failed(status modelarts.Status) bool {
	switch status {
	case modelarts.StatusReinstallingOSFailed, modelarts.StatusChangingOSFailed,
		modelarts.StatusError, modelarts.StatusStartFailed:
		return true
	default:
		return false
	}
}

// startable tells whether the service takes a reinstall of a server in status.
//
// See https://support.huaweicloud.com/intl/en-us/usermanual-server-modelarts/usermanual-server-0020.html
func startable(status modelarts.Status) bool { return slices.Contains(LegalStatuses(), status) }

// LegalStatuses are the statuses from which the service takes a reinstall.
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
	rootVolumeID     string
	stale, unchanged bool
}

// observe takes a look now, and adds for how long the same has been shown.
func (t *tracker) observe(op *Operation, server *modelarts.Server) Observation {
	seen := observe(server)
	now := shown{seen.Status, seen.RootVolumeID, op.stale(seen), op.unchanged(seen)}

	if t.since.IsZero() || now != t.shown {
		t.shown, t.since = now, time.Now()
	}

	seen.Held = time.Since(t.since)

	return seen
}
