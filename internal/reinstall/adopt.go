package reinstall

import (
	"cmp"
	"context"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// adopt returns the operation of a reinstall that is in progress on server, or that has overtaken a request of this run. Its
// baseline has the system disk from before it, if that is known: the one that server shows may already be the new one.
func (r *run) adopt(server *modelarts.Server) Operation {
	op := newOperation(server, &r.req.Body)
	op.Baseline.RootVolumeID = cmp.Or(r.permittedRoot, r.firstRoot, op.Baseline.RootVolumeID)

	if r.firstSent != nil {
		op = *r.firstSent
	}

	op.adopt(server)

	return op
}

// overtaking returns the reinstall that took place, as server shows, after the service said that it had not processed a
// request of this run: somebody else's, or that very request, if the service was wrong. Nil: there was none. A failed
// status alone may be temporary, so it only means that the request is open again.
func (r *run) overtaking(server *modelarts.Server) *Operation {
	if r.firstSent == nil {
		return nil
	}

	status := server.CurrentStatus()

	switch {
	case inProgress(status), r.firstSent.newRoot(r.firstSent.observe(server)):
		op := r.adopt(server)

		return &op
	case status == modelarts.StatusReinstallingOSFailed && status != r.firstSent.Baseline.Status:
		op := *r.firstSent

		return &op
	default:
		return nil
	}
}

// findOvertaking reads the server again after a request was refused, and returns the reinstall that overtook it: one
// that is in progress, or has already changed the system disk. Nil: there is none. It repeats a read that fails, for a
// while, and one that shows nothing if the request was sent twice.
func (r *run) findOvertaking(ctx context.Context) *Operation {
	if r.firstSent == nil {
		return nil
	}

	limit := overtakingTimeout
	if ctx.Err() != nil {
		limit = lastGetTimeout
	}

	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()

	for began := time.Now(); ; {
		server, err := r.get(detached)
		if err == nil && !r.olderThanSeen(server) {
			if op := r.overtaking(server); op != nil {
				return op
			}
		}

		switch {
		case err == nil && (!r.sentAgain || time.Since(began) >= stableOther), isRefusal(err):
			return nil
		case !r.pause(detached, time.Since(began)):
			return nil
		}
	}
}

// adoptBeforeQueue returns the reinstall that is in progress if the run would have to queue. It might be over by the
// time that the run gets a slot, and a reinstall that is over cannot be told from none at all.
func (r *run) adoptBeforeQueue(ctx context.Context) (op *Operation) {
	if r.limiter.slots == nil {
		return nil
	}

	r.inTime(ctx, func(ctx context.Context) {
		if server, err := r.getThrottled(ctx); err == nil && inProgress(server.CurrentStatus()) && !r.req.olderThanKnown(server) {
			adopted := r.adopt(server)
			op = &adopted
		}
	})

	return op
}
