package reinstall

import (
	"context"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// prepare brings the server into a status from which it can be reinstalled. If a reinstall is in progress already, or has
// overtaken a request of this run, it returns that one instead.
func (r *run) prepare(ctx context.Context) (*Operation, error) {
	r.begin(StageCheck)
	r.findImage(ctx)

	for began := time.Now(); ; {
		server, err := r.getThrottled(ctx)

		switch {
		case ctx.Err() != nil:
			return nil, cause(ctx, r.lastError)
		case err != nil && (r.server == nil || modelarts.IsNotFound(err)):
			return nil, err
		case err != nil, !r.believable(server), r.stop != stopNone && server.CurrentStatus() == "":
			// The reply was lost, shows nothing or is not up to date: read again.
		default:
			other, legal, err := r.step(ctx, server)
			if err != nil || legal || other != nil {
				return other, err
			}
		}

		if !r.pause(ctx, time.Since(began)) {
			return nil, cause(ctx, r.lastError)
		}
	}
}

// believable reports whether server shows the present state: it is not a stale reply, and shows the system disk if others
// do. If all further replies are stale, or lack the disk, they are believed in the end: a single reply was ahead of the
// others, or had more in it.
func (r *run) believable(server *modelarts.Server) bool {
	if r.olderReplies.briefly(r.olderThanSeen(server) || r.req.olderThanKnown(server), freshAfter) {
		return false
	}

	if r.olderThanSeen(server) || r.req.olderThanKnown(server) {
		r.server, r.latestUpdate, r.req.KnownUpdate = server, server.UpdatedAt(), 0
	}

	patience := time.Second // one more read, since a service may show no system disk at all
	if r.permittedRoot != "" {
		patience = stableUnchanged
	}

	return !r.rootlessReplies.briefly(server.RootVolumeID() == "", patience)
}

// step takes the next step towards a legal status, and reports whether the server has one.
func (r *run) step(ctx context.Context, server *modelarts.Server) (*Operation, bool, error) {
	if op := r.overtaking(server); op != nil {
		return op, false, nil
	}

	step := Precheck(server.CurrentStatus(), r.req.StopFirst)
	r.joined = r.joined || ReplacesDisk(server.CurrentStatus())

	switch {
	case step == StepSubmit && r.stop != stopNone:
		r.stop = stopDone
	case step == StepStop && r.stop == stopAccepted:
		step = StepWait // a reply that still shows RUNNING is from before the stop took effect
	}

	if step == StepSubmit || step == StepStop {
		if err := r.checkPermit(server); err != nil {
			return nil, false, err
		}
	}

	switch step {
	case StepSubmit:
		return nil, true, nil
	case StepStop:
		return nil, false, r.sendStop(ctx)
	case StepAdopt:
		op := r.adopt(server)

		return &op, false, nil
	case StepWait:
		return nil, false, nil
	case StepRefuse:
		if server.CurrentStatus() == modelarts.StatusRunning {
			return nil, false, &RunningError{}
		}

		return nil, false, &StatusError{Status: server.CurrentStatus()}
	default:
		return nil, false, nil
	}
}

// checkPermit returns an error if the request may not be sent to server: its system disk is not the one that may be
// erased, it no longer needs a reinstall, or the image cannot be installed on it.
func (r *run) checkPermit(server *modelarts.Server) error {
	if r.req.JoinsFirst && !r.joined {
		return &EndedError{}
	}

	if shown := server.RootVolumeID(); r.permittedRoot != "" && shown != "" && shown != r.permittedRoot {
		return &OtherDiskError{Planned: r.permittedRoot, Found: shown}
	}

	if r.req.Pointless != nil && r.req.Pointless(server) {
		return &PointlessError{}
	}

	return CheckImage(r.image, server)
}
