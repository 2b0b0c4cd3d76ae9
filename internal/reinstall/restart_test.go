package reinstall_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// A start whose answer was lost is not repeated before a look has shown that the server still stands still.
func TestRestartLooksBeforeItAsksAgain(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		start simulator.Fault
		power reinstall.Power
		look  func(map[string]any) // changes the look after the refused request
	}{
		"the look after it fails": {
			simulator.Fault{Status: 408, Process: true, OnReply: func(c *simulator.Cloud, _ string) {
				c.AddFault(simulator.Fault{Action: "get", Times: 1, Status: 429})
			}},
			reinstall.PowerRunning, nil,
		},
		"a look before it was ahead": {
			simulator.Fault{Status: 408, Process: true},
			reinstall.PowerStarting, func(body map[string]any) { body["update_at"] = time.Now().Add(time.Hour).UnixMilli() },
		},
		"somebody reinstalls the server": {
			simulator.Fault{Status: 504, OnMatch: func(c *simulator.Cloud, id string) { c.BeginReinstall(id, "", "KeyPair-1") }},
			reinstall.PowerUnclear, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				s := newSimulated(t, simulator.StatusRunning)
				s.cloud.AddFault(simulator.Fault{Action: "reinstallos", Status: 403, OnReply: func(c *simulator.Cloud, _ string) {
					c.AddFault(simulator.Fault{Action: "get", Times: 1, Odd: test.look})
				}})

				test.start.Action, test.start.Times = "start", 1
				s.cloud.AddFault(test.start)

				result := reinstall.New(s.client, reinstall.Limits{}).Run(t.Context(), s.request())
				if starts := s.cloud.CountServer("PUT", "start", s.id); result.Power != test.power || result.PowerErr != nil || starts != 1 {
					t.Errorf("power %d, error %v, %d starts; want power %d and one start", result.Power, result.PowerErr, starts, test.power)
				}
			})
		})
	}
}

// A service that answers 429 for a request which it has taken in is found out even if no time is left to send it again.
func TestThrottledRequestIsLookedAfter(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		s := newSimulated(t, simulator.StatusStopped)
		s.cloud.AddFault(simulator.Fault{
			Action: "reinstallos", Status: 429, Process: true, Header: map[string]string{"Retry-After": "7200"},
		})

		began := time.Now()
		if result := reinstall.New(s.client, reinstall.Limits{}).Run(t.Context(), s.request()); result.Outcome == reinstall.OutcomeRefused || !result.Operation.Adopted {
			t.Errorf("outcome %d after %s, though the disk was erased", result.Outcome, time.Since(began))
		}
	})
}
