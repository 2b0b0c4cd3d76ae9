package reinstall_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// simulated is a client of a simulated cloud with one server.
type simulated struct {
	*testing.T

	cloud  *simulator.Cloud
	id     string
	client *modelarts.Client
}

func simulate(t *testing.T, status string, cfg simulator.Config, retries int, test func(r *simulated)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cfg.Durations.Reinstall = 5 * time.Minute
		cloud := simulator.New(cfg)
		server := cloud.AddServer(simulator.Server{Status: status, KeyPairName: "KeyPair-1"})
		client, err := modelarts.NewClient(modelarts.Config{
			Region: simulator.DefaultRegion, ProjectID: simulator.DefaultProjectID, Transport: cloud.RoundTripper(), MaxRetries: retries,
			Credentials: modelarts.StaticCredentials(modelarts.Credentials{Token: modelarts.NewSecret(simulator.DefaultToken)}),
		})
		if err != nil {
			t.Fatal(err)
		}
		test(&simulated{T: t, cloud: cloud, id: server.ID, client: client})
	})
}

func (r *simulated) run(ctx context.Context) reinstall.Result {
	result := reinstall.New(r.client, reinstall.Limits{}).Run(ctx, reinstall.Request{
		ServerID: r.id, StopFirst: true, Timeout: time.Hour,
		Body: modelarts.ReinstallRequest{
			ImageID: simulator.DefaultImageID, KeyPairName: "KeyPair-1", UserData: modelarts.NewSecret("IyEvYmluL3NoCg=="),
		},
	})
	now, _ := r.cloud.Server(r.id)
	r.Logf("outcome %d, state %q, adopted %v, transition %v, power %d, err %v\nserver now: %s root %.8s, baseline root %.8s\nposts %d, our wipes %d, all wipes %d, violations %q",
		result.Outcome, result.Operation.State, result.Operation.Adopted, result.Operation.TransitionSeen, result.Power, result.Err,
		now.Status, now.Root(), result.Operation.Baseline.RootVolumeID, r.cloud.ReinstallPosts(r.id), r.wipes(), len(r.cloud.WipesOf(r.id)), r.cloud.Violations())

	return result
}

func (r *simulated) wipes() (n int) {
	for _, w := range r.cloud.WipesOf(r.id) {
		if !w.Outside {
			n++
		}
	}

	return n
}

// A 409 says that something ELSE is going on with the server. The engine takes the other one's reinstall for its own.
func TestSimulatedConflictIsSomebodyElses(t *testing.T) {
	simulate(t, simulator.StatusStopped, simulator.Config{}, 0, func(r *simulated) {
		r.cloud.AddFault(simulator.Fault{
			Name: "conflict", Action: "reinstallos", Times: 1, Status: 409, Code: "ModelArts.6309", Message: "another operation is under way",
			OnMatch: func(c *simulator.Cloud, id string) { c.BeginReinstall(id, "", "KeyPair-1") },
		})

		result := r.run(r.Context())
		if result.Outcome == reinstall.OutcomeCompleted && !result.Operation.Adopted && r.wipes() == 0 {
			r.Errorf("completed, as its own and without the adopted warning, though no request of ours was ever processed")
		}
	})
}

// The same race, answered by the code that the simulator thinks most likely (400, illegal status).
func TestSimulatedLostRaceIsRefused(t *testing.T) {
	simulate(t, simulator.StatusRunning, simulator.Config{}, 0, func(r *simulated) {
		r.cloud.AddFault(simulator.Fault{
			Name: "race", Action: "reinstallos", Times: 1,
			OnMatch: func(c *simulator.Cloud, id string) { c.BeginReinstall(id, "", "KeyPair-1") },
		})

		result := r.run(r.Context())
		if result.Outcome == reinstall.OutcomeRefused {
			r.Errorf("what-happens-if: 'Somebody else reinstalls the server at that time: waits, then keeps the result or reinstalls'; it is an error instead, "+
				"it says that nothing was erased, and start was sent %d times to a server that is being reinstalled", r.cloud.CountServer("PUT", "start", r.id))
		}
	})
}

// 429 from behind the gateway, after the request was taken in (a quota in a step that follows): the reinstall ends within
// Retry-After, and the disk is erased again. The first baseline would have told: the ROOT volume is another one.
func TestSimulatedThrottledAfterProcessing(t *testing.T) {
	simulate(t, simulator.StatusStopped, simulator.Config{}, 0, func(r *simulated) {
		r.cloud.AddFault(simulator.Fault{
			Name: "429 after", Action: "reinstallos", Times: 1, Status: 429, Process: true, Header: map[string]string{"Retry-After": "900"},
		})

		r.run(r.Context())
		if r.wipes() != 1 {
			r.Errorf("one request erased the disk %d times", r.wipes())
		}
	})
}

// 200, and nothing is done; somebody starts the server that the apply has left standing.
func TestSimulatedStartedByHandIsNoEvidence(t *testing.T) {
	simulate(t, simulator.StatusRunning, simulator.Config{}, 0, func(r *simulated) {
		r.cloud.AddFault(simulator.Fault{Name: "no-op", Action: "reinstallos", Status: 200, Body: `{"status":"STOPPED"}`})
		time.AfterFunc(10*time.Minute, func() { r.cloud.PowerOn(r.id) })

		if result := r.run(r.Context()); result.Outcome == reinstall.OutcomeCompleted {
			r.Errorf("completed, and no disk was erased: the ROOT volume is shown, and is that of the baseline")
		}
	})
}

