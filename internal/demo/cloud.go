package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// The images of the story: the one that the fleet is to have, and the one that it had.
const (
	newImage = simulator.UbuntuImageID
	oldImage = simulator.DefaultImageID
)

// reportInterval is the interval between checks of the cloud for changes.
const reportInterval = 50 * time.Millisecond

// cloud is the simulated service, with a fleet in it, and its reporter.
type cloud struct {
	*simulator.Cloud

	fleet    []simulator.Server // as it was at first
	screen   *screen
	endpoint *simulator.Endpoint
	done     chan struct{}

	mu     sync.Mutex
	status map[string]string // last reported
	wipes  int               // reported so far
}

// startCloud serves a cloud on the loopback interface until stop is called.
func startCloud(out *screen, durations simulator.Durations) (*cloud, error) {
	c := &cloud{
		Cloud:  simulator.New(simulator.Config{Durations: durations}),
		screen: out,
		done:   make(chan struct{}),
		status: map[string]string{},
	}

	for i, status := range []string{
		simulator.StatusStopped, simulator.StatusRunning, simulator.StatusReinstallingOSFailed,
	} {
		server := c.AddServer(simulator.Server{
			Name: fmt.Sprintf("trainer-%d", i+1), Status: status, ImageID: oldImage, KeyPairName: "training",
		})
		c.fleet = append(c.fleet, server)
		c.status[server.ID] = status
	}

	// What a request has changed is told before it is answered: however slow the machine is, no status of a server is
	// passed over that Terraform has to wait for, and none is told after what Terraform prints about it.
	c.AddFault(simulator.Fault{Name: "reporter", OnReply: func(*simulator.Cloud, string) { c.report() }})

	endpoint, err := c.Listen()
	if err != nil {
		return nil, err
	}

	c.endpoint = endpoint

	go c.watch()

	return c, nil
}

// stop ends the service and its reporter.
func (c *cloud) stop() error {
	close(c.done)

	return c.endpoint.Close()
}

// watch reports what changes in the cloud.
func (c *cloud) watch() {
	ticker := time.NewTicker(reportInterval)
	defer ticker.Stop()

	for {
		select {
		case <-c.done:
			return
		case <-ticker.C:
			c.report()
		}
	}
}

// report prints what has changed in the cloud since the last report.
func (c *cloud) report() {
	c.mu.Lock()
	defer c.mu.Unlock()

	wipes := c.Wipes()

	for _, server := range c.Servers() {
		if was := c.status[server.ID]; was != server.Status {
			c.say(server.Name, was+" -> "+server.Status)
			c.status[server.ID] = server.Status
		}

		for _, wipe := range wipes[c.wipes:] {
			switch {
			case wipe.ServerID != server.ID:
			case wipe.Outside:
				c.say(server.Name, "system disk erased by somebody else, who installed "+server.ImageName)
			default:
				c.say(server.Name, "system disk erased, as requested")
			}
		}
	}

	c.wipes = len(wipes)
}

func (c *cloud) say(server, what string) {
	c.screen.styled(cyan, "cloud | %s: %s", server, what)
}

// tally holds the counts of the cloud for one server.
type tally struct {
	server   string
	requests int // reinstall requests that arrived
	accepted int
	erased   int // disks erased for them
	others   int // disks erased by somebody else
}

// tallies are in the order of the fleet.
func (c *cloud) tallies() []tally {
	tallies := make([]tally, len(c.fleet))

	for i, server := range c.fleet {
		t := tally{
			server:   server.Name,
			requests: c.ReinstallPosts(server.ID),
			accepted: c.AcceptedReinstalls(server.ID),
		}

		for _, wipe := range c.WipesOf(server.ID) {
			if wipe.Outside {
				t.others++
			} else {
				t.erased++
			}
		}

		tallies[i] = t
	}

	return tallies
}
