package reinstall_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// fuzzStatuses are what a server may show, including unknown and missing statuses.
var fuzzStatuses = []modelarts.Status{
	"RUNNING", "STOPPED", "REINSTALLINGOS", "REINSTALLOS", "REINSTALLINGOS_FAILED", "CHANGINGOS_FAILED", "ERROR",
	"START_FAILED", "STARTING", "STOPPING", "REBOOTING", "CREATING", "CHANGINGOS", "CREATE_FAILED", "DELETE_FAILED",
	"STOP_FAILED", "REBOOT_FAILED", "DELETING", "DELETED", "HIBERNATING", "",
}

var fuzzRoots = []string{"", "one", "two"}

func of[T any](list []T, n uint8) T { return list[int(n)%len(list)] }

// fuzzCase is an open operation, and what a reply shows of its server.
type fuzzCase struct {
	op   reinstall.Operation
	seen reinstall.Observation
}

// newFuzzCase makes a case from numbers. Times are small, so that equal ones occur.
func newFuzzCase(status, baseStatus, root, baseRoot, at, baseAt, latest uint8, held int64, accepted, transition bool) fuzzCase {
	state := reinstall.StateUnknown
	if accepted {
		state = reinstall.StateSubmitted
	}

	return fuzzCase{
		op: reinstall.Operation{
			State: state, TransitionSeen: transition, LatestUpdate: int64(max(latest, baseAt)),
			ImageID: "asked", RequestID: "request", SubmittedAt: time.Now(),
			Baseline: reinstall.Baseline{
				Status: of(fuzzStatuses, baseStatus), RootVolumeID: of(fuzzRoots, baseRoot), UpdatedAt: int64(baseAt),
			},
		},
		seen: reinstall.Observation{
			Status: of(fuzzStatuses, status), RootVolumeID: of(fuzzRoots, root), UpdatedAt: int64(at),
			StableFor: time.Duration(max(0, held)), Age: time.Duration(at) * time.Minute,
		},
	}
}

// The following methods state independently what counts as evidence.

// older reports whether the reply is older than an earlier one, and no sign in it outweighs that.
func (c fuzzCase) older() bool {
	plain := c.newDisk() || c.working()

	return c.seen.UpdatedAt != 0 && c.seen.UpdatedAt < c.op.LatestUpdate && (!plain || c.seen.Age < 5*time.Minute)
}

// working reports whether the reply shows a reinstall in progress.
func (c fuzzCase) working() bool {
	return c.seen.Status == "REINSTALLINGOS" || c.seen.Status == "REINSTALLOS"
}

// oldDisk reports whether reply and baseline show the same system disk.
func (c fuzzCase) oldDisk() bool {
	return c.op.Baseline.RootVolumeID != "" && c.op.Baseline.RootVolumeID == c.seen.RootVolumeID
}

// newDisk reports whether reply and baseline show different system disks.
func (c fuzzCase) newDisk() bool {
	before, now := c.op.Baseline.RootVolumeID, c.seen.RootVolumeID

	return before != "" && now != "" && before != now
}

// proven reports strong evidence: the reinstall was seen in progress, or the system disk is another one.
func (c fuzzCase) proven() bool { return c.op.TransitionSeen || c.newDisk() }

// likely reports weak evidence, which counts only for a request that the service accepted.
func (c fuzzCase) likely() bool {
	later := c.op.Baseline.UpdatedAt != 0 && c.seen.UpdatedAt > c.op.Baseline.UpdatedAt
	cameUp := c.seen.Status == "RUNNING" && c.op.Baseline.Status != "RUNNING" && c.seen.StableFor >= time.Minute

	return c.op.State == reinstall.StateSubmitted && (later || cameUp) &&
		(!c.oldDisk() || c.seen.Status == "REINSTALLINGOS_FAILED")
}

// failing reports whether a reinstall can fail in the status of the reply.
func (c fuzzCase) failing() bool {
	switch c.seen.Status {
	case "REINSTALLINGOS_FAILED", "CHANGINGOS_FAILED", "ERROR", "START_FAILED":
		return true
	default:
		return false
	}
}

// mayEnd reports whether the reply allows the verdict that the reinstall has ended.
func (c fuzzCase) mayEnd() bool {
	switch c.seen.Status {
	case "RUNNING":
		return !c.older() && (c.proven() || c.likely()) && (!c.oldDisk() || c.seen.StableFor >= 20*time.Second)
	case "STOPPED":
		return !c.older() && (c.newDisk() && c.seen.StableFor >= 2*time.Minute ||
			c.proven() && !c.oldDisk() && c.seen.StableFor >= 10*time.Minute)
	default:
		return false
	}
}

