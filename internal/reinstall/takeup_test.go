package reinstall_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// notebook is a journal in memory for one server.
type notebook struct {
	record *reinstall.Record
	err    error    // of the methods that write
	unread error    // of Recover
	log    []string // the states that were written; "forget" for a removal

	beforeBegin func() // called once, before the first Begin
}

func (n *notebook) Recover(string) (*reinstall.Record, error) { return n.record, n.unread }

func (n *notebook) Begin(_ context.Context, known, record *reinstall.Record) error {
	if n.beforeBegin != nil {
		n.beforeBegin()
		n.beforeBegin = nil
	}

	if n.err != nil {
		return n.err
	}

	if (known == nil) != (n.record == nil) || known != nil && !known.Operation.SubmittedAt.Equal(n.record.Operation.SubmittedAt) {
		return reinstall.ErrJournalChanged
	}

	n.write(record)

	return nil
}

func (n *notebook) Update(_ context.Context, record *reinstall.Record) error {
	if n.err == nil {
		n.write(record)
	}

	return n.err
}

func (n *notebook) write(record *reinstall.Record) {
	kept := *record
	n.record = &kept
	n.log = append(n.log, string(record.Operation.State))
}

func (n *notebook) Forget(_ context.Context, _ string, submittedAt time.Time) error {
	if n.record != nil && n.record.Operation.SubmittedAt.Equal(submittedAt) {
		n.record = nil
		n.log = append(n.log, "forget")
	}

	return n.err
}

// site is where the server is.
var site = reinstall.Site{Endpoint: "modelarts.example.com", Region: "region", ProjectID: "project"}

// recorded returns a record of a request for the inputs "same" that was sent a minute ago.
func recorded(op reinstall.Operation) *reinstall.Record {
	op.SubmittedAt, op.ImageID = time.Now().Add(-time.Minute), "image"

	return &reinstall.Record{
		Path: "journal/server.json", ServerID: serverID, Site: site, Operation: op,
		Permit: reinstall.Permit{Number: 1, Reasons: []string{"create"}, Inputs: "same"},
	}
}

// ended returns an operation that has ended in a state, with the disk "new".
func ended(state reinstall.State) reinstall.Operation {
	op := submitted()
	op.State, op.RootVolumeID = state, "new"

	return op
}

