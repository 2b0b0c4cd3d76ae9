package reinstall_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// runRecorded runs a request with a journal.
func runRecorded(t *testing.T, s *script, journal reinstall.Journal, inputs, root string, last *reinstall.Operation) reinstall.Result {
	t.Helper()

	return reinstall.New(s, reinstall.Limits{}, reinstall.Records{Journal: journal}).Run(t.Context(), reinstall.Request{
		ServerID: serverID, Body: modelarts.ReinstallRequest{ImageID: "image", KeyPairName: "key"}, StopFirst: true,
		Site: site, Permit: reinstall.Permit{Number: 2, Inputs: inputs}, RootVolumeID: root, Last: last, Timeout: time.Hour,
	})
}

// The journal knows that the request has completed; the first replies of the next apply (-refresh=false, so the plan still
// has the old disk) come from a replica that lags. keepEnded judges by one reply and never uses Operation.LatestUpdate.
func TestRecordedStaleReplyAfterCompletedRecord(t *testing.T) {
	t.Parallel()

	for name, last := range map[string]int{"one stale reply": 1, "stale for 10 s": 10} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				op := ended(reinstall.StateCompleted)
				op.LatestUpdate = 300
				s := script{began: time.Now(), replies: []reply{
					at(0, modelarts.StatusStopped, "image", "old", 100),
					at(time.Duration(last)*time.Second, modelarts.StatusRunning, "image", "new", 300),
				}}

				result := runRecorded(t, &s, &notebook{record: recorded(op)}, "same", "old", nil)
				if s.sent("POST") > 0 || !result.Kept() {
					t.Errorf("sent %v, outcome %v, kept %v, error %v; want nothing sent, kept", s.log, result.Outcome, result.Kept(), result.Err)
				}
			})
		})
	}
}

// Between the first read of the journal and Begin, another process (a newer provider, or one of another project) writes a
// record which this one cannot use. Begin returns a RecordError, and the request is sent all the same.
func TestRecordedUnusableRecordAtBegin(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		s := script{began: time.Now(), replies: []reply{at(0, modelarts.StatusStopped, "image", "old", 100)}}
		journal := &notebook{}
		journal.beforeBegin = func() {
			journal.err = &reinstall.RecordError{Path: "x", Reason: "was written by a newer version of the provider"}
		}

		if result := runRecorded(t, &s, journal, "same", "old", nil); s.sent("POST") > 0 {
			t.Errorf("sent %v, outcome %v, error %v; want nothing sent", s.log, result.Outcome, result.Err)
		}
	})
}

// The answer was 429, and that was recorded; the service had processed the request all the same (the running engine
// provides for that: overtaking). The apply is killed while it waits to send it again, and the reinstall ends.
func TestRecordedThrottledAndProcessedAndKilled(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		op := submitted()
		op.State = reinstall.StateUnknown
		s := script{began: time.Now(), replies: []reply{
			at(0, modelarts.StatusRunning, "image", "new", 300), at(time.Minute, modelarts.StatusStopped, "image", "new", 400),
		}}

		result := runRecorded(t, &s, &notebook{record: recorded(op)}, "same", "new", nil)
		if s.sent("POST") > 0 {
			t.Errorf("sent %v, outcome %v, error %v; want nothing sent", s.log, result.Outcome, result.Err)
		}
	})
}

// An attempt that takes up "two" and asks for "three" is refused. The record of "two", which the state does not have, is
// lost with that of "three".
func TestRecordedRefusalLosesTheRecord(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		journal := &notebook{record: recorded(ended(reinstall.StateCompleted))}
		before := journal.record.Operation.SubmittedAt
		s := script{began: time.Now(), replies: []reply{at(0, modelarts.StatusStopped, "image", "new", 300)}, posts: []error{answered(400)}}

		runRecorded(t, &s, journal, "else", "new", nil)

		if journal.record == nil || !journal.record.Operation.SubmittedAt.Equal(before) {
			t.Errorf("the journal has %v after a refusal, want the record of the earlier request", journal.record)
		}
	})
}

// A service that shows no disks. The state has moved on (op 2, sent after the record), the journal is an old copy that
// has the request before it. It asks for the same as the plan: its result is "kept", although op 2 has replaced it.
func TestRecordedStaleRecordNoDisks(t *testing.T) {
	t.Parallel()

	for name, state := range map[string]reinstall.State{"completed": reinstall.StateCompleted, "submitted": reinstall.StateSubmitted} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				op := submitted()
				op.State, op.Baseline.RootVolumeID = state, ""
				journal := &notebook{record: recorded(op)}

				last := submitted()
				last.State, last.SubmittedAt, last.Baseline.RootVolumeID = reinstall.StateCompleted, time.Now().Add(-30*time.Second), ""
				s := script{began: time.Now(), replies: []reply{
					{server: hidden(modelarts.StatusRunning, 500)},
					{from: 10 * time.Minute, server: hidden(modelarts.StatusStopped, 600)},
				}}

				if result := runRecorded(t, &s, journal, "same", "", &last); result.Kept() {
					t.Errorf("outcome %v, sent %v: kept the result of %v, and the state has one of %v",
						result.Outcome, s.log, result.Operation.SubmittedAt, last.SubmittedAt)
				}
			})
		})
	}
}

// The same with disks; the last operation of the state has no disk of its own (it failed, or was never seen to end).
func TestRecordedStaleRecordAfterFailed(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		journal := &notebook{record: recorded(submitted())} // old -> second, killed before its end; taken up since by another run

		last := submitted()
		last.State, last.SubmittedAt, last.Baseline.RootVolumeID = reinstall.StateFailed, time.Now().Add(-30*time.Second), "second"
		s := script{began: time.Now(), replies: []reply{at(0, modelarts.StatusRunning, "image", "third", 500)}}

		if result := runRecorded(t, &s, journal, "same", "third", &last); result.Kept() {
			t.Errorf("kept the result of %v, and the state has one of %v", result.Operation.SubmittedAt, last.SubmittedAt)
		}
	})
}

// The journal's folder exists and cannot be read now (permissions of a restored cache, an I/O error): a record may be in it.
func TestRecordedUnreadableFolder(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		s := script{began: time.Now(), replies: []reply{
			at(0, modelarts.StatusRunning, "image", "new", 300),
			at(time.Minute, modelarts.StatusStopped, "image", "new", 400),
		}}
		journal := &notebook{unread: errors.New("journal cannot be read: permission denied")}

		if result := runRecorded(t, &s, journal, "same", "new", nil); s.sent("POST") > 0 {
			t.Errorf("sent %v, outcome %v, error %v; want nothing sent", s.log, result.Outcome, result.Err)
		}
	})
}