// mayFail reports whether the reply allows the verdict that the reinstall has failed.
func (c fuzzCase) mayFail() bool {
	return c.failing() && !c.older() && (c.proven() || c.likely() && c.seen.Status != c.op.Baseline.Status || c.newlyFailed()) &&
		(!c.asBefore() || c.seen.StableFor >= time.Minute) && c.seen.StableFor >= c.patience()
}

// newlyFailed reports whether the status says that a reinstall has failed which had not failed before.
func (c fuzzCase) newlyFailed() bool {
	return c.seen.Status == "REINSTALLINGOS_FAILED" && (c.op.Baseline.Status == "STOPPED" || c.op.Baseline.Status == "CHANGINGOS_FAILED")
}

// patience returns for how long a failed status has to be shown.
func (c fuzzCase) patience() time.Duration {
	if c.seen.Status == "ERROR" || c.seen.Status == "START_FAILED" {
		return 2 * time.Minute
	}

	return 20 * time.Second
}

// mayBeVoid reports whether the reply allows the verdict that the request was not processed.
func (c fuzzCase) mayBeVoid() bool {
	legal := slices.Contains([]modelarts.Status{"STOPPED", "REINSTALLINGOS_FAILED", "CHANGINGOS_FAILED"}, c.seen.Status)
	before := c.op.Baseline
	same := legal && c.seen.Status == before.Status && c.seen.UpdatedAt == before.UpdatedAt && c.seen.RootVolumeID == before.RootVolumeID

	return c.op.State == reinstall.StateUnknown && !c.older() && c.seen.StableFor >= 5*time.Minute &&
		(same || c.oldDisk() && (legal || c.seen.Status == "RUNNING"))
}

// asBefore reports whether the reply may be one from before the request.
func (c fuzzCase) asBefore() bool {
	before := c.op.Baseline
	legal := before.Status == "REINSTALLINGOS_FAILED" || before.Status == "CHANGINGOS_FAILED"
	sameTime := before.UpdatedAt == 0 || c.seen.UpdatedAt <= before.UpdatedAt

	return legal && c.seen.Status == before.Status && !c.newDisk() && sameTime
}

// must reports whether the verdict cannot be put off: the reply is fresh, and the server is back with a new system disk.
func (c fuzzCase) must() bool {
	return c.seen.Status == "RUNNING" && c.newDisk() && c.seen.UpdatedAt > c.op.LatestUpdate
}

func addFuzzCases(f *testing.F) {
	f.Helper()

	for status := range fuzzStatuses {
		n := uint8(status) //nolint:gosec // there are few
		f.Add(n, uint8(1), uint8(2), uint8(1), uint8(9), uint8(5), uint8(5), int64(time.Hour), true, true)
		f.Add(n, uint8(1), uint8(1), uint8(1), uint8(5), uint8(5), uint8(5), int64(2*time.Minute), true, false)
		f.Add(n, n, uint8(1), uint8(1), uint8(9), uint8(5), uint8(7), int64(0), true, false)
		f.Add(n, uint8(1), uint8(0), uint8(1), uint8(4), uint8(5), uint8(5), int64(time.Minute), false, true)
		f.Add(n, uint8(1), uint8(0), uint8(0), uint8(0), uint8(0), uint8(0), int64(time.Minute), true, false)
	}
}

// No verdict is final without evidence.
func FuzzJudge(f *testing.F) {
	addFuzzCases(f)

	f.Fuzz(func(
		t *testing.T, status, baseStatus, root, baseRoot, at, baseAt, latest uint8, held int64, accepted, transition bool,
	) {
		c := newFuzzCase(status, baseStatus, root, baseRoot, at, baseAt, latest, held, accepted, transition)
		deleted := (c.seen.Status == "DELETING" || c.seen.Status == "DELETED") && c.seen.StableFor >= 2*time.Minute
		verdict := reinstall.Judge(c.op, c.seen)

		switch {
		case verdict == reinstall.VerdictEnded && !c.mayEnd(), verdict == reinstall.VerdictFailed && !c.mayFail(),
			verdict == reinstall.VerdictNotStarted && !c.mayBeVoid():
			t.Errorf("verdict %v without evidence", verdict)
		case (verdict == reinstall.VerdictGone) != deleted:
			t.Errorf("verdict %v in %s", verdict, c.seen.Status)
		case c.must() && verdict != reinstall.VerdictEnded:
			t.Errorf("verdict %v in spite of all evidence", verdict)
		default:
			return
		}

		t.Logf("operation %+v\nseen %+v", c.op, c.seen)
	})
}

