package reinstall

import (
	"strings"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// State is the state of a reinstall request.
type State string

// The states of a request. StateSubmitted, StateUnknown and every word that is not listed here are open.
const (
	StateSubmitted  State = "submitted"   // accepted, not known to have ended
	StateUnknown    State = "unknown"     // sent, but whether it was accepted is not known
	StateCompleted  State = "completed"   // ended with what was asked for
	StateFailed     State = "failed"      // ended in a failed status
	StateMismatched State = "mismatched"  // ended with another image or key pair than asked for
	StateNotStarted State = "not_started" // the request was not sent, or has shown no effect
)

// Open reports whether the request may still change the server.
func (s State) Open() bool {
	switch s {
	case StateCompleted, StateFailed, StateMismatched, StateNotStarted:
		return false
	case StateSubmitted, StateUnknown:
		return true
	default:
		return true // the word of a newer version
	}
}

// Operation is one reinstall request: what was asked for, what the server showed before, and its state. It holds
// all that a later run needs to continue.
type Operation struct {
	State State
	// Adopted reports whether the reinstall may be somebody else's: it was in progress before a request of this run was
	// accepted, or the answer to that request was lost. What it installs is compared with what was asked for, and is not
	// recorded as asked for.
	Adopted     bool
	SubmittedAt time.Time // local clock
	FinishedAt  time.Time // local clock; zero while open
	RequestID   string    // X-Request-Id of the answer to the POST

	ImageID     string // image asked for, in lower case; empty: none
	KeyPairName string // key pair asked for; empty: none

	InstalledImageID     string // image that the server showed when the request ended
	InstalledKeyPairName string // key pair that the server showed when the request ended
	RootVolumeID         string // system disk that the server showed when the request ended

	Baseline       Baseline
	TransitionSeen bool  // a GET after the POST showed a reinstall in progress
	LatestUpdate   int64 // latest update_at that a GET showed, epoch milliseconds; an older reply is stale
}

// Baseline records the server as it was when the request was sent. Empty fields were not shown.
type Baseline struct {
	Status       modelarts.Status
	RootVolumeID string
	UpdatedAt    int64 // epoch milliseconds of the API's clock; never compared with the local one
}

// newOperation begins the record of a request that is about to be sent to server.
func newOperation(server *modelarts.Server, body *modelarts.ReinstallRequest) Operation {
	return Operation{
		State:        StateUnknown,
		SubmittedAt:  time.Now(),
		ImageID:      strings.ToLower(body.ImageID),
		KeyPairName:  body.KeyPairName,
		LatestUpdate: server.UpdatedAt(),
		Baseline: Baseline{
			Status:       server.CurrentStatus(),
			RootVolumeID: server.RootVolumeID(),
			UpdatedAt:    server.UpdatedAt(),
		},
	}
}

// accepted records the service's answer. Its update_at belongs to the baseline, since the POST itself may change it;
// but if that reply is ahead of the store, it must not make every later one stale.
func (op *Operation) accepted(reply *modelarts.ReinstallReply) {
	op.State = StateSubmitted
	op.RequestID = reply.RequestID
	op.Baseline.UpdatedAt = max(op.Baseline.UpdatedAt, reply.Server.UpdatedAt())
}

// note records what a GET after the POST showed. A sign of a reinstall after a lost answer may be a sign of anybody's: it is
// adopted.
func (op *Operation) note(seen Observation) {
	if seen.gone() || op.supersedes(seen) {
		return
	}

	op.LatestUpdate = max(op.LatestUpdate, seen.UpdatedAt)

	if inProgress(seen.Status) {
		op.TransitionSeen = true
	}

	if op.State == StateUnknown && op.evidence(seen) == evidenceStrong {
		op.State, op.Adopted = StateSubmitted, true
	}
}

// adopt makes op the record of a reinstall that is in progress on server, or has ended there, and that no request of
// this run began.
func (op *Operation) adopt(server *modelarts.Server) {
	op.State, op.Adopted = StateSubmitted, true
	op.TransitionSeen = op.TransitionSeen || inProgress(server.CurrentStatus())
	op.LatestUpdate = max(op.LatestUpdate, server.UpdatedAt())
}

// end closes the operation with what server shows now; server may be nil.
func (op *Operation) end(state State, server *modelarts.Server) {
	op.State = state
	op.FinishedAt = time.Now()

	if server != nil {
		op.InstalledImageID = server.InstalledImageID()
		op.InstalledKeyPairName = server.InstalledKeyPairName()
		op.RootVolumeID = server.RootVolumeID()
	}
}

// endState returns the state in which op ends with these differences. If it was adopted and ended with other values
// than asked for, it was not the request, which is still to be sent.
func (op *Operation) endState(differences []Difference) State {
	switch {
	case len(differences) == 0:
		return StateCompleted
	case op.Adopted:
		return StateNotStarted
	default:
		return StateMismatched
	}
}

// failedState returns the state in which op ends in a failed status.
func (op *Operation) failedState() State {
	if op.Adopted {
		return StateNotStarted
	}

	return StateFailed
}

// Difference is a field in which the server differs from what was asked for.
type Difference struct {
	Attribute string // image_id or key_pair_name
	Asked     string
	Found     string // empty: the server shows that it has none
}

// Differences compares the server with what op asked for.
func (op *Operation) Differences(server *modelarts.Server) []Difference {
	return Compare(op.ImageID, op.KeyPairName, server.ShownImageID(), server.KeyPairName)
}

// Compare lists where the image and the key pair that a server shows differ from the wanted ones. It compares neither a
// wanted value that is empty nor a shown one that is nil. Image ids are UUIDs, whose case does not count.
func Compare(wantImage, wantKeyPair string, image, keyPair *string) []Difference {
	var differences []Difference

	if wantImage != "" && image != nil && !strings.EqualFold(wantImage, *image) {
		differences = append(differences, Difference{"image_id", wantImage, *image})
	}

	if wantKeyPair != "" && keyPair != nil && wantKeyPair != *keyPair {
		differences = append(differences, Difference{"key_pair_name", wantKeyPair, *keyPair})
	}

	return differences
}

// Settle judges an operation by one GET, as a refresh does: it sends nothing and waits for nothing. What a single reply
// cannot decide remains as it is. A single reply never ends an operation with other values than asked for, but it may
// show that one has succeeded after all. If that is on another disk than the operation left, somebody else did it.
func Settle(op Operation, server *modelarts.Server) Operation {
	seen := op.observe(server)

	if !op.State.Open() {
		if op.Recovered(server) {
			op.Adopted = op.Adopted || op.State == StateNotStarted || op.RootVolumeID != server.RootVolumeID()
			op.end(StateCompleted, server)
		}

		return op
	}

	op.note(seen)

	if op.evidence(seen) == evidenceStrong && Judge(op, seen) == VerdictEnded && len(op.Differences(server)) == 0 {
		op.end(StateCompleted, server)
	}

	return op
}

// Recovered reports whether server shows that op, which counts as failed or as not processed, has succeeded after all:
// it runs on a new system disk with what was asked for. An adopted operation says nothing about a later disk.
func (op *Operation) Recovered(server *modelarts.Server) bool {
	if op.State != StateFailed && (op.State != StateNotStarted || op.Adopted) {
		return false
	}

	seen := op.observe(server)

	return seen.Status == modelarts.StatusRunning && op.newRoot(seen) && !op.supersedes(seen) && len(op.Differences(server)) == 0
}
