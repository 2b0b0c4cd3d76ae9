package reinstall

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Journal keeps a record of each request on disk, so that a run which is killed leaves more behind than the server itself. It has
// one record for each server. Its methods are safe for concurrent use, also by several processes.
type Journal interface {
	// Recover returns the record of a server; nil if there is none. A record that cannot be read or used is a [RecordError].
	Recover(serverID string) (*Record, error)
	// Begin writes a record, and returns once it would survive a loss of power. It returns [ErrJournalChanged], and writes nothing,
	// unless the journal has known as the record of that server; nil stands for none.
	Begin(ctx context.Context, known, record *Record) error
	// Update writes what has become of a record, as Begin does. It returns [ErrJournalChanged], and writes nothing, if the
	// journal has another record of that server. It restores one that has vanished.
	Update(ctx context.Context, record *Record) error
	// Forget removes the record of a server if its request was sent at that time. There may be none.
	Forget(ctx context.Context, serverID string, submittedAt time.Time) error
}

// Record is what a journal keeps of one request. It has no secrets.
type Record struct {
	Path      string // of the file, for people; set by Recover
	ServerID  string
	Site      Site
	Permit    Permit
	After     time.Time // SubmittedAt of the operation that the state had; zero: it had none
	Operation Operation
}

// Site is where a server is.
type Site struct {
	Endpoint  string // host of the ModelArts API, with its port if it has one
	Region    string
	ProjectID string
}

// Permit is what a plan allowed, as a journal records it.
type Permit struct {
	Number  int64    // of the reinstall, among those of its resource
	Reasons []string // why the server is reinstalled
	Inputs  string   // digest of what was asked for, without secrets
}

// ErrJournalChanged reports that another process has written into the journal about the same server.
var ErrJournalChanged = errors.New("another process has begun to reinstall this server")

// RecordError reports a record that exists and cannot be used: whether the disk was erased, and by what, is not known.
type RecordError struct {
	Path   string // of the file
	Reason string // what is wrong with it; fits after "it"
}

// Error names the file.
func (e *RecordError) Error() string { return fmt.Sprintf("%s: it %s", e.Path, e.Reason) }

// JournalError reports a request that was not sent because it could not be recorded, and has to be.
type JournalError struct{ Err error }

func (e *JournalError) Error() string { return "the journal cannot be used: " + e.Err.Error() }

// Unwrap returns what keeps the journal from being used.
func (e *JournalError) Unwrap() error { return e.Err }

// Records says where an engine records its requests. The zero value records nothing.
type Records struct {
	Journal Journal
	// Required has a server refused whose request cannot be recorded.
	Required bool
}

// Earlier returns the request of an earlier run that a reinstall of a server takes up first: the journal has it, and last, the
// last operation in the state, is another one; nil stands for no state. It returns nil if there is none, or if nothing has come
// of it. A record that cannot be used is a [RecordError]. root is the system disk of the server; empty: it is not known.
func (e *Engine) Earlier(serverID string, site Site, last *Operation, root string) (*Record, error) {
	if e.records.Journal == nil {
		return nil, nil
	}

	record, err := e.records.Journal.Recover(serverID)
	if err != nil || !record.pending(last) || record.superseded(last, root) {
		return nil, err
	}

	return record, record.checkSite(site)
}

// Acknowledge removes the record of op, which the state has, or one that is older than it.
func (e *Engine) Acknowledge(ctx context.Context, serverID string, op Operation) error {
	if e.records.Journal == nil || op.SubmittedAt.IsZero() {
		return nil
	}

	record, err := e.records.Journal.Recover(serverID)
	if err != nil || record == nil || record.pending(&op) && !record.superseded(&op, "") {
		return err
	}

	return e.records.Journal.Forget(ctx, serverID, record.Operation.SubmittedAt)
}

// AcknowledgeInputs removes the record of a request for inputs, which the state has taken in without a reinstall.
func (e *Engine) AcknowledgeInputs(ctx context.Context, serverID, inputs string) error {
	if e.records.Journal == nil {
		return nil
	}

	record, err := e.records.Journal.Recover(serverID)
	if err != nil || record == nil || record.Permit.Inputs != inputs {
		return err
	}

	return e.records.Journal.Forget(ctx, serverID, record.Operation.SubmittedAt)
}

// pending reports whether a record is about a request that has erased a disk, or may have, and that the state does not have. A nil
// record is not.
func (r *Record) pending(last *Operation) bool {
	if r == nil || r.Operation.State == StateNotStarted && !r.Operation.Adopted {
		return false
	}

	return last == nil || !r.Operation.SubmittedAt.Equal(last.SubmittedAt)
}

// checkSite returns an error if the record is about a server somewhere else than site.
func (r *Record) checkSite(site Site) error {
	if r.Site == site {
		return nil
	}

	return &RecordError{Path: r.Path, Reason: fmt.Sprintf("is about project %s of region %s at %s, not project %s of region %s at %s",
		r.Site.ProjectID, r.Site.Region, r.Site.Endpoint, site.ProjectID, site.Region, site.Endpoint)}
}

// follows reports whether the request was made from a state that had op.
func (r *Record) follows(op *Operation) bool { return r != nil && r.After.Equal(op.SubmittedAt) }

// superseded reports whether the state has a later operation than the record, as after a journal was restored: one that was sent
// later, or that has left root, the disk of the server, which is not the one that the request was for.
func (r *Record) superseded(last *Operation, root string) bool {
	if last == nil || r.follows(last) {
		return false
	}

	before := r.Operation.Baseline.RootVolumeID

	return r.Operation.SubmittedAt.Before(last.SubmittedAt) ||
		root != "" && root == last.RootVolumeID && before != "" && before != root
}
