package reinstall_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// simulated is the engine with the real client, against a simulated cloud with one server.
type simulated struct {
	cloud  *simulator.Cloud
	id     string
	client *modelarts.Client
}

// newSimulated adds a server with a status. The client assumes a role, so that its credentials can be replaced.
func newSimulated(t *testing.T, status string) *simulated {
	t.Helper()

	cloud := simulator.New(simulator.Config{
		Agencies: []simulator.Agency{{Name: "agency"}}, Durations: simulator.Durations{Reinstall: 5 * time.Minute},
	})
	config := modelarts.Config{
		Region: simulator.DefaultRegion, ProjectID: simulator.DefaultProjectID, Transport: cloud.RoundTripper(), MaxRetries: 5,
		Credentials: modelarts.StaticCredentials(modelarts.Credentials{
			AccessKey: simulator.DefaultAccessKey, SecretKey: modelarts.NewSecret(simulator.DefaultSecretKey),
		}),
	}

	role, err := modelarts.AssumeRole(config, modelarts.Role{AgencyName: "agency", DomainName: simulator.DefaultDomain})
	if err != nil {
		t.Fatal(err)
	}

	config.Credentials = role

	client, err := modelarts.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}

	return &simulated{cloud, cloud.AddServer(simulator.Server{Status: status, KeyPairName: "KeyPair-1"}).ID, client}
}

// request returns a request for the default image with a key pair.
func (s *simulated) request() reinstall.Request {
	return reinstall.Request{
		ServerID: s.id, StopFirst: true, Timeout: time.Hour,
		Body: modelarts.ReinstallRequest{ImageID: simulator.DefaultImageID, KeyPairName: "KeyPair-1"},
	}
}

// wipes counts the disks erased by requests, and those erased by others.
func (s *simulated) wipes() (ours, theirs int) {
	for _, wipe := range s.cloud.WipesOf(s.id) {
		if wipe.Outside {
			theirs++
		} else {
			ours++
		}
	}

	return ours, theirs
}