// A request of an earlier run that the state does not have is taken up before another one is sent.
func TestTakeUp(t *testing.T) {
	t.Parallel()

	afterwards := []reply{
		at(0, modelarts.StatusReinstallOS, "image", "old", 200), at(time.Minute, modelarts.StatusRunning, "image", "new", 300),
	}
	running := func(image, root string) []reply { return []reply{at(0, modelarts.StatusRunning, image, root, 300)} }
	failed := []reply{at(0, modelarts.StatusReinstallingOSFailed, "", "new", 300)}
	untouched := []reply{at(0, modelarts.StatusStopped, "other", "old", 100)}

	for name, test := range map[string]struct {
		op      reinstall.Operation
		inputs  string // of this run
		root    string // that the plan was made for
		replies []reply
		last    *reinstall.Operation
		posts   int
		outcome reinstall.Outcome
		kept    bool
	}{
		"in progress, the same": {submitted(), "same", "old", afterwards, nil, 0, reinstall.OutcomeCompleted, true},
		"ended, the same":       {submitted(), "same", "new", running("image", "new"), nil, 0, reinstall.OutcomeCompleted, true},
		"ended, the plan is from before": {
			submitted(), "same", "old", running("image", "new"), nil, 0, reinstall.OutcomeCompleted, true,
		},
		"answer not recorded, ended":     {unclear(), "same", "new", running("image", "new"), nil, 0, reinstall.OutcomeCompleted, true},
		"never began":                    {unclear(), "same", "old", untouched, nil, 1, reinstall.OutcomePending, false},
		"never began, another":           {unclear(), "else", "old", untouched, nil, 1, reinstall.OutcomePending, false},
		"in progress, another":           {submitted(), "else", "old", afterwards, nil, 0, reinstall.OutcomeRefused, false},
		"in progress, another, any disk": {submitted(), "else", "", afterwards, nil, 1, reinstall.OutcomePending, false},
		"ended, another":                 {submitted(), "else", "new", running("image", "new"), nil, 1, reinstall.OutcomePending, false},
		"ended, another, the plan is from before": {
			submitted(), "else", "old", running("image", "new"), nil, 0, reinstall.OutcomeRefused, false,
		},
		"failed":          {submitted(), "same", "new", failed, nil, 1, reinstall.OutcomePending, false},
		"another image":   {submitted(), "same", "new", running("other", "new"), nil, 1, reinstall.OutcomePending, false},
		"seen to end":     {ended(reinstall.StateCompleted), "same", "new", running("image", "new"), nil, 0, reinstall.OutcomeCompleted, true},
		"seen to fail":    {ended(reinstall.StateFailed), "same", "new", failed, nil, 1, reinstall.OutcomePending, false},
		"failed at first": {ended(reinstall.StateFailed), "same", "new", running("image", "new"), nil, 0, reinstall.OutcomeCompleted, true},
		"seen to end, and reinstalled by somebody else": {
			ended(reinstall.StateCompleted), "same", "third", running("image", "third"), nil, 1, reinstall.OutcomePending, false,
		},
		"seen to end, and a reply from before it": {
			ended(reinstall.StateCompleted), "same", "new", []reply{
				at(0, modelarts.StatusStopped, "other", "old", 50), at(time.Second, modelarts.StatusRunning, "image", "new", 300),
			}, nil, 0, reinstall.OutcomeCompleted, true,
		},
		"seen to end, and a reply without the disk": {
			ended(reinstall.StateCompleted), "same", "new", []reply{
				at(0, modelarts.StatusRunning, "other", "", 300), at(time.Second, modelarts.StatusRunning, "image", "new", 300),
			}, nil, 0, reinstall.OutcomeCompleted, true,
		},
		"nothing came of it": {ended(reinstall.StateNotStarted), "same", "new", running("image", "new"), nil, 1, reinstall.OutcomePending, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				journal := &notebook{record: recorded(test.op)}
				before := *journal.record
				s := script{began: time.Now(), replies: test.replies}
				s.post = func() { s.replies = []reply{at(0, modelarts.StatusReinstallOS, "image", "last", 400)} }

				for i := range s.replies { // a running server stops at once
					if server := *s.replies[i].server; server.CurrentStatus() == modelarts.StatusRunning && test.posts > 0 {
						stoppedServer := shown(modelarts.StatusStopped, *server.ShownImageID(), server.RootVolumeID(), server.UpdatedAt())
						s.replies = append(s.replies, reply{from: s.replies[i].from + 5*time.Minute, server: stoppedServer})

						break
					}
				}

				result := reinstall.New(&s, reinstall.Limits{}, reinstall.Records{Journal: journal}).Run(t.Context(), reinstall.Request{
					ServerID: serverID, Body: modelarts.ReinstallRequest{ImageID: "image", KeyPairName: "key"}, StopFirst: true,
					Site: site, Permit: reinstall.Permit{Number: 2, Inputs: test.inputs}, RootVolumeID: test.root, Last: test.last,
					Timeout: time.Hour,
				})

				if result.Outcome != test.outcome || result.Kept() != test.kept || s.sent("POST") != test.posts {
					t.Errorf("outcome %v, error %v, kept %v, sent %v; want outcome %v, kept %v, %d POST",
						result.Outcome, result.Err, result.Kept(), s.log, test.outcome, test.kept, test.posts)
				}

				if test.kept && !result.Operation.SubmittedAt.Equal(before.Operation.SubmittedAt) {
					t.Error("the result is not that of the recorded request")
				}
			})
		})
	}
}

