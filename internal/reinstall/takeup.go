package reinstall

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// readJournal reads what the journal has about the server, for a run that may erase its disk.
func (r *run) readJournal() error {
	if r.req.WaitOnly || r.records.Journal == nil {
		return nil
	}

	record, err := r.records.Journal.Recover(r.req.ServerID)
	if err != nil { // there may be a record
		return err
	}

	r.record = record

	if record.pending(r.req.Last) {
		if err := record.checkSite(r.req.Site); err != nil {
			return err
		}
	}

	return nil
}

// failedJournal notes an error of the journal, and returns it if the request has to be recorded.
func (r *run) failedJournal(err error) error {
	if err == nil {
		return nil
	}

	r.journalErr = cmp.Or(r.journalErr, err)

	if r.records.Required {
		return &JournalError{Err: err}
	}

	return nil
}

// takeUpOrReinstall takes up the request of an earlier run that the journal has and the state does not, and reinstalls the
// server unless that has done what is asked for.
func (r *run) takeUpOrReinstall(ctx context.Context) Result {
	if r.record.pending(r.req.Last) {
		if result, over := r.takeUp(ctx); over {
			return result
		}
	}

	return r.reinstall(ctx)
}

// takeUp waits for the request of an earlier run, and reports whether that ends this run: it has done what is asked for, or may
// still do so, or the disk that it has left is not known to the plan.
func (r *run) takeUp(ctx context.Context) (Result, bool) {
	r.latestUpdate = max(r.latestUpdate, r.record.Operation.LatestUpdate)
	server, err := r.readBelievable(ctx)

	switch {
	case err != nil:
		return r.result(OutcomeRefused, Operation{}, err), true
	case r.record.superseded(r.req.Last, server.RootVolumeID()):
		return Result{}, false
	case !r.record.Operation.State.Open():
		return r.keepEnded(server)
	}

	waited := r.awaitInTime(ctx, r.record.Operation)
	op := waited.Operation
	r.earlier, r.firstRoot = &op, ""
	r.noteRecord(ctx, op)

	wanted := r.record.Permit.Inputs == r.req.Permit.Inputs
	shown := waited.Server.RootVolumeID()

	switch {
	case wanted && (op.State.Open() || op.State == StateCompleted):
		return waited, true
	case op.State.Open():
		return r.result(OutcomeRefused, Operation{}, waited.Err), true
	case r.req.RootVolumeID == "", shown == r.req.RootVolumeID, shown == op.Baseline.RootVolumeID:
		r.joined = r.joined || r.sawTransition
		r.permittedRoot = cmp.Or(shown, r.lastRoot, op.Baseline.RootVolumeID)

		return Result{}, false
	case shown == "":
		return r.result(OutcomeRefused, Operation{}, &EndedError{}), true
	default:
		return r.result(OutcomeRefused, Operation{}, &OtherDiskError{Planned: r.req.RootVolumeID, Found: shown}), true
	}
}

// readBelievable reads the server, until the reply is not from before the request that is taken up.
func (r *run) readBelievable(ctx context.Context) (server *modelarts.Server, err error) {
	r.inTime(ctx, func(ctx context.Context) {
		r.begin(StageCheck)

		for began := time.Now(); ; {
			server, err = r.getThrottled(ctx)

			switch {
			case ctx.Err() != nil:
				err = cause(ctx, r.lastError)

				return
			case err != nil, r.believable(server):
				return
			case !r.pause(ctx, time.Since(began)):
				err = cause(ctx, r.lastError)

				return
			}
		}
	})

	return server, err
}

// keepEnded keeps the result of a request of an earlier run that had ended, if it is what is asked for and server still has it.
func (r *run) keepEnded(server *modelarts.Server) (Result, bool) {
	op := Settle(r.record.Operation, server)
	if r.record.Permit.Inputs != r.req.Permit.Inputs || !op.intact(server) {
		return Result{}, false
	}

	r.earlier = &op

	return r.result(OutcomeCompleted, op, nil), true
}

