package modelarts_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// fleet answers reads from what it has, and counts them.
type fleet struct {
	mu      sync.Mutex
	servers []modelarts.Server
	listErr error
	gets    int
	lists   int
}

func (f *fleet) GetServer(_ context.Context, id string) (*modelarts.Server, error) {
	f.mu.Lock()
	defer f.mu.Unlock()

	f.gets++

	for i := range f.servers {
		if *f.servers[i].ID == id {
			return &f.servers[i], nil
		}
	}

	return nil, &modelarts.Error{StatusCode: http.StatusBadRequest, Code: "ModelArts.6404"}
}

func (f *fleet) ListAllServers(context.Context) ([]modelarts.Server, error) {
	time.Sleep(time.Second) // long enough for others to come

	f.mu.Lock()
	defer f.mu.Unlock()

	f.lists++

	return f.servers, f.listErr
}

// newFleet returns servers with the ids 0, 1, 2 ...
func newFleet(size int) *fleet {
	f := &fleet{}

	for i := range size {
		status, updated := modelarts.StatusRunning, int64(1000)
		f.servers = append(f.servers, modelarts.Server{
			ID: new(fmt.Sprint(i)), Status: &status, UpdateAt: &updated, Image: &modelarts.Image{ImageID: new("image")},
		})
	}

	return f
}

// known is what newFleet shows.
var known = modelarts.Known{UpdatedAt: 1000, Status: modelarts.StatusRunning, ImageID: "image"}

func TestFleetReader(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		size    int
		change  func(*fleet)
		gets    int
		lists   int
		changed int // servers that Read returns: the first one always is
	}{
		"one server alone":     {size: 1, gets: 1, changed: 1},
		"a thousand unchanged": {size: 1000, gets: 1, lists: 1, changed: 1},
		"some have changed": {
			size: 100, gets: 4, lists: 1, changed: 4,
			change: func(f *fleet) {
				*f.servers[97].UpdateAt++
				*f.servers[98].Status = modelarts.StatusStopped
				*f.servers[99].Image.ImageID = "other"
			},
		},
		"another key pair or system disk": {
			size: 10, gets: 3, lists: 1, changed: 3,
			change: func(f *fleet) {
				f.servers[8].KeyPairName = new("other")
				f.servers[9].Volumes = []modelarts.Volume{{Type: new("ROOT"), EVSID: new("other")}}
			},
		},
		"rows that do not show enough": {
			size: 10, gets: 3, lists: 1, changed: 3,
			change: func(f *fleet) {
				f.servers[8].UpdateAt = nil
				f.servers[9].Image = nil
			},
		},
		"the listing is refused": {
			size: 20, gets: 20, lists: 1, changed: 20,
			change: func(f *fleet) { f.listErr = errors.New("forbidden") },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				f := newFleet(test.size)
				if test.change != nil {
					test.change(f)
				}

				reader := modelarts.NewFleetReader(f)

				// The first one is never answered from the listing, so let it not be one of those that changed.
				server, err := reader.Read(t.Context(), "0", known)
				if server == nil || err != nil {
					t.Fatalf("first read: %v, %v", server, err)
				}

				changed := 1
				if test.size > 1 {
					changed += readOthers(t, reader, test.size)
				}

				if f.gets != test.gets || f.lists != test.lists || changed != test.changed {
					t.Errorf("%d GETs, %d listings, %d changed, want %d, %d, %d",
						f.gets, f.lists, changed, test.gets, test.lists, test.changed)
				}
			})
		})
	}
}

// readOthers reads all servers but the first at a time, and returns how many had changed.
func readOthers(t *testing.T, reader *modelarts.FleetReader, size int) int {
	t.Helper()

	var (
		all     sync.WaitGroup
		mu      sync.Mutex
		changed int
	)

	for i := 1; i < size; i++ {
		all.Go(func() {
			server, err := reader.Read(t.Context(), fmt.Sprint(i), known)
			if err != nil {
				t.Errorf("server %d: %v", i, err)
			}

			if server != nil {
				mu.Lock()
				defer mu.Unlock()

				changed++
			}
		})
	}

	all.Wait()

	return changed
}

// A server that the listing lacks is asked for by itself: absence from a listing proves nothing.
func TestFleetReaderAbsence(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		f := newFleet(2)
		reader := modelarts.NewFleetReader(&hiding{fleet: f})

		for range 2 {
			if server, err := reader.Read(t.Context(), "1", known); server == nil || err != nil {
				t.Errorf("read: %v, %v", server, err)
			}
		}

		if _, err := reader.Read(t.Context(), "2", known); !modelarts.IsNotFound(err) {
			t.Errorf("read of a server that is gone: %v", err)
		}
	})
}

// hiding has a listing without servers.
type hiding struct{ *fleet }

func (h *hiding) ListAllServers(context.Context) ([]modelarts.Server, error) { return nil, nil }

// A listing answers for two minutes, and no longer.
func TestFleetReaderExpires(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		f := newFleet(3)
		reader := modelarts.NewFleetReader(f)

		for range 3 {
			for id := range 3 {
				if _, err := reader.Read(t.Context(), fmt.Sprint(id), known); err != nil {
					t.Error(err)
				}
			}

			time.Sleep(3 * time.Minute)
		}

		if f.lists != 3 || f.gets != 1 {
			t.Errorf("%d listings, %d GETs, want 3 and 1", f.lists, f.gets)
		}
	})
}

// A read that gives up does not take the listing from the others.
func TestFleetReaderGivesUp(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		f := newFleet(3)
		reader := modelarts.NewFleetReader(f)

		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()

		for range 2 {
			_, _ = reader.Read(ctx, "0", known)
		}

		if server, err := reader.Read(t.Context(), "1", known); server != nil || err != nil {
			t.Errorf("read: %v, %v, want no change", server, err)
		}

		if f.lists != 1 {
			t.Errorf("%d listings, want 1", f.lists)
		}
	})
}
