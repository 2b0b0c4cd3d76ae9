package modelarts

import (
	"context"
	"net/http"
	"sync"
	"time"
)

const (
	// listingLifetime is for how long a listing is used, counted from its request, and for how long one that failed is not
	// requested again. A refresh of a thousand servers takes a minute or two.
	listingLifetime = 2 * time.Minute
	// listingPatience limits the time that reads wait for a listing, counted from its request.
	listingPatience = 20 * time.Second
	// listingFailures is the number of listings in a row that may fail before no other one is requested.
	listingFailures = 2
)

// FleetReader reads many servers with few requests: the first read gets its server alone, and from the second one on, all
// reads share one listing. A server that the listing shows unchanged is not requested at all. It is safe for concurrent use.
type FleetReader struct {
	client FleetClient

	mu       sync.Mutex
	reads    int
	failures int  // listings that failed in a row
	refused  bool // there is no listing here
	listing  *sharedListing
}

// FleetClient is the part of Client that a FleetReader uses.
type FleetClient interface {
	GetServer(ctx context.Context, id string) (*Server, error)
	ListAllServers(ctx context.Context) ([]Server, error)
}

// NewFleetReader returns a reader that reads through client.
func NewFleetReader(client FleetClient) *FleetReader { return &FleetReader{client: client} }

// Known describes a server according to an earlier reply. Empty fields are unknown.
type Known struct {
	UpdatedAt    int64 // epoch milliseconds
	Status       Status
	ImageID      string
	KeyPairName  string
	RootVolumeID string
}

// Read returns the server, or nil if the listing shows that nothing has changed since known. A server that is missing
// from the listing is requested alone: the listing shows the caller's own servers, so absence proves nothing. The
// errors are those of Client.GetServer. A listing that fails, or takes too long, costs only the requests that it would
// have saved, and half of the time of ctx at most.
func (r *FleetReader) Read(ctx context.Context, id string, known Known) (*Server, error) {
	if shared := r.awaitListing(ctx); shared != nil && known.Unchanged(shared.server(id)) {
		return nil, nil //nolint:nilnil // nothing has changed
	}

	return r.client.GetServer(ctx, id)
}

// Unchanged reports whether row, of a listing, shows the server exactly as it is known. That requires an update time, a
// status and an image on both sides; whatever else the row shows must not differ.
func (known Known) Unchanged(row *Server) bool {
	if row == nil || known.UpdatedAt == 0 || known.Status == "" || known.ImageID == "" {
		return false
	}

	return row.UpdatedAt() == known.UpdatedAt && row.CurrentStatus() == known.Status &&
		row.InstalledImageID() == known.ImageID &&
		(row.KeyPairName == nil || *row.KeyPairName == known.KeyPairName) &&
		(row.RootVolumeID() == "" || row.RootVolumeID() == known.RootVolumeID)
}

// awaitListing waits for the listing for a read. It returns nil for the first read, and if there is no listing in time.
func (r *FleetReader) awaitListing(ctx context.Context) *sharedListing {
	shared := r.sharedListing(ctx)
	if shared == nil || !shared.wait(ctx) || shared.err != nil {
		return nil
	}

	return shared
}

// sharedListing returns the listing that a read may use, and requests it if there is none yet; nil for the first read.
func (r *FleetReader) sharedListing(ctx context.Context) *sharedListing {
	r.mu.Lock()
	defer r.mu.Unlock()

	r.reads++

	if r.reads == 1 {
		return nil
	}

	if r.listing == nil || r.listing.expired() && !r.refused {
		r.listing = &sharedListing{asked: time.Now(), done: make(chan struct{})}

		go r.fetch(context.WithoutCancel(ctx), r.listing)
	}

	return r.listing
}

// fetch gets the listing that reads are waiting for. It outlives the read that started it.
func (r *FleetReader) fetch(ctx context.Context, l *sharedListing) {
	ctx, cancel := context.WithTimeout(ctx, listingLifetime)
	defer cancel()

	servers, err := r.client.ListAllServers(ctx)

	r.mu.Lock()
	defer r.mu.Unlock()

	l.err = err
	l.servers = make(map[string]*Server, len(servers))

	for i := range servers {
		if id := servers[i].ID; id != nil {
			l.servers[*id] = &servers[i]
		}
	}

	r.failures++

	if err == nil {
		r.failures = 0
	}

	r.refused = refusesListing(err) || r.failures == listingFailures

	close(l.done)
}

// refusesListing reports whether err says that there is no listing for these credentials, or at this endpoint.
func refusesListing(err error) bool {
	return IsUnauthorized(err) || IsForbidden(err) || hasStatus(err, http.StatusNotFound)
}

// sharedListing is a listing for many reads. servers and err are written before done is closed.
type sharedListing struct {
	asked   time.Time
	done    chan struct{}
	servers map[string]*Server
	err     error
}

// wait waits for the listing, and reports whether it came. It leaves at least half of the time of ctx.
func (l *sharedListing) wait(ctx context.Context) bool {
	patience := listingPatience - time.Since(l.asked)
	if deadline, ok := ctx.Deadline(); ok {
		patience = min(patience, time.Until(deadline)/2)
	}

	timer := time.NewTimer(patience)
	defer timer.Stop()

	select {
	case <-l.done:
	case <-timer.C:
	case <-ctx.Done():
	}

	return l.finished()
}

// finished reports whether the listing has been read, or has failed.
func (l *sharedListing) finished() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

// expired reports whether the listing is finished, and too old.
func (l *sharedListing) expired() bool { return l.finished() && time.Since(l.asked) > listingLifetime }

// server returns the row of a server, nil if there is none.
func (l *sharedListing) server(id string) *Server { return l.servers[id] }
