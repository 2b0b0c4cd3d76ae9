package reinstall_test

import (
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

func TestPrecheck(t *testing.T) {
	t.Parallel()

	want := map[modelarts.Status]reinstall.Step{
		modelarts.StatusStopped:              reinstall.StepSubmit,
		modelarts.StatusReinstallingOSFailed: reinstall.StepSubmit,
		modelarts.StatusChangingOSFailed:     reinstall.StepSubmit,
		modelarts.StatusRunning:              reinstall.StepStop,
		modelarts.StatusStarting:             reinstall.StepWait,
		modelarts.StatusStopping:             reinstall.StepWait,
		modelarts.StatusRebooting:            reinstall.StepWait,
		modelarts.StatusCreating:             reinstall.StepWait,
		modelarts.StatusChangingOS:           reinstall.StepWait,
		modelarts.StatusReinstallingOS:       reinstall.StepAdopt,
		modelarts.StatusReinstallOS:          reinstall.StepAdopt,
		modelarts.StatusCreateFailed:         reinstall.StepRefuse,
		modelarts.StatusDeleted:              reinstall.StepRefuse,
		modelarts.StatusDeleting:             reinstall.StepRefuse,
		modelarts.StatusDeleteFailed:         reinstall.StepRefuse,
		modelarts.StatusError:                reinstall.StepRefuse,
		modelarts.StatusStartFailed:          reinstall.StepRefuse,
		modelarts.StatusStopFailed:           reinstall.StepRefuse,
		modelarts.StatusRebootFailed:         reinstall.StepRefuse,
		"":                                   reinstall.StepRefuse,
		"HIBERNATING":                        reinstall.StepRefuse,
	}

	for status, step := range want {
		if got := reinstall.Precheck(status, true); got != step {
			t.Errorf("Precheck(%q, true) = %v, want %v", status, got, step)
		}

		withoutStop := step
		if status == modelarts.StatusRunning {
			withoutStop = reinstall.StepRefuse
		}

		if got := reinstall.Precheck(status, false); got != withoutStop {
			t.Errorf("Precheck(%q, false) = %v, want %v", status, got, withoutStop)
		}
	}
}

func TestClassify(t *testing.T) {
	t.Parallel()

	status := func(code int) error { return &modelarts.Error{StatusCode: code} }

	for name, test := range map[string]struct {
		err  error
		want reinstall.Answer
	}{
		"2xx":                       {nil, reinstall.AnswerAccepted},
		"no connection":             {&modelarts.ConnectionError{Err: io.EOF}, reinstall.AnswerNotProcessed},
		"429":                       {status(http.StatusTooManyRequests), reinstall.AnswerNotProcessed},
		"connection lost":           {&modelarts.ConnectionError{Sent: true, Err: io.EOF}, reinstall.AnswerAmbiguous},
		"an error of no known kind": {errors.New("odd"), reinstall.AnswerAmbiguous},
		"408":                       {status(http.StatusRequestTimeout), reinstall.AnswerAmbiguous},
		"409":                       {status(http.StatusConflict), reinstall.AnswerAmbiguous},
		"500":                       {status(http.StatusInternalServerError), reinstall.AnswerAmbiguous},
		"502":                       {status(http.StatusBadGateway), reinstall.AnswerAmbiguous},
		"503":                       {status(http.StatusServiceUnavailable), reinstall.AnswerAmbiguous},
		"504":                       {status(http.StatusGatewayTimeout), reinstall.AnswerAmbiguous},
		"an error with a 2xx":       {status(http.StatusOK), reinstall.AnswerAmbiguous},
		"an error with no status":   {status(0), reinstall.AnswerAmbiguous},
		"307":                       {status(http.StatusTemporaryRedirect), reinstall.AnswerRefused},
		"400":                       {status(http.StatusBadRequest), reinstall.AnswerRefused},
		"401":                       {status(http.StatusUnauthorized), reinstall.AnswerRefused},
		"403":                       {status(http.StatusForbidden), reinstall.AnswerRefused},
		"404":                       {status(http.StatusNotFound), reinstall.AnswerRefused},
	} {
		if got, _ := reinstall.Classify(test.err); got != test.want {
			t.Errorf("%s: Classify = %v, want %v", name, got, test.want)
		}
	}

	_, wait := reinstall.Classify(&modelarts.Error{StatusCode: http.StatusTooManyRequests, RetryAfter: time.Minute})
	if wait != time.Minute {
		t.Errorf("Classify drops Retry-After: %v", wait)
	}
}

// submitted is an accepted operation on a stopped server.
func submitted() reinstall.Operation {
	return reinstall.Operation{
		State:        reinstall.StateSubmitted,
		LatestUpdate: 100,
		Baseline:     reinstall.Baseline{Status: modelarts.StatusStopped, RootVolumeID: "old", UpdatedAt: 100},
	}
}

// unclear is a sent operation whose answer was lost.
func unclear() reinstall.Operation {
	op := submitted()
	op.State = reinstall.StateUnknown

	return op
}

// changed returns op after change.
func changed(op reinstall.Operation, change func(*reinstall.Operation)) reinstall.Operation {
	change(&op)

	return op
}

func TestJudge(t *testing.T) {
	t.Parallel()

	fromFailed := func(op *reinstall.Operation) { op.Baseline.Status = modelarts.StatusReinstallingOSFailed }
	transition := func(op *reinstall.Operation) { op.TransitionSeen = true }
	noTimes := func(op *reinstall.Operation) { op.Baseline.UpdatedAt, op.LatestUpdate = 0, 0 }

	for name, test := range map[string]struct {
		op   reinstall.Operation
		seen reinstall.Observation
		want reinstall.Verdict
	}{
		"RUNNING without evidence is stale": {
			submitted(),
			reinstall.Observation{Status: modelarts.StatusRunning, RootVolumeID: "old", UpdatedAt: 100},
			reinstall.VerdictWait,
		},
		"RUNNING after a transition, on the old system disk": {
			changed(submitted(), transition),
			reinstall.Observation{Status: modelarts.StatusRunning, RootVolumeID: "old", UpdatedAt: 101, StableFor: 19 * time.Second},
			reinstall.VerdictWait,
		},
		"RUNNING after a transition, on the old system disk, held": {
			changed(submitted(), transition),
			reinstall.Observation{Status: modelarts.StatusRunning, RootVolumeID: "old", UpdatedAt: 101, StableFor: 20 * time.Second},
			reinstall.VerdictEnded,
		},
		"RUNNING after a transition, where no system disk is shown": {
			changed(submitted(), transition),
			reinstall.Observation{Status: modelarts.StatusRunning, UpdatedAt: 101, StableFor: 20 * time.Second},
			reinstall.VerdictEnded,
		},
		"RUNNING after a transition, where no system disk is shown, not held": {
			changed(submitted(), transition),
			reinstall.Observation{Status: modelarts.StatusRunning, UpdatedAt: 101, StableFor: 19 * time.Second},
			reinstall.VerdictWait,
		},
		"RUNNING after a transition, of a server that has never shown a system disk": {
			changed(changed(submitted(), transition), func(op *reinstall.Operation) { op.Baseline.RootVolumeID = "" }),
			reinstall.Observation{Status: modelarts.StatusRunning, UpdatedAt: 101},
			reinstall.VerdictEnded,
		},
		"RUNNING for long, and nobody knows what it was before": {
			changed(submitted(), func(op *reinstall.Operation) { op.Baseline = reinstall.Baseline{} }),
			reinstall.Observation{Status: modelarts.StatusRunning, RootVolumeID: "disk", StableFor: time.Hour},
			reinstall.VerdictWait,
		},
		"RUNNING from before the stop, after a transition": {
			changed(submitted(), transition),
			reinstall.Observation{Status: modelarts.StatusRunning, RootVolumeID: "old", UpdatedAt: 99},
			reinstall.VerdictWait,
		},
		"RUNNING with a new system disk": {
			submitted(),
			reinstall.Observation{Status: modelarts.StatusRunning, RootVolumeID: "new", UpdatedAt: 100},
			reinstall.VerdictEnded,
		},
		"RUNNING with an even older system disk": {
			submitted(),
			reinstall.Observation{Status: modelarts.StatusRunning, RootVolumeID: "older", UpdatedAt: 50},
			reinstall.VerdictWait,
		},
		"RUNNING with a later update, where no system disk is shown": {
			submitted(),
			reinstall.Observation{Status: modelarts.StatusRunning, UpdatedAt: 101, StableFor: 20 * time.Second},
			reinstall.VerdictEnded,
		},
		"RUNNING with a later update, on the old system disk": {
			submitted(),
			reinstall.Observation{Status: modelarts.StatusRunning, RootVolumeID: "old", UpdatedAt: 101, StableFor: time.Hour},
			reinstall.VerdictWait,
		},
		"RUNNING with a new system disk, and a time behind a reply that was ahead": {
			changed(submitted(), func(op *reinstall.Operation) { op.LatestUpdate = 900 }),
			reinstall.Observation{Status: modelarts.StatusRunning, RootVolumeID: "new", UpdatedAt: 200, Age: 5 * time.Minute},
			reinstall.VerdictEnded,
		},
		"RUNNING with a new system disk, and a time behind, at first": {
			changed(submitted(), func(op *reinstall.Operation) { op.LatestUpdate = 900 }),
			reinstall.Observation{Status: modelarts.StatusRunning, RootVolumeID: "new", UpdatedAt: 200, Age: 4 * time.Minute},
			reinstall.VerdictWait,
		},
		"RUNNING with a later update after a lost answer": {
			unclear(),
			reinstall.Observation{Status: modelarts.StatusRunning, RootVolumeID: "old", UpdatedAt: 101},
			reinstall.VerdictWait,
		},
		"RUNNING with a new system disk after a lost answer": {
			unclear(),
			reinstall.Observation{Status: modelarts.StatusRunning, RootVolumeID: "new", UpdatedAt: 101},
			reinstall.VerdictEnded,
		},
		"RUNNING held for a minute": {
			changed(submitted(), noTimes),
			reinstall.Observation{Status: modelarts.StatusRunning, StableFor: time.Minute},
			reinstall.VerdictEnded,
		},
		"RUNNING not held for a minute": {
			changed(submitted(), noTimes),
			reinstall.Observation{Status: modelarts.StatusRunning, StableFor: 59 * time.Second},
			reinstall.VerdictWait,
		},
		"RUNNING held for an hour after a lost answer": {
			changed(unclear(), noTimes),
			reinstall.Observation{Status: modelarts.StatusRunning, StableFor: time.Hour},
			reinstall.VerdictWait,
		},
		"RUNNING on the old system disk for five minutes after a lost answer": {
			unclear(),
			reinstall.Observation{Status: modelarts.StatusRunning, RootVolumeID: "old", UpdatedAt: 300, StableFor: 5 * time.Minute},
			reinstall.VerdictNotStarted,
		},
		"STOPPED on the old system disk for five minutes after a lost answer, and touched": {
			unclear(),
			reinstall.Observation{Status: modelarts.StatusStopped, RootVolumeID: "old", UpdatedAt: 300, StableFor: 5 * time.Minute},
			reinstall.VerdictNotStarted,
		},
		"an odd status on the old system disk after a lost answer": {
			unclear(),
			reinstall.Observation{Status: "POLISHING", RootVolumeID: "old", UpdatedAt: 300, StableFor: time.Hour},
			reinstall.VerdictWait,
		},
		"RUNNING on the old system disk for an hour, in a word of a newer version": {
			changed(submitted(), func(op *reinstall.Operation) { op.State = "verifying" }),
			reinstall.Observation{Status: modelarts.StatusRunning, RootVolumeID: "old", UpdatedAt: 300, StableFor: time.Hour},
			reinstall.VerdictWait,
		},
		"FAILED as before the request": {
			changed(submitted(), fromFailed),
			reinstall.Observation{Status: modelarts.StatusReinstallingOSFailed, RootVolumeID: "old", UpdatedAt: 101},
			reinstall.VerdictWait,
		},
		"FAILED again after a transition": {
			changed(changed(submitted(), fromFailed), transition),
			reinstall.Observation{
				Status: modelarts.StatusReinstallingOSFailed, RootVolumeID: "old", UpdatedAt: 101, StableFor: 20 * time.Second,
			},
			reinstall.VerdictFailed,
		},
		"FAILED again after a transition, at first": {
			changed(changed(submitted(), fromFailed), transition),
			reinstall.Observation{
				Status: modelarts.StatusReinstallingOSFailed, RootVolumeID: "old", UpdatedAt: 101, StableFor: 19 * time.Second,
			},
			reinstall.VerdictWait,
		},
		"FAILED exactly as before, after a transition, is stale": {
			changed(changed(submitted(), fromFailed), transition),
			reinstall.Observation{Status: modelarts.StatusReinstallingOSFailed, RootVolumeID: "old", UpdatedAt: 100},
			reinstall.VerdictWait,
		},
		"FAILED as before, after a transition, where the baseline shows no more, is stale": {
			changed(changed(changed(submitted(), fromFailed), transition), func(op *reinstall.Operation) {
				op.Baseline.RootVolumeID, op.Baseline.UpdatedAt, op.LatestUpdate = "", 0, 0
			}),
			reinstall.Observation{Status: modelarts.StatusReinstallingOSFailed, RootVolumeID: "old", UpdatedAt: 100},
			reinstall.VerdictWait,
		},
		"FAILED exactly as before, after a transition, for a minute": {
			changed(changed(submitted(), fromFailed), transition),
			reinstall.Observation{
				Status: modelarts.StatusReinstallingOSFailed, RootVolumeID: "old", UpdatedAt: 100, StableFor: time.Minute,
			},
			reinstall.VerdictFailed,
		},
		"FAILED from a stopped server": {
			submitted(),
			reinstall.Observation{
				Status: modelarts.StatusReinstallingOSFailed, RootVolumeID: "old", UpdatedAt: 101, StableFor: 20 * time.Second,
			},
			reinstall.VerdictFailed,
		},
		"FAILED without evidence": {
			submitted(),
			reinstall.Observation{Status: modelarts.StatusReinstallingOSFailed, RootVolumeID: "old", UpdatedAt: 100},
			reinstall.VerdictWait,
		},
		"CHANGINGOS_FAILED": {
			submitted(),
			reinstall.Observation{
				Status: modelarts.StatusChangingOSFailed, RootVolumeID: "new", UpdatedAt: 101, StableFor: 20 * time.Second,
			},
			reinstall.VerdictFailed,
		},
		"ERROR": {
			submitted(),
			reinstall.Observation{Status: modelarts.StatusError, UpdatedAt: 101, StableFor: 2 * time.Minute},
			reinstall.VerdictFailed,
		},
		"ERROR for less than two minutes": {
			submitted(),
			reinstall.Observation{Status: modelarts.StatusError, UpdatedAt: 101, StableFor: 119 * time.Second},
			reinstall.VerdictWait,
		},
		"ERROR on the old system disk": {
			submitted(),
			reinstall.Observation{Status: modelarts.StatusError, RootVolumeID: "old", UpdatedAt: 101, StableFor: time.Hour},
			reinstall.VerdictWait,
		},
		"START_FAILED": {
			submitted(),
			reinstall.Observation{Status: modelarts.StatusStartFailed, UpdatedAt: 101, StableFor: 2 * time.Minute},
			reinstall.VerdictFailed,
		},
		"START_FAILED after a lost answer": {
			unclear(),
			reinstall.Observation{Status: modelarts.StatusStartFailed, UpdatedAt: 101, StableFor: time.Hour},
			reinstall.VerdictWait,
		},
		"STOPPED with a new system disk, held for two minutes": {
			submitted(),
			reinstall.Observation{
				Status: modelarts.StatusStopped, RootVolumeID: "new", UpdatedAt: 101, StableFor: 2 * time.Minute,
			},
			reinstall.VerdictEnded,
		},
		"STOPPED with a new system disk, passing through": {
			submitted(),
			reinstall.Observation{Status: modelarts.StatusStopped, RootVolumeID: "new", UpdatedAt: 101, StableFor: time.Minute},
			reinstall.VerdictWait,
		},
		"STOPPED with the old system disk": {
			submitted(),
			reinstall.Observation{Status: modelarts.StatusStopped, RootVolumeID: "old", UpdatedAt: 101, StableFor: time.Hour},
			reinstall.VerdictWait,
		},
		"in progress": {
			submitted(),
			reinstall.Observation{Status: modelarts.StatusReinstallingOS, RootVolumeID: "new", UpdatedAt: 101},
			reinstall.VerdictWait,
		},
		"a status nobody knows": {
			changed(submitted(), transition),
			reinstall.Observation{Status: "POLISHING", RootVolumeID: "new", UpdatedAt: 101},
			reinstall.VerdictWait,
		},
		"STOPPED after somebody else's reinstall was seen": {
			changed(changed(submitted(), transition), func(op *reinstall.Operation) { op.Adopted = true }),
			reinstall.Observation{
				Status: modelarts.StatusStopped, RootVolumeID: "old", UpdatedAt: 101, StableFor: 2 * time.Minute,
			},
			reinstall.VerdictEnded,
		},
		"STOPPED for ten minutes after a transition, where no system disk is shown": {
			changed(submitted(), transition),
			reinstall.Observation{Status: modelarts.StatusStopped, UpdatedAt: 101, StableFor: 10 * time.Minute},
			reinstall.VerdictEnded,
		},
		"STOPPED for less than that": {
			changed(submitted(), transition),
			reinstall.Observation{Status: modelarts.StatusStopped, UpdatedAt: 101, StableFor: 9 * time.Minute},
			reinstall.VerdictWait,
		},
		"DELETING": {
			submitted(), reinstall.Observation{Status: modelarts.StatusDeleting, StableFor: 2 * time.Minute}, reinstall.VerdictGone,
		},
		"DELETED": {
			submitted(), reinstall.Observation{Status: modelarts.StatusDeleted, StableFor: 2 * time.Minute}, reinstall.VerdictGone,
		},
		"not found": {submitted(), reinstall.Observation{NotFound: true, StableFor: 2 * time.Minute}, reinstall.VerdictGone},
		"not found once": {
			submitted(), reinstall.Observation{NotFound: true, StableFor: 119 * time.Second}, reinstall.VerdictWait,
		},
		"DELETING for a moment": {
			changed(submitted(), transition), reinstall.Observation{Status: modelarts.StatusDeleting}, reinstall.VerdictWait,
		},
	} {
		if got := reinstall.Judge(test.op, test.seen); got != test.want {
			t.Errorf("%s: Judge = %v, want %v", name, got, test.want)
		}
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()

	both := []reinstall.Difference{
		{Attribute: "image_id", Asked: "a", Found: "b"},
		{Attribute: "key_pair_name", Asked: "k", Found: "l"},
	}

	none := []reinstall.Difference{
		{Attribute: "image_id", Asked: "a"}, {Attribute: "key_pair_name", Asked: "k"},
	}
	text := func(s string) *string { return &s }

	for name, test := range map[string]struct {
		wantImage, wantKey string
		image, key         *string
		want               []reinstall.Difference
	}{
		"as asked":               {"a", "k", text("a"), text("k"), nil},
		"in another case":        {"a", "k", text("A"), text("K"), []reinstall.Difference{{Attribute: "key_pair_name", Asked: "k", Found: "K"}}},
		"both other":             {"a", "k", text("b"), text("l"), both},
		"not asked":              {"", "", text("b"), text("l"), nil},
		"not asked, shown empty": {"", "", text(""), text(""), nil},
		"not shown":              {"a", "k", nil, nil, nil},
		"shown empty":            {"a", "k", text(""), text(""), none},
	} {
		got := reinstall.Compare(test.wantImage, test.wantKey, test.image, test.key)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// shown returns a server as a reply shows it.
func shown(status modelarts.Status, image, root string, updatedAt int64) *modelarts.Server {
	kind := "ROOT"

	return &modelarts.Server{
		Status:   &status,
		UpdateAt: &updatedAt,
		Image:    &modelarts.Image{ImageID: &image},
		Volumes:  []modelarts.Volume{{Type: &kind, EVSID: &root}},
	}
}

// hidden returns a server whose reply shows no volumes.
func hidden(status modelarts.Status, updatedAt int64) *modelarts.Server {
	server := shown(status, "image", "", updatedAt)
	server.Volumes = nil

	return server
}

func TestSettle(t *testing.T) {
	t.Parallel()

	asked := func(op *reinstall.Operation) { op.ImageID = "image" }
	in := func(state reinstall.State) func(*reinstall.Operation) {
		return func(op *reinstall.Operation) { op.State = state }
	}
	adopted := func(op *reinstall.Operation) { op.Adopted = true }

	for name, test := range map[string]struct {
		op         reinstall.Operation
		server     *modelarts.Server
		want       reinstall.State
		transition bool
	}{
		"ended": {
			changed(submitted(), asked), shown(modelarts.StatusRunning, "image", "new", 200), reinstall.StateCompleted, false,
		},
		"ended with another image, as far as one reply shows": {
			changed(submitted(), asked), shown(modelarts.StatusRunning, "other", "new", 200), reinstall.StateSubmitted, false,
		},
		"in progress, by the API page's own word": {
			submitted(), shown(modelarts.StatusReinstallOS, "image", "old", 200), reinstall.StateSubmitted, true,
		},
		"failed, as far as one reply shows": {
			submitted(), shown(modelarts.StatusReinstallingOSFailed, "image", "new", 200), reinstall.StateSubmitted, false,
		},
		"RUNNING with a later update": {
			submitted(), hidden(modelarts.StatusRunning, 200), reinstall.StateSubmitted, false,
		},
		"what was adopted ended with another image": {
			changed(changed(submitted(), asked), adopted), shown(modelarts.StatusRunning, "other", "new", 200),
			reinstall.StateSubmitted, false,
		},
		"what was adopted ended as asked": {
			changed(changed(submitted(), asked), adopted), shown(modelarts.StatusRunning, "image", "new", 200),
			reinstall.StateCompleted, false,
		},
		"a word of a newer version": {
			changed(changed(submitted(), asked), in("verifying")), shown(modelarts.StatusRunning, "image", "new", 200),
			reinstall.StateCompleted, false,
		},
		"failed, and it runs as asked after all": {
			changed(changed(submitted(), asked), in(reinstall.StateFailed)),
			shown(modelarts.StatusRunning, "image", "new", 200), reinstall.StateCompleted, false,
		},
		"failed, and it runs with another image": {
			changed(changed(submitted(), asked), in(reinstall.StateFailed)),
			shown(modelarts.StatusRunning, "other", "new", 200), reinstall.StateFailed, false,
		},
		"failed, and it runs on the old system disk": {
			changed(changed(submitted(), asked), in(reinstall.StateFailed)),
			shown(modelarts.StatusRunning, "image", "old", 200), reinstall.StateFailed, false,
		},
		"not started, and a new system disk shows that it was late": {
			changed(changed(submitted(), asked), in(reinstall.StateNotStarted)),
			shown(modelarts.StatusRunning, "image", "new", 200), reinstall.StateCompleted, false,
		},
		"not started, as somebody else's ended otherwise": {
			changed(changed(changed(submitted(), asked), in(reinstall.StateNotStarted)), adopted),
			shown(modelarts.StatusRunning, "image", "new", 200), reinstall.StateNotStarted, false,
		},
		"lost answer, in progress": {
			unclear(), shown(modelarts.StatusReinstallOS, "image", "old", 200), reinstall.StateSubmitted, true,
		},
		"lost answer, no sign": {
			unclear(), shown(modelarts.StatusStopped, "image", "old", 100), reinstall.StateUnknown, false,
		},
		"what has ended otherwise stays": {
			changed(changed(submitted(), asked), in(reinstall.StateMismatched)),
			shown(modelarts.StatusRunning, "image", "newer", 300), reinstall.StateMismatched, false,
		},
	} {
		test.op.SubmittedAt = time.Now()
		got := reinstall.Settle(test.op, test.server)
		if got.State != test.want || got.TransitionSeen != test.transition {
			t.Errorf("%s: state %s, transition %v, want %s, %v",
				name, got.State, got.TransitionSeen, test.want, test.transition)
		}

		if got.FinishedAt.IsZero() != (got.State.Open() || got.State == test.op.State) {
			t.Errorf("%s: state %s with finished_at %v", name, got.State, got.FinishedAt)
		}
	}
}
