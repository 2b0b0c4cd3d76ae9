package modelarts

import (
	"context"
	"net/http"
	"sync"
	"time"
)

const (
	// listingLifetime is how long one listing answers for the servers in it, from before it was asked for, and how long a
	// listing that failed is not asked for again. A refresh of a thousand servers takes a minute or two.
	listingLifetime = 2 * time.Minute
	// listingPatience is how long reads wait for a listing, from when it was asked for.
	listingPatience = 20 * time.Second
	// listingFailures is how many listings may fail in a row before no other one is asked for.
	listingFailures = 2
)

// FleetReader reads many servers with few requests: the first one is asked for by itself, and as soon as there is a
// second one, all are answered from one shared listing. A server that the listing shows as it is known already is not
// asked for at all. It is safe for concurrent use.
type FleetReader struct {
	client FleetClient

	mu       sync.Mutex
	reads    int
	failures int  // listings that failed in a row
	refused  bool // the listing does not work here
	listing  *sharedListing
}

// FleetClient is what a FleetReader reads with.
type FleetClient interface {
	GetServer(ctx context.Context, id string) (*Server, error)
	ListAllServers(ctx context.Context) ([]Server, error)
}

// NewFleetReader returns a reader that has not read anything.
func NewFleetReader(client FleetClient) *FleetReader { return &FleetReader{client: client} }

// Known is what is known of a server from an earlier reply. Empty fields are not known.
type Known struct {
	UpdatedAt    int64 // epoch milliseconds
	Status       Status
	ImageID      string
	KeyPairName  string
	RootVolumeID string
}

// Read returns the server, or nil where the listing shows that nothing has changed since known. A server that the listing
// lacks is asked for by itself: it shows the caller's own servers, so absence proves nothing. The errors are those of
// Client.GetServer; a listing that fails or does not come costs only the requests that it would have saved, and half of
// the time of ctx at most.
func (r *FleetReader) Read(ctx context.Context, id string, known Known) (*Server, error) {
	if shared := r.share(ctx); shared != nil && known.Unchanged(shared.server(id)) {
		return nil, nil //nolint:nilnil // nothing has changed
	}

	return r.client.GetServer(ctx, id)
}

// Unchanged reports whether row, of a listing, shows the server just as it is known. It takes an update time, a status and
// an image on both sides to say so; what else the row shows must not differ.
func (known Known) Unchanged(row *Server) bool {
	if row == nil || known.UpdatedAt == 0 || known.Status == "" || known.ImageID == "" {
		return false
	}

	return row.UpdatedAt() == known.UpdatedAt && row.CurrentStatus() == known.Status &&
		row.InstalledImageID() == known.ImageID &&
		(row.KeyPairName == nil || *row.KeyPairName == known.KeyPairName) &&
		(row.RootVolumeID() == "" || row.RootVolumeID() == known.RootVolumeID)
}

// share returns the listing for a read; nil for the first read, and where there is no listing to be had in time.
func (r *FleetReader) share(ctx context.Context) *sharedListing {
	shared := r.current(ctx)
	if shared == nil || !shared.await(ctx) || shared.err != nil {
		return nil
	}

	return shared
}

// current returns the listing that a read may use, which it asks for where there is none yet; nil where it may not.
func (r *FleetReader) current(ctx context.Context) *sharedListing {
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

// fetch gets the listing that other reads are waiting for. It outlives the read that asked for it first.
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

// refusesListing reports whether err says that these credentials, or this endpoint, have no listing.
func refusesListing(err error) bool {
	return IsUnauthorized(err) || IsForbidden(err) || hasStatus(err, http.StatusNotFound)
}

// sharedListing is one answer to many reads. All but its first two fields are written before done is closed.
type sharedListing struct {
	asked   time.Time
	done    chan struct{}
	servers map[string]*Server
	err     error
}

// await waits for the listing, and reports whether it came. It leaves at least half of the time of ctx.
func (l *sharedListing) await(ctx context.Context) bool {
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

	return l.ready()
}

// ready reports whether the listing is there, or has failed.
func (l *sharedListing) ready() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

// expired reports whether the listing is there, and too old.
func (l *sharedListing) expired() bool { return l.ready() && time.Since(l.asked) > listingLifetime }

// server returns the row of a server, nil if there is none.
func (l *sharedListing) server(id string) *Server { return l.servers[id] }