// What the service answers need not be what it does.
func TestRunAgainstAnswersThatLie(t *testing.T) {
	t.Parallel()

	reinstallByOthers := func(c *simulator.Cloud, id string) { c.BeginReinstall(id, "", "KeyPair-1") }
	ahead := func(body map[string]any) { body["update_at"] = time.Now().Add(10 * time.Minute).UnixMilli() }
	shows := func(status string) func(map[string]any) {
		return func(body map[string]any) { body["status"] = status }
	}

	for name, test := range map[string]struct {
		status  string // before
		fault   simulator.Fault
		powerOn time.Duration // somebody starts the server then; 0: nobody does

		want                reinstall.Outcome
		adopted             bool
		posts, ours, theirs int
	}{
		"409, since somebody else was quicker": {
			simulator.StatusStopped,
			simulator.Fault{Action: "reinstallos", Times: 1, Status: 409, OnMatch: reinstallByOthers},
			0,
			reinstall.OutcomeCompleted, true, 1, 0, 1,
		},
		"400, since somebody else was quicker": {
			simulator.StatusRunning,
			simulator.Fault{Action: "reinstallos", Times: 1, OnMatch: reinstallByOthers},
			0,
			reinstall.OutcomeCompleted, true, 1, 0, 1,
		},
		"429 for a request that is processed": {
			simulator.StatusStopped,
			simulator.Fault{
				Action: "reinstallos", Times: 1, Status: 429, Process: true, Header: map[string]string{"Retry-After": "900"},
			},
			0,
			reinstall.OutcomeCompleted, true, 1, 1, 0,
		},
		"401 for a request that is processed": {
			simulator.StatusStopped,
			simulator.Fault{Action: "reinstallos", Times: 1, Status: 401, Process: true},
			0,
			reinstall.OutcomeCompleted, true, 1, 1, 0,
		},
		"401 for a request that is not": {
			simulator.StatusStopped,
			simulator.Fault{Action: "reinstallos", Times: 1, Status: 401},
			0,
			reinstall.OutcomeCompleted, false, 2, 1, 0,
		},
		"200, and nothing is done": {
			simulator.StatusRunning,
			simulator.Fault{Action: "reinstallos", Status: 200, Body: `{"status":"STOPPED"}`},
			10 * time.Minute,
			reinstall.OutcomePending, false, 1, 0, 0,
		},
		"200 with a page of a gateway, and nothing is done": {
			simulator.StatusRunning,
			simulator.Fault{Action: "reinstallos", Status: 200, Body: "<html></html>", ContentType: "text/html"},
			0,
			reinstall.OutcomeNotStarted, false, 1, 0, 0,
		},
		"502, and nothing is done, and somebody starts the server": {
			simulator.StatusRunning,
			simulator.Fault{Action: "reinstallos", Status: 502},
			2 * time.Minute,
			reinstall.OutcomeNotStarted, false, 1, 0, 0,
		},
		"ERROR once": {
			simulator.StatusStopped,
			simulator.Fault{Action: "get", After: 6, Times: 1, Odd: shows("ERROR")},
			0,
			reinstall.OutcomeCompleted, false, 1, 1, 0,
		},
		"RUNNING twice in its midst": {
			simulator.StatusStopped,
			simulator.Fault{Action: "get", After: 6, Times: 2, Odd: shows("RUNNING")},
			0,
			reinstall.OutcomeCompleted, false, 1, 1, 0,
		},
		"no key pair": {
			simulator.StatusStopped,
			simulator.Fault{Action: "get", Odd: func(body map[string]any) { body["key_pair_name"] = "" }},
			0,
			reinstall.OutcomeMismatched, false, 1, 1, 0,
		},
		"a reply to the request that is ahead of the store": {
			simulator.StatusStopped,
			simulator.Fault{Action: "reinstallos", Odd: ahead},
			0,
			reinstall.OutcomeCompleted, false, 1, 1, 0,
		},
		"a reply that is ahead of the store": {
			simulator.StatusStopped,
			simulator.Fault{Action: "get", After: 3, Times: 1, Odd: ahead},
			0,
			reinstall.OutcomeCompleted, false, 1, 1, 0,
		},
		"a reply that asks for an hour": {
			simulator.StatusStopped,
			simulator.Fault{
				Action: "get", After: 6, Times: 1, Status: 503, Header: map[string]string{"Retry-After": "3600"},
			},
			0,
			reinstall.OutcomeCompleted, false, 1, 1, 0,
		},
		"a reply that asks for an hour while the server is stopped for us": {
			simulator.StatusRunning,
			simulator.Fault{
				Action: "get", After: 1, Times: 1, Status: 503, Header: map[string]string{"Retry-After": "3600"},
			},
			0,
			reinstall.OutcomeCompleted, false, 1, 1, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				s := newSimulated(t, test.status)
				test.fault.Name = name
				s.cloud.AddFault(test.fault)

				if test.powerOn > 0 {
					time.AfterFunc(test.powerOn, func() { s.cloud.PowerOn(s.id) })
				}

				result := reinstall.New(s.client, reinstall.Limits{}, reinstall.Records{}).Run(t.Context(), s.request())
				now, _ := s.cloud.Server(s.id)

				if result.Outcome != test.want || result.Operation.Adopted != test.adopted {
					t.Errorf("outcome %v, adopted %v, error %v; want %v, %v",
						result.Outcome, result.Operation.Adopted, result.Err, test.want, test.adopted)
				}

				ours, theirs := s.wipes()
				if posts := s.cloud.ReinstallPosts(s.id); posts != test.posts || ours != test.ours || theirs != test.theirs {
					t.Errorf("%d requests, %d disks erased by them and %d by others; want %d, %d, %d",
						posts, ours, theirs, test.posts, test.ours, test.theirs)
				}

				if result.Outcome == reinstall.OutcomeCompleted && now.Status != simulator.StatusRunning {
					t.Errorf("completed, and the server is %s", now.Status)
				}

				if starts := s.cloud.CountServer("PUT", "start", s.id); starts > 0 && now.Status == simulator.StatusReinstallingOS {
					t.Errorf("%d starts of a server that is being reinstalled", starts)
				}

				synctest.Wait()
			})
		})
	}
}

// An operation that was not processed ends even if the server was started in the meantime, and one that was processed ends
// although a reply was ahead of the store.
func TestRunEndsInSpiteOfOddReplies(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		s := newSimulated(t, simulator.StatusStopped)
		s.cloud.AddFault(simulator.Fault{Name: "ahead", Action: "get", After: 3, Times: 1, Odd: func(body map[string]any) {
			body["update_at"] = time.Now().Add(time.Hour).UnixMilli()
		}})

		request := s.request()
		request.Timeout = time.Minute
		result := reinstall.New(s.client, reinstall.Limits{}, reinstall.Records{}).Run(t.Context(), request)

		time.Sleep(24 * time.Hour)

		server, err := s.client.GetServer(t.Context(), s.id)
		if err != nil {
			t.Fatal(err)
		}

		if settled := reinstall.Settle(result.Operation, server); settled.State != reinstall.StateCompleted {
			t.Errorf("a day later, RUNNING with a new system disk and the right image: still %q", settled.State)
		}
	})
}
