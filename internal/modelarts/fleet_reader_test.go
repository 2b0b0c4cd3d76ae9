package modelarts_test

import (
	"cmp"
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

// fleet answers reads, and counts them.
type fleet struct {
	mu       sync.Mutex
	servers  []modelarts.Server
	listTime time.Duration // how long a listing takes; 0: a second, which is long enough for others to arrive
	listErr  error
	gets     int
	lists    int
}

func (f *fleet) GetServer(ctx context.Context, id string) (*modelarts.Server, error) {
	f.mu.Lock()
	defer f.mu.Unlock()

	f.gets++

	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}

	for i := range f.servers {
		if *f.servers[i].ID == id {
			return &f.servers[i], nil
		}
	}

	return nil, &modelarts.Error{StatusCode: http.StatusBadRequest, Code: "ModelArts.6404"}
}

func (f *fleet) ListAllServers(ctx context.Context) ([]modelarts.Server, error) {
	f.mu.Lock()
	defer f.mu.Unlock()

	f.lists++
	takes := cmp.Or(f.listTime, time.Second)

	f.mu.Unlock()

	timer := time.NewTimer(takes)
	defer timer.Stop()

	select {
	case <-timer.C:
	case <-ctx.Done():
	}

	f.mu.Lock()

	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}

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

// listingLifetime is for how long a listing, or its failure, counts.
const listingLifetime = 2 * time.Minute

// known describes the servers of newFleet.
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

				// The first one is never answered from the listing, so it must not be one of those that changed.
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

// readOthers reads all servers but the first at the same time, and returns how many had changed.
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

// A server that is missing from the listing is requested alone: absence from a listing proves nothing.
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

// A listing is used for two minutes, and no longer.
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

// A read that gives up does not cancel the listing for the others.
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

// read reads server 1, and fails unless it is answered from the listing, or else by a GET, after that time.
func (f *fleet) read(ctx context.Context, t *testing.T, reader *modelarts.FleetReader, listed bool, after time.Duration) {
	t.Helper()

	began := time.Now()

	server, err := reader.Read(ctx, "1", known)
	if err != nil || (server == nil) != listed || time.Since(began) != after {
		t.Errorf("after %s: %v, %v; want listed %v after %s", time.Since(began), server, err, listed, after)
	}
}

// A listing that hangs does not fail a read that a GET answers, and delays no read for long.
func TestFleetReaderHangingListing(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct{ timeout, waits time.Duration }{
		"much time":   {5 * time.Minute, 20 * time.Second},
		"little time": {10 * time.Second, 5 * time.Second},
		"no deadline": {0, 20 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				f := newFleet(2)
				f.listTime = time.Hour

				ctx := t.Context()

				if test.timeout > 0 {
					var cancel context.CancelFunc

					ctx, cancel = context.WithTimeout(ctx, test.timeout)
					defer cancel()
				}

				reader := modelarts.NewFleetReader(f)
				f.read(ctx, t, reader, false, 0)
				f.read(ctx, t, reader, false, test.waits)

				// Later reads wait only for the rest of the time since the listing was requested, and finally not at all.
				time.Sleep(20*time.Second - test.waits)
				f.read(t.Context(), t, reader, false, 0)

				if f.lists != 1 || f.gets != 3 {
					t.Errorf("%d listings, %d GETs, want 1 and 3", f.lists, f.gets)
				}

				time.Sleep(listingLifetime) // no goroutine may be left at the end of a bubble
			})
		})
	}
}

// The age of a listing is that of its request: what happened while it was on its way may not be in it.
func TestFleetReaderAge(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		f := newFleet(2)
		f.listTime = 90 * time.Second

		reader := modelarts.NewFleetReader(f)
		f.read(t.Context(), t, reader, false, 0)
		f.read(t.Context(), t, reader, false, 20*time.Second)

		time.Sleep(75 * time.Second)
		f.read(t.Context(), t, reader, true, 0) // it came late, and is still used

		time.Sleep(30 * time.Second)
		f.read(t.Context(), t, reader, false, 20*time.Second) // 125 seconds after the request

		if f.lists != 2 {
			t.Errorf("%d listings, want 2", f.lists)
		}

		time.Sleep(listingLifetime) // until the second one is there
	})
}

// A listing that is refused is not requested again. One that merely failed is, once, and not immediately.
func TestFleetReaderAsksAgain(t *testing.T) {
	t.Parallel()

	answer := func(status int) error { return &modelarts.Error{StatusCode: status} }

	for name, test := range map[string]struct {
		err   error
		lists int
	}{
		"unauthorized": {answer(http.StatusUnauthorized), 1},
		"forbidden":    {answer(http.StatusForbidden), 1},
		"unrouted":     {answer(http.StatusNotFound), 1},
		"busy":         {answer(http.StatusTooManyRequests), 2},
		"broken":       {answer(http.StatusBadGateway), 2},
		"incomplete":   {&modelarts.ListingError{Err: &modelarts.Error{StatusCode: http.StatusOK}}, 2},
		"unreachable":  {&modelarts.ConnectionError{Err: errors.New("reset")}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				f := newFleet(2)
				f.listErr = test.err

				reader := modelarts.NewFleetReader(f)

				for range 5 {
					_ = readOthers(t, reader, 2)
					_ = readOthers(t, reader, 2)

					time.Sleep(time.Minute)
				}

				if f.lists != test.lists || f.gets != 10 {
					t.Errorf("%d listings, %d GETs, want %d and 10", f.lists, f.gets, test.lists)
				}
			})
		})
	}
}

// A listing that works again is used again, however many failed in between.
func TestFleetReaderRecovers(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		f := newFleet(2)
		reader := modelarts.NewFleetReader(f)
		f.read(t.Context(), t, reader, false, 0)

		for range 3 {
			f.listErr = &modelarts.Error{StatusCode: http.StatusBadGateway}
			f.read(t.Context(), t, reader, false, time.Second)
			time.Sleep(listingLifetime)

			f.listErr = nil
			f.read(t.Context(), t, reader, true, time.Second)
			time.Sleep(listingLifetime)
		}

		if f.lists != 6 {
			t.Errorf("%d listings, want 6", f.lists)
		}
	})
}
