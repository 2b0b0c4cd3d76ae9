package modelarts

import (
	"context"
	"sync"
	"time"
)

// listingLifetime is how long one listing answers for the servers in it. A refresh of a thousand servers takes a minute or
// two.
const listingLifetime = 2 * time.Minute

// FleetReader reads many servers with few requests: the first one is asked for by itself, and as soon as there is a
// second one, all are answered from one shared listing. A server that the listing shows as it is known already is not
// asked for at all. It is safe for concurrent use.
type FleetReader struct {
	client FleetClient

	mu      sync.Mutex
	reads   int
	refused bool // the listing does not work here
	listing *sharedListing
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
// Client.GetServer; those of the listing only cost the requests that it would have saved.
func (r *FleetReader) Read(ctx context.Context, id string, known Known) (*Server, error) {
	if shared := r.share(ctx); shared != nil && known.Unchanged(shared.server(id)) {
		return nil, nil //nolint:nilnil // nothing has changed
	}

	return r.client.GetServer(ctx, id)
}

// Unchanged tells whether row, of a listing, shows the server just as it is known. It takes an update time, a status and
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

// share returns the listing for a read; nil for the first read, and where there is no listing to be had.
func (r *FleetReader) share(ctx context.Context) *sharedListing {
	r.mu.Lock()
	r.reads++

	if r.reads == 1 || r.refused {
		r.mu.Unlock()

		return nil
	}

	if r.listing == nil || r.listing.expired() {
		r.listing = &sharedListing{done: make(chan struct{})}

		go r.fetch(context.WithoutCancel(ctx), r.listing)
	}

	shared := r.listing
	r.mu.Unlock()

	select {
	case <-shared.done:
	case <-ctx.Done():
		return nil
	}

	if shared.err != nil {
		return nil
	}

	return shared
}

// fetch gets the listing that other reads are waiting for. It outlives the read that asked for it first.
func (r *FleetReader) fetch(ctx context.Context, l *sharedListing) {
	ctx, cancel := context.WithTimeout(ctx, listingLifetime)
	defer cancel()

	servers, err := r.client.ListAllServers(ctx)

	r.mu.Lock()
	defer r.mu.Unlock()

	l.err = err
	l.taken = time.Now()
	l.servers = make(map[string]*Server, len(servers))

	for i := range servers {
		if id := servers[i].ID; id != nil {
			l.servers[*id] = &servers[i]
		}
	}

	r.refused = r.refused || err != nil

	close(l.done)
}

// sharedListing is one answer to many reads. Its fields are written before done is closed.
type sharedListing struct {
	done    chan struct{}
	taken   time.Time
	servers map[string]*Server
	err     error
}

// expired tells whether the listing is there, and too old.
func (l *sharedListing) expired() bool {
	select {
	case <-l.done:
		return time.Since(l.taken) > listingLifetime
	default:
		return false
	}
}

// server returns the row of a server, nil if there is none.
func (l *sharedListing) server(id string) *Server { return l.servers[id] }
