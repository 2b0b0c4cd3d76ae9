package reinstall

import (
	"strings"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// State is how a reinstall request stands.
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

// Operation is one reinstall request: what was asked for, what the server looked like before, and how it stands. It
// holds all that a later run needs to go on with it.
type Operation struct {
	State State
	// Adopted reports whether the reinstall may be somebody else's: it was in progress before a request of this run was
	// accepted, or the answer to that request was lost. What it installs is compared, and never booked as asked for.
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
	LatestUpdate   int64 // latest update_at that a GET showed, epoch milliseconds; what is older is a stale reply
}

// Baseline is what the server looked like when the request went out. Empty fields were not shown.
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

// accepted records the service's answer. Its update_at belongs to the baseline, since the POST itself may move it; but a
// reply that is ahead of the store must not make every later look a stale one.
func (op *Operation) accepted(reply *modelarts.ReinstallReply) {
	op.State = StateSubmitted
	op.RequestID = reply.RequestID
	op.Baseline.UpdatedAt = max(op.Baseline.UpdatedAt, reply.Server.UpdatedAt())
}

// note takes in what a GET after the POST showed. A sign of a reinstall after an answer that was lost is a sign of
// somebody's: it is adopted.
func (op *Operation) note(seen Observation) {
	if seen.gone() || op.stale(seen) {
		return
	}

	op.LatestUpdate = max(op.LatestUpdate, seen.UpdatedAt)

	if inProgress(seen.Status) {
		op.TransitionSeen = true
	}

	if op.State == StateUnknown && op.evidence(seen) == EvidenceStrong {
		op.State, op.Adopted = StateSubmitted, true
	}
}

// adopt makes op the record of a reinstall that is in progress on server, or has ended there, and that no request of
// this run has begun.
func (op *Operation) adopt(server *modelarts.Server) {
	op.State, op.Adopted = StateSubmitted, true
	op.TransitionSeen = op.TransitionSeen || inProgress(server.CurrentStatus())
	op.LatestUpdate = max(op.LatestUpdate, server.UpdatedAt())
}

// end closes the operation with what the server shows now.
func (op *Operation) end(state State, server *modelarts.Server) {
	op.State = state
	op.FinishedAt = time.Now()

	if server != nil {
		op.InstalledImageID = server.InstalledImageID()
		op.InstalledKeyPairName = server.InstalledKeyPairName()
		op.RootVolumeID = server.RootVolumeID()
	}
}

// endState is the state in which op ends with such differences. One that was adopted and ended otherwise than asked for
// was not the request, which is still to be sent.
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

// failedState is the state in which op ends in a failed status.
func (op *Operation) failedState() State {
	if op.Adopted {
		return StateNotStarted
	}

	return StateFailed
}

// Difference is a field in which the server is not what was asked for.
type Difference struct {
	Attribute string // image_id or key_pair_name
	Asked     string
	Found     string // empty: the server shows that it has none
}

// Differences compares the server with what op asked for.
func (op *Operation) Differences(server *modelarts.Server) []Difference {
	return Compare(op.ImageID, op.KeyPairName, server.ShownImageID(), server.KeyPairName)
}

// Compare lists where the image and the key pair that a server shows are not those that are wanted. An empty string is
// wanted by nobody, and nil is not shown; neither is compared. Image ids are UUIDs, whose case does not count.
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

// Settle judges an operation by one GET, as a refresh does: it sends nothing and waits for nothing. What one look cannot
// decide stays as it is. A look never ends an operation otherwise than asked for; but it shows that one has succeeded after
// all. If that is on another disk than it was left with, somebody else has done it.
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

	if op.evidence(seen) == EvidenceStrong && Judge(op, seen) == VerdictEnded && len(op.Differences(server)) == 0 {
		op.end(StateCompleted, server)
	}

	return op
}

// Recovered reports whether server shows that op, which counts as failed or as not processed, has succeeded after all: it
// runs on a new system disk with what was asked for. What was adopted says nothing about a later disk.
func (op *Operation) Recovered(server *modelarts.Server) bool {
	if op.State != StateFailed && (op.State != StateNotStarted || op.Adopted) {
		return false
	}

	seen := op.observe(server)

	return seen.Status == modelarts.StatusRunning && op.newRoot(seen) && !op.stale(seen) && len(op.Differences(server)) == 0
}
