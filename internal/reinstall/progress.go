package reinstall

import (
	"context"
	"time"
)

// progressInterval is the longest time between two calls of Progress while a run waits.
const progressInterval = time.Minute

// begin begins a stage, and reports it unless it is what was last reported.
func (r *run) begin(stage Stage) {
	if stage == StageQueue {
		r.queuedAt = time.Now()
	}

	r.stage = stage

	if r.reportedAt.IsZero() || stage != r.reported.Stage || r.status() != r.reported.Status {
		r.report()
	}
}

// report calls Progress.
func (r *run) report() {
	r.reportedAt = time.Now()
	r.reported = Progress{
		ServerID: r.req.ServerID, ServerName: r.server.CurrentName(), Stage: r.stage, Status: r.status(),
		Elapsed: r.elapsed(), Limit: r.req.Timeout,
	}

	if r.stage == StageQueue {
		r.reported.Elapsed, r.reported.Limit = time.Since(r.queuedAt), 0
	}

	if r.req.Progress != nil {
		r.req.Progress(r.reported)
	}
}

// elapsed returns how much of the timeout has been used.
func (r *run) elapsed() time.Duration {
	used := r.req.Timeout - r.timeLeft
	if !r.resumed.IsZero() {
		used += time.Since(r.resumed)
	}

	return used
}

// reportDue returns a channel on which a time arrives once nothing was reported for progressInterval.
func (r *run) reportDue() <-chan time.Time {
	return time.After(time.Until(r.reportedAt.Add(progressInterval)))
}

// keepReporting reports progress until the returned function is called, which returns once that has stopped. Until then, the
// run must not change what is reported.
func (r *run) keepReporting() (stop func()) {
	stopping, stopped := make(chan struct{}), make(chan struct{})

	go func() {
		defer close(stopped)

		for {
			select {
			case <-stopping:
				return
			case <-r.reportDue():
				r.report()
			}
		}
	}()

	return func() {
		close(stopping)
		<-stopped
	}
}

// pause waits for the time of the next read, and reports whether ctx is still alive.
func (r *run) pause(ctx context.Context, age time.Duration) bool {
	return r.sleep(ctx, interval(age, jitter(time.Now())))
}

// sleep waits for d, and reports whether ctx is still alive. It reports progress in the meantime.
func (r *run) sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()

	for {
		select {
		case <-ctx.Done():
			return false
		case <-timer.C:
			return true
		case <-r.reportDue():
			r.report()
		}
	}
}
