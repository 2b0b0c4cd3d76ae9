package reinstall

import (
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// How long a status must be shown, without a break, before it counts for what it does not prove at once.
const (
	// stableRunning makes RUNNING weak evidence: the server was not running when the POST was sent.
	stableRunning = time.Minute
	// stableOldRoot makes RUNNING an end although the reply still shows the old system disk, or none.
	stableOldRoot = 20 * time.Second
	// stableStopped makes STOPPED with a new system disk an end: the service normally starts the server.
	stableStopped = 2 * time.Minute
	// stableStoppedOther makes STOPPED an end even with another image or key pair than asked for, or without a
	// new system disk.
	stableStoppedOther = 10 * time.Minute
	// stableFailed makes a failed reinstall an end.
	stableFailed = 20 * time.Second
	// stableOther makes a server that runs with another image or key pair than asked for an end: a reply may show
	// the new status before the new values.
	stableOther = 20 * time.Second
	// stableError makes an end of a status that a server may also pass through.
	stableError = 2 * time.Minute
	// stableGone makes a server that is being deleted, or that the service does not know, one that is gone.
	stableGone = 2 * time.Minute
	// stableUnchanged makes a reply that resembles the baseline count after a transition.
	stableUnchanged = time.Minute
	// stableNotStarted makes a server that has not changed the sign of a request that was not processed.
	stableNotStarted = 5 * time.Minute
)

// freshAfter is the age of an operation from which its plain signs are believed even in a reply whose update_at is
// older: no replica lags for so long, but a single reply may have been ahead of all others.
const freshAfter = 5 * time.Minute

// Observation describes the server as one reply to a GET after the POST shows it.
type Observation struct {
	Status       modelarts.Status
	NotFound     bool          // the service says that it does not know the server
	RootVolumeID string        // empty: not shown
	UpdatedAt    int64         // epoch milliseconds, 0: not shown
	StableFor    time.Duration // for how long the replies have shown the same, without a break
	Age          time.Duration // since the request was sent
}

// observe returns what server shows. It leaves StableFor to stability.
func (op *Operation) observe(server *modelarts.Server) Observation {
	return Observation{
		Status:       server.CurrentStatus(),
		RootVolumeID: server.RootVolumeID(),
		UpdatedAt:    server.UpdatedAt(),
		Age:          time.Since(op.SubmittedAt),
	}
}

// gone reports whether the server is being deleted, or is deleted.
func (o *Observation) gone() bool {
	return o.NotFound || o.Status == modelarts.StatusDeleting || o.Status == modelarts.StatusDeleted
}

// evidence grades how well a reply shows that this very reinstall took place.
type evidence int

// The grades of evidence. Weak evidence counts only for a request that the service accepted.
const (
	evidenceNone evidence = iota
	evidenceWeak
	evidenceStrong
)

// Verdict says what a reply means for the operation.
type Verdict int

// The verdicts.
const (
	VerdictWait       Verdict = iota // in progress, or a stale reply, or no evidence: read again
	VerdictEnded                     // the reinstall has ended; image and key pair are still to be compared
	VerdictFailed                    // it has ended in a failed status
	VerdictNotStarted                // the request was not processed, as far as anybody can see
	VerdictGone                      // the server is being deleted, or is
)

// Judge says what seen means for op. It does not trust a status alone: without evidence that this reinstall took place,
// RUNNING and the failed statuses are treated as stale.
func Judge(op Operation, seen Observation) Verdict {
	switch {
	case seen.gone() && seen.StableFor >= stableGone:
		return VerdictGone
	case seen.gone(), op.supersedes(seen), op.resembles(seen) && seen.StableFor < stableUnchanged:
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
		return evidence > evidenceNone && (op.Baseline.RootVolumeID == "" || op.newRoot(seen) || seen.StableFor >= stableOldRoot)
	case modelarts.StatusStopped:
		return (op.newRoot(seen) || op.Adopted && op.TransitionSeen) && seen.StableFor >= stableStopped ||
			evidence == evidenceStrong && !op.sameRoot(seen) && seen.StableFor >= stableStoppedOther
	default:
		return false
	}
}

// failed reports whether seen shows that the reinstall has failed. A status that the server had before requires strong
// evidence.
func (op *Operation) failed(seen Observation) bool {
	needed := stableError

	switch seen.Status {
	case modelarts.StatusReinstallingOSFailed, modelarts.StatusChangingOSFailed:
		needed = stableFailed
	case modelarts.StatusError, modelarts.StatusStartFailed:
	default:
		return false
	}

	evidence := op.evidence(seen)

	return seen.StableFor >= needed &&
		(evidence == evidenceStrong || evidence == evidenceWeak && seen.Status != op.Baseline.Status)
}

// evidence grades what op and seen together show. If the system disk is shown to be the old one, that outweighs all
// weak evidence, except for a reinstall that has failed: it may have done so before it replaced the disk.
func (op *Operation) evidence(seen Observation) evidence {
	switch {
	case op.supersedes(seen):
		return evidenceNone
	case op.TransitionSeen, inProgress(seen.Status), op.newRoot(seen), op.newlyFailed(seen):
		return evidenceStrong
	case op.State == StateUnknown, op.sameRoot(seen) && seen.Status != modelarts.StatusReinstallingOSFailed:
		return evidenceNone
	case op.Baseline.UpdatedAt != 0 && seen.UpdatedAt > op.Baseline.UpdatedAt,
		seen.Status == modelarts.StatusRunning && seen.StableFor >= stableRunning && isLegal(op.Baseline.Status):
		return evidenceWeak
	default:
		return evidenceNone
	}
}

// newlyFailed reports whether seen shows a reinstall that has failed since the request was sent, and not just in passing.
func (op *Operation) newlyFailed(seen Observation) bool {
	return seen.Status == modelarts.StatusReinstallingOSFailed && isLegal(op.Baseline.Status) &&
		op.Baseline.Status != seen.Status && seen.StableFor >= stableFailed
}

// supersedes reports whether op knows a newer reply than seen, so that seen is stale.
func (op *Operation) supersedes(seen Observation) bool {
	if seen.UpdatedAt == 0 || seen.UpdatedAt >= op.LatestUpdate {
		return false
	}

	return seen.Age < freshAfter || !op.newRoot(seen) && !inProgress(seen.Status)
}

// newRoot reports whether seen shows another system disk than the baseline. It does not if either shows none.
func (op *Operation) newRoot(seen Observation) bool {
	return op.Baseline.RootVolumeID != "" && seen.RootVolumeID != "" && seen.RootVolumeID != op.Baseline.RootVolumeID
}

// sameRoot reports whether seen shows the system disk of the baseline.
func (op *Operation) sameRoot(seen Observation) bool {
	return op.Baseline.RootVolumeID != "" && seen.RootVolumeID == op.Baseline.RootVolumeID
}

// unchanged reports whether seen shows exactly the baseline.
func (op *Operation) unchanged(seen Observation) bool {
	return isLegal(seen.Status) && seen.Status == op.Baseline.Status &&
		seen.UpdatedAt == op.Baseline.UpdatedAt && seen.RootVolumeID == op.Baseline.RootVolumeID
}

// resembles reports whether seen is indistinguishable from the baseline. Unlike in unchanged, a field that only one of
// them shows is no difference.
func (op *Operation) resembles(seen Observation) bool {
	return isLegal(seen.Status) && seen.Status == op.Baseline.Status && !op.newRoot(seen) &&
		(seen.UpdatedAt <= op.Baseline.UpdatedAt || op.Baseline.UpdatedAt == 0)
}

// notStarted reports whether the request has had no effect for so long that it was not processed: the server has not
// changed, or is running or stopped on the same disk. It never does so for a request that the service accepted.
func (op *Operation) notStarted(seen Observation) bool {
	still := op.unchanged(seen) ||
		op.sameRoot(seen) && (isLegal(seen.Status) || seen.Status == modelarts.StatusRunning)

	return op.State == StateUnknown && still && seen.StableFor >= stableNotStarted
}
