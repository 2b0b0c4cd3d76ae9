package reinstall

import (
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// State is how a reinstall request stands.
type State string

// The states of a request. All but StateSubmitted and StateUnknown are final.
const (
	StateSubmitted  State = "submitted"   // accepted, not known to have ended
	StateUnknown    State = "unknown"     // sent, but whether it was accepted is not known
	StateCompleted  State = "completed"   // ended with what was asked for
	StateFailed     State = "failed"      // ended in a failed status
	StateMismatched State = "mismatched"  // ended with another image or key pair than asked for
	StateNotStarted State = "not_started" // sent, but never begun: nothing was erased
)

// Open tells whether the request may still change the server.
func (s State) Open() bool { return s == StateSubmitted || s == StateUnknown }

// Operation is one reinstall request: what was asked for, what the server looked like before, and how it stands. It
// holds all that a later run needs to go on with it.
type Operation struct {
	State       State
	Adopted     bool      // the reinstall was under way already, and was not sent by this run
	SubmittedAt time.Time // local clock
	FinishedAt  time.Time // local clock; zero while open
	RequestID   string    // X-Request-Id of the answer to the POST

	ImageID     string // image asked for; empty: none
	KeyPairName string // key pair asked for; empty: none

	InstalledImageID     string // image that the server showed when the request ended
	InstalledKeyPairName string // key pair that the server showed when the request ended

	Baseline       Baseline
	TransitionSeen bool  // a GET after the POST showed a reinstall in progress
	LatestUpdate   int64 // latest update_at seen, epoch milliseconds; what is older is a stale reply
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
		ImageID:      body.ImageID,
		KeyPairName:  body.KeyPairName,
		LatestUpdate: server.UpdatedAt(),
		Baseline: Baseline{
			Status:       server.CurrentStatus(),
			RootVolumeID: server.RootVolumeID(),
			UpdatedAt:    server.UpdatedAt(),
		},
	}
}

// accepted records the service's answer. Its update_at belongs to the baseline: the POST itself may move it.
func (op *Operation) accepted(reply *modelarts.ReinstallReply) {
	op.State = StateSubmitted
	op.RequestID = reply.RequestID

	if reply.Server != nil {
		op.Baseline.UpdatedAt = max(op.Baseline.UpdatedAt, reply.Server.UpdatedAt())
		op.LatestUpdate = max(op.LatestUpdate, op.Baseline.UpdatedAt)
	}
}

// note takes in what a GET after the POST showed.
func (op *Operation) note(seen Observation) {
	if op.stale(seen) {
		return
	}

	op.LatestUpdate = max(op.LatestUpdate, seen.UpdatedAt)

	if inProgress(seen.Status) {
		op.TransitionSeen = true
	}

	if op.State == StateUnknown && op.evidence(seen) == EvidenceStrong {
		op.State = StateSubmitted
	}
}

// end closes the operation with what the server shows now.
func (op *Operation) end(state State, server *modelarts.Server) {
	op.State = state
	op.FinishedAt = time.Now()

	if server != nil {
		op.InstalledImageID = server.InstalledImageID()
		op.InstalledKeyPairName = server.InstalledKeyPairName()
	}
}

// Difference is a field in which the server is not what was asked for.
type Difference struct {
	Attribute string // image_id or key_pair_name
	Asked     string
	Found     string
}

// Differences compares the server with what op asked for. What was not asked for, and what the reply does not show,
// is not compared.
func (op *Operation) Differences(server *modelarts.Server) []Difference {
	return Compare(op.ImageID, op.KeyPairName, server.InstalledImageID(), server.InstalledKeyPairName())
}

// Compare lists where the image and the key pair that a server shows are not those that are wanted. An empty string is
// a value that is not wanted or not shown, and contradicts nothing.
func Compare(wantImage, wantKeyPair, image, keyPair string) []Difference {
	var differences []Difference

	for _, d := range []Difference{
		{"image_id", wantImage, image},
		{"key_pair_name", wantKeyPair, keyPair},
	} {
		if d.Asked != "" && d.Found != "" && d.Asked != d.Found {
			differences = append(differences, d)
		}
	}

	return differences
}

// Settle judges an open operation by one GET, as a refresh does: it sends nothing and waits for nothing. What one look
// cannot decide stays open.
func Settle(op Operation, server *modelarts.Server) Operation {
	if !op.State.Open() {
		return op
	}

	seen := observe(server)
	op.note(seen)

	switch Judge(op, seen) {
	case VerdictEnded:
		op.end(endState(op.Differences(server)), server)
	case VerdictFailed:
		op.end(StateFailed, server)
	case VerdictWait, VerdictGone:
	}

	return op
}

// endState is how a reinstall ended that left differences.
func endState(differences []Difference) State {
	if len(differences) > 0 {
		return StateMismatched
	}

	return StateCompleted
}