// One look shows ERROR in the middle of a reinstall that succeeds.
func TestSimulatedOneLookOfError(t *testing.T) {
	simulate(t, simulator.StatusStopped, simulator.Config{}, 0, func(r *simulated) {
		r.cloud.AddFault(simulator.Fault{
			Name: "flicker", Action: "get", After: 6, Times: 1, Odd: func(body map[string]any) { body["status"] = "ERROR" },
		})

		result := r.run(r.Context())
		time.Sleep(10 * time.Minute)
		if now, _ := r.cloud.Server(r.id); result.Outcome == reinstall.OutcomeFailed && now.Status == simulator.StatusRunning {
			r.Errorf("failed by one look; the reinstall succeeded, and the next plan has the reason failed")
		}
	})
}

// Two looks show RUNNING in the middle of a reinstall (the service passes through it).
func TestSimulatedRunningInBetween(t *testing.T) {
	simulate(t, simulator.StatusStopped, simulator.Config{}, 0, func(r *simulated) {
		r.cloud.AddFault(simulator.Fault{
			Name: "flicker", Action: "get", After: 6, Times: 2, Odd: func(body map[string]any) { body["status"] = "RUNNING" },
		})

		result := r.run(r.Context())
		if now, _ := r.cloud.Server(r.id); result.Outcome == reinstall.OutcomeCompleted && now.Status != simulator.StatusRunning {
			r.Errorf("completed while the server is %s with the old ROOT volume", now.Status)
		}
	})
}

// One answer with Retry-After: 3600 to a look.
func TestSimulatedRetryAfterStallsTheLooks(t *testing.T) {
	simulate(t, simulator.StatusStopped, simulator.Config{}, 5, func(r *simulated) {
		r.cloud.AddFault(simulator.Fault{
			Name: "busy", Action: "get", After: 6, Times: 1, Status: 503, Header: map[string]string{"Retry-After": "3600"},
		})

		began := time.Now()
		if result := r.run(r.Context()); result.Outcome != reinstall.OutcomeCompleted {
			r.Errorf("a reinstall of 5 minutes was not seen to end in %s", time.Since(began))
		}
	})
}

// The same while the server stands still for us.
func TestSimulatedRetryAfterKeepsTheServerDown(t *testing.T) {
	simulate(t, simulator.StatusRunning, simulator.Config{}, 5, func(r *simulated) {
		r.cloud.AddFault(simulator.Fault{
			Name: "busy", Action: "get", After: 1, Times: 1, Status: 503, Header: map[string]string{"Retry-After": "3600"},
		})

		began := time.Now()
		if result := r.run(r.Context()); result.Outcome != reinstall.OutcomeCompleted {
			r.Errorf("stopped, and nothing sent in %s", time.Since(began))
		}
	})
}

// The service shows, explicitly, that no key pair is installed.
func TestSimulatedNoKeyPairIsCompleted(t *testing.T) {
	simulate(t, simulator.StatusStopped, simulator.Config{}, 0, func(r *simulated) {
		r.cloud.AddFault(simulator.Fault{
			Name: "no key", Action: "get", Odd: func(body map[string]any) { body["key_pair_name"] = "" },
		})

		if result := r.run(r.Context()); result.Outcome == reinstall.OutcomeCompleted {
			r.Errorf("completed with key pair KeyPair-1, and the server shows none")
		}
	})
}

// The reply to the POST has an update_at that is ahead (another node's clock): all later looks count as stale, for good.
func TestSimulatedReplyAheadOfTheStore(t *testing.T) {
	simulate(t, simulator.StatusStopped, simulator.Config{}, 0, func(r *simulated) {
		r.cloud.AddFault(simulator.Fault{
			Name: "ahead", Action: "reinstallos", Odd: func(body map[string]any) {
				body["update_at"] = time.Now().Add(10 * time.Minute).UnixMilli()
			},
		})

		result := r.run(r.Context())
		time.Sleep(24 * time.Hour)

		server, err := r.client.GetServer(r.Context(), r.id)
		if err != nil {
			r.Fatal(err)
		}

		if settled := reinstall.Settle(result.Operation, server); settled.State != reinstall.StateCompleted {
			r.Errorf("a day later, RUNNING with a new ROOT volume and the right image: still %q (the looks say %d, the state %d)",
				settled.State, server.UpdatedAt(), settled.LatestUpdate)
		}
	})
}

// The answer is lost, nothing was processed, and somebody starts the server that stands still: nobody ever finds out.
func TestSimulatedUnknownForEver(t *testing.T) {
	simulate(t, simulator.StatusRunning, simulator.Config{}, 0, func(r *simulated) {
		r.cloud.AddFault(simulator.Fault{Name: "502", Action: "reinstallos", Status: 502})
		time.AfterFunc(2*time.Minute, func() { r.cloud.PowerOn(r.id) })

		result := r.run(r.Context())
		waited := reinstall.New(r.client, reinstall.Limits{}).Run(r.Context(), reinstall.Request{
			ServerID: r.id, Open: &result.Operation, WaitOnly: true, Timeout: time.Hour,
		})

		if waited.Operation.State.Open() {
			r.Errorf("two hours later: %q, with a server that has been RUNNING on the old ROOT volume all the time", waited.Operation.State)
		}
	})
}