// A single reply settles an operation only with evidence, and loses nothing of it.
func FuzzSettle(f *testing.F) {
	addFuzzCases(f)

	f.Fuzz(func(
		t *testing.T, status, baseStatus, root, baseRoot, at, baseAt, latest uint8, image int64, accepted, transition bool,
	) {
		c := newFuzzCase(status, baseStatus, root, baseRoot, at, baseAt, latest, 0, accepted, transition)
		c.op.SubmittedAt = time.Now().Add(-c.seen.Age)
		server := &modelarts.Server{Status: &c.seen.Status, UpdateAt: &c.seen.UpdatedAt}
		installed := of([]string{"asked", "other", ""}, uint8(image)) //nolint:gosec // any will do

		if installed != "" {
			server.Image = &modelarts.Image{ImageID: &installed}
		}

		if c.seen.RootVolumeID != "" {
			kind := "ROOT"
			server.Volumes = []modelarts.Volume{{Type: &kind, EVSID: &c.seen.RootVolumeID}}
		}

		after := reinstall.Settle(c.op, server)

		for _, problem := range append(c.wronglySettled(&after, installed), c.forgotten(&after)...) {
			t.Errorf("%s\noperation %+v\nseen %+v, image %q\nafter %+v", problem, c.op, c.seen, installed, after)
		}

		// What has ended remains so.
		if again := reinstall.Settle(after, server); !after.State.Open() && again != after {
			t.Errorf("settled twice: %+v, then %+v", after, again)
		}
	})
}

// wronglySettled lists the claims in after for which there is no evidence.
func (c fuzzCase) wronglySettled(after *reinstall.Operation, installed string) []string {
	var problems []string

	claim := func(made, allowed bool, name string) {
		if made && !allowed {
			problems = append(problems, name+" without evidence")
		}
	}

	ended := c.mayEnd() && c.proven()
	lost := c.op.State == reinstall.StateUnknown

	claim(after.State == reinstall.StateCompleted, ended && installed != "other", "completed")
	claim(after.State == reinstall.StateMismatched, ended && installed == "other" && !lost, "mismatched")
	claim(after.State == reinstall.StateNotStarted, ended && installed == "other" && lost, "not started")
	claim(after.State == reinstall.StateFailed, false, "failed")
	claim(lost && after.State == reinstall.StateSubmitted, !c.older() && (c.proven() || c.working()), "submitted")
	claim(after.Adopted, lost, "adopted")
	claim(after.TransitionSeen && !c.op.TransitionSeen, c.working() && !c.older(), "a transition")
	claim(after.FinishedAt.IsZero() != after.State.Open(), false, "an end, or none,")

	return problems
}

// forgotten lists what after has lost.
func (c fuzzCase) forgotten(after *reinstall.Operation) []string {
	var problems []string

	for name, lost := range map[string]bool{
		"the request":    after.RequestID != c.op.RequestID || !after.SubmittedAt.Equal(c.op.SubmittedAt),
		"the image":      after.ImageID != c.op.ImageID,
		"the baseline":   after.Baseline != c.op.Baseline,
		"a transition":   c.op.TransitionSeen && !after.TransitionSeen,
		"a later update": after.LatestUpdate < c.op.LatestUpdate,
		"an acceptance":  c.op.State == reinstall.StateSubmitted && after.State == reinstall.StateUnknown,
	} {
		if lost {
			problems = append(problems, name+" is forgotten")
		}
	}

	return problems
}

// A request is sent again only after an answer which proves that it was not processed, and no request is called refused that
// may have been processed.
func FuzzClassify(f *testing.F) {
	for _, status := range []int{0, 100, 200, 204, 301, 307, 400, 401, 404, 408, 409, 429, 499, 500, 502, 503, 504, 599, 600, -1} {
		f.Add(status, int64(time.Second), false, uint8(0))
	}

	for kind := range uint8(4) {
		f.Add(500, int64(0), true, kind)
	}

	f.Fuzz(func(t *testing.T, status int, retryAfter int64, wrapped bool, kind uint8) {
		var err error

		notSent, answer := false, false

		switch kind % 4 {
		case 0:
			err, answer = &modelarts.Error{StatusCode: status, RetryAfter: time.Duration(retryAfter)}, true
		case 1:
			err = &modelarts.ConnectionError{Sent: true, Err: io.EOF}
		case 2:
			err, notSent = &modelarts.ConnectionError{Err: io.EOF}, true
		case 3:
			err = errors.New("odd")
		}

		if wrapped {
			err = fmt.Errorf("wrapped: %w", err)
		}

		got, wait := reinstall.Classify(err)
		refusing := answer && status >= 300 && status < 500 && status != 408 && status != 409 && status != 429
		harmless := notSent || answer && status == 429

		switch {
		case got == reinstall.AnswerAccepted:
			t.Errorf("%v counts as accepted", err)
		case (got == reinstall.AnswerNotProcessed) != harmless:
			t.Errorf("%v counts as %v: may it be sent again?", err, got)
		case (got == reinstall.AnswerRefused) != refusing:
			t.Errorf("%v counts as %v: was anything erased?", err, got)
		case wait != 0 && got != reinstall.AnswerNotProcessed:
			t.Errorf("%v asks for a wait of %v", err, wait)
		}
	})
}
