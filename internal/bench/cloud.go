package main

import (
	"fmt"
	"net/http"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// What the service is like while something is measured.
const (
	latency   = 50 * time.Millisecond
	perSecond = 20 // requests; as many may come at once after a second of silence
)

// keyPair is the key pair in the configuration.
const keyPair = "bench"

// cloud is the simulated service, with a fleet in it.
type cloud struct {
	*simulator.Cloud

	endpoint *simulator.Endpoint
	ids      []string
}

// startCloud serves a cloud with that many running servers, without latency and limit, until stop.
func startCloud(servers int) (*cloud, error) {
	c := &cloud{Cloud: simulator.New(simulator.Config{Durations: simulator.Durations{Reinstall: 5 * time.Second}})}

	for i := range servers {
		server := c.AddServer(simulator.Server{Name: fmt.Sprintf("node-%04d", i+1), KeyPairName: keyPair})
		c.ids = append(c.ids, server.ID)
	}

	endpoint, err := c.Listen()
	if err != nil {
		return nil, err
	}

	c.endpoint = endpoint

	return c, nil
}

// stop ends the service.
func (c *cloud) stop() error { return c.endpoint.Close() }

// slow makes the service take its time for each request.
func (c *cloud) slow() { c.AddFault(simulator.Fault{Name: "latency", Delay: latency}) }

// limit makes the service take only so many requests.
func (c *cloud) limit() {
	c.SetRateLimit(simulator.RateLimit{PerSecond: perSecond, Burst: perSecond})
}

// change replaces the system disks of the last servers, as an outside actor does.
func (c *cloud) change(servers int) {
	for _, id := range c.ids[len(c.ids)-servers:] {
		c.Reimage(id, simulator.UbuntuImageID)
	}
}

// requests counts requests to the cloud, by kind.
type requests struct {
	get, list, stop, start, reinstall int

	all       int
	throttled int // of all: answered with 429
	erased    int // system disks
	unlawful  int // what a correct client never sends
}

// count counts the requests since the log was reset, and resets it.
func (c *cloud) count() requests {
	var r requests

	for _, request := range c.Requests() {
		switch request.Action {
		case "get":
			r.get++
		case "list":
			r.list++
		case "stop":
			r.stop++
		case "start":
			r.start++
		case "reinstallos":
			r.reinstall++
		}

		r.all++

		if request.Status == http.StatusTooManyRequests {
			r.throttled++
		}
	}

	r.erased, r.unlawful = len(c.Wipes()), len(c.Violations())
	c.ResetLog()

	return r
}

// unlimited lifts the limit.
func (c *cloud) unlimited() { c.SetRateLimit(simulator.RateLimit{}) }

// forbidListing makes the service refuse to list servers, or do it again.
func (c *cloud) forbidListing(forbid bool) { c.SetBehavior(simulator.Behavior{ListForbidden: forbid}) }
