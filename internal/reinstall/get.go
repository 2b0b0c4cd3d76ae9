package reinstall

import (
	"cmp"
	"context"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// get reads the server, and keeps the newest reply.
func (r *run) get(ctx context.Context) (*modelarts.Server, error) {
	before := r.status()

	stopReporting := r.keepReporting() // it may be repeated for minutes
	server, err := r.api.GetServer(ctx, r.req.ServerID)

	stopReporting()

	r.lastError = err
	if err != nil {
		return nil, err
	}

	if !r.olderThanSeen(server) {
		r.server, r.latestUpdate = server, max(r.latestUpdate, server.UpdatedAt())
		r.lastRoot = cmp.Or(server.RootVolumeID(), r.lastRoot)
	}

	if r.stage < StageWait && !inProgress(server.CurrentStatus()) {
		r.firstRoot = cmp.Or(r.firstRoot, server.RootVolumeID())
	}

	if r.status() != before {
		r.report()
	}

	return server, nil
}

// getThrottled reads the server until the service, which may be busy with other servers, answers, or until ctx is done.
func (r *run) getThrottled(ctx context.Context) (*modelarts.Server, error) {
	var server *modelarts.Server

	err := r.retryThrottled(ctx, func() (err error) {
		server, err = r.get(ctx)

		return err
	})

	return server, err
}

// retryThrottled sends a harmless request until the service does not answer that there are too many, or until ctx is done.
func (r *run) retryThrottled(ctx context.Context, send func() error) error {
	for began := time.Now(); ; {
		err := send()
		if !modelarts.IsThrottled(err) || !r.pause(ctx, time.Since(began)) {
			return err
		}
	}
}

// olderThanSeen reports whether server is older than what this run read before.
func (r *run) olderThanSeen(server *modelarts.Server) bool {
	return server.UpdatedAt() != 0 && server.UpdatedAt() < r.latestUpdate
}

// olderThanKnown reports whether server is older than what was known of it before the run.
func (req *Request) olderThanKnown(server *modelarts.Server) bool {
	return server.UpdatedAt() != 0 && server.UpdatedAt() < req.KnownUpdate
}

// isRefusal reports whether err is an answer to a read that the service will give again: it does not know the server, or the
// credentials do not suffice.
func isRefusal(err error) bool {
	answer, _ := Classify(err)

	return err != nil && (answer == AnswerRefused || modelarts.IsUnauthorized(err))
}