// What is written about one request: before it, once it is answered, and at the end.
func TestRecords(t *testing.T) {
	t.Parallel()

	runs := []reply{
		at(0, modelarts.StatusStopped, "other", "old", 100), at(time.Minute, modelarts.StatusRunning, "image", "new", 300),
	}
	still := []reply{at(0, modelarts.StatusStopped, "other", "old", 100)}

	for name, test := range map[string]struct {
		replies []reply
		posts   []error
		want    []string
	}{
		"completed":    {runs, nil, []string{"unknown", "submitted", "completed"}},
		"refused":      {still, []error{answered(400)}, []string{"unknown", "not_started", "forget"}},
		"throttled":    {runs, []error{busy, nil}, []string{"unknown", "unknown", "submitted", "completed"}},
		"answer lost":  {still, []error{lost}, []string{"unknown", "unknown", "forget"}},
		"never judged": {[]reply{at(0, modelarts.StatusStopped, "other", "old", 100), {from: time.Second, err: lost}}, nil, []string{"unknown", "submitted", "submitted"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				journal := &notebook{}
				s := script{began: time.Now(), replies: test.replies, posts: test.posts}
				s.post = func() {
					if len(journal.log) == 0 || journal.log[len(journal.log)-1] != "unknown" {
						t.Errorf("the request was sent after %v was recorded", journal.log)
					}
				}

				reinstall.New(&s, reinstall.Limits{}, reinstall.Records{Journal: journal}).Run(t.Context(), reinstall.Request{
					ServerID: serverID, Body: modelarts.ReinstallRequest{ImageID: "image", KeyPairName: "key"}, Site: site, Timeout: time.Hour,
				})

				if !slices.Equal(journal.log, test.want) {
					t.Errorf("recorded %v, want %v", journal.log, test.want)
				}
			})
		})
	}
}

// A journal that fails costs a warning, or the reinstall if it is required. A record that cannot be used costs the reinstall.
func TestJournalFails(t *testing.T) {
	t.Parallel()

	full := errors.New("no space left on device")

	for name, test := range map[string]struct {
		journal  notebook
		required bool
		posts    int
	}{
		"cannot be used":               {notebook{err: full}, false, 1},
		"cannot be used, but has to":   {notebook{err: full}, true, 0},
		"has a record that is damaged": {notebook{unread: &reinstall.RecordError{Path: "x", Reason: "is damaged"}}, false, 0},
		"has a record of another project": {notebook{record: &reinstall.Record{
			ServerID: serverID, Site: reinstall.Site{Endpoint: site.Endpoint, Region: site.Region, ProjectID: "other"},
			Operation: submitted(),
		}}, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				s := script{began: time.Now(), replies: []reply{
					at(0, modelarts.StatusStopped, "other", "old", 100), at(time.Minute, modelarts.StatusRunning, "image", "new", 300),
				}}

				result := reinstall.New(&s, reinstall.Limits{}, reinstall.Records{Journal: &test.journal, Required: test.required}).Run(
					t.Context(), reinstall.Request{
						ServerID: serverID, Body: modelarts.ReinstallRequest{ImageID: "image", KeyPairName: "key"}, StopFirst: true, Site: site, Timeout: time.Hour,
					})

				if len(s.log) != test.posts || test.posts > 0 && result.JournalErr == nil || test.posts == 0 && result.Err == nil {
					t.Errorf("sent %v, error %v, error of the journal %v; want %d requests", s.log, result.Err, result.JournalErr, test.posts)
				}
			})
		})
	}
}

// Two processes reinstall one server: the second one waits for the request of the first.
func TestOtherProcess(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		s := script{began: time.Now(), replies: []reply{
			at(0, modelarts.StatusStopped, "other", "old", 100), at(time.Minute, modelarts.StatusRunning, "image", "new", 300),
		}}
		journal := &notebook{}
		journal.beforeBegin = func() { journal.record = recorded(unclear()) }

		result := reinstall.New(&s, reinstall.Limits{}, reinstall.Records{Journal: journal}).Run(t.Context(), reinstall.Request{
			ServerID: serverID, Body: modelarts.ReinstallRequest{ImageID: "image", KeyPairName: "key"}, Site: site, Timeout: time.Hour,
		})

		if result.Outcome != reinstall.OutcomeCompleted || !result.Operation.Adopted || len(s.log) > 0 {
			t.Errorf("outcome %v, error %v, adopted %v, sent %v", result.Outcome, result.Err, result.Operation.Adopted, s.log)
		}
	})
}