// intact reports whether op has completed, and server still has the disk that it left.
func (op *Operation) intact(server *modelarts.Server) bool {
	root := server.RootVolumeID()

	return op.State == StateCompleted && !ReplacesDisk(server.CurrentStatus()) && len(op.Differences(server)) == 0 &&
		(root == "" || op.RootVolumeID == "" || root == op.RootVolumeID)
}

// beginRecord records that op is about to be sent. It returns an error if it must not be: another process has begun to reinstall
// the server, or what cannot be recorded may not be sent.
func (r *run) beginRecord(ctx context.Context, op Operation) error {
	if r.records.Journal == nil {
		return nil
	}

	record := &Record{ServerID: r.req.ServerID, Site: r.req.Site, Permit: r.req.Permit, Operation: op}
	if r.req.Last != nil {
		record.After = r.req.Last.SubmittedAt
	}

	ctx, cancel := journalContext(ctx)
	defer cancel()

	err := r.records.Journal.Begin(ctx, r.record, record)
	if err == nil {
		if !r.began && r.record.pending(r.req.Last) {
			r.displaced = r.record
		}

		r.record, r.began = record, true
	}

	if _, unusable := errors.AsType[*RecordError](err); unusable || errors.Is(err, ErrJournalChanged) {
		return err
	}

	return r.failedJournal(err)
}

// journalTimeout bounds one write into the journal.
const journalTimeout = 30 * time.Second

// journalContext returns the context of one write into the journal, which an interruption does not cut off.
func journalContext(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), journalTimeout)
}

// noteRecord records what has become of the request in the journal.
func (r *run) noteRecord(ctx context.Context, op Operation) {
	if r.record == nil {
		return
	}

	ctx, cancel := journalContext(ctx)
	defer cancel()

	next := *r.record
	next.Operation = op

	var err error
	if op.SubmittedAt.Equal(r.record.Operation.SubmittedAt) {
		err = r.records.Journal.Update(ctx, &next)
	} else { // the same request, as it was sent the first time
		err = r.records.Journal.Begin(ctx, r.record, &next)
	}

	if err == nil {
		r.record = &next
	}

	r.journalErr = cmp.Or(r.journalErr, err)
}

// noteAnswer records what the answer to op means. One that says that the request was not processed may be wrong, and means nothing
// before the server was read.
func (r *run) noteAnswer(ctx context.Context, op Operation) {
	if r.began {
		r.noteRecord(ctx, op)
	}
}

// endRecord records how the run has ended. The record of a request of which nothing came is removed, in favour of the one that was
// there before.
func (r *run) endRecord(ctx context.Context, result *Result) {
	result.Earlier, result.JournalErr = r.earlier, r.journalErr

	if !r.began {
		return
	}

	if op := result.Operation; op.SubmittedAt.IsZero() || op.State == StateNotStarted {
		ctx, cancel := journalContext(ctx)
		defer cancel()

		err := r.records.Journal.Forget(ctx, r.req.ServerID, r.record.Operation.SubmittedAt)
		if err == nil && r.displaced != nil {
			err = r.records.Journal.Begin(ctx, nil, r.displaced)
		}

		result.JournalErr = cmp.Or(r.journalErr, err)

		return
	}

	r.noteRecord(ctx, result.Operation)
	result.JournalErr = r.journalErr
}

// joinOther returns the request of another process that has begun to reinstall the server; nil if nothing has come of it.
func (r *run) joinOther() (*Operation, error) {
	record, err := r.records.Journal.Recover(r.req.ServerID)
	if err != nil {
		return nil, err
	}

	r.record, r.began = record, false

	if !record.pending(r.req.Last) {
		return nil, nil
	}

	if err := record.checkSite(r.req.Site); err != nil {
		return nil, err
	}

	if !record.Operation.State.Open() {
		return nil, ErrJournalChanged
	}

	op := record.Operation
	op.Adopted, op.ImageID, op.KeyPairName = true, r.req.Body.ImageID, r.req.Body.KeyPairName

	return &op, nil
}
