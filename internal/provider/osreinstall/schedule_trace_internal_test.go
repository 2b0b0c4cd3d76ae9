package osreinstall

import (
	"slices"
	"strconv"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// scheduleTrace is what happened.
type scheduleTrace struct {
	schedule    *schedule
	began       time.Time
	steps       []traceStep
	acts        []traceAct
	endStatuses []traceEndStatus
	initial     []simulator.Server

	requests   []simulator.Request
	wipes      []simulator.Wipe
	violations []string
	hits       map[string]int
	converged  []bool
	crashes    int
	ctrlCs     int
	crashKinds map[string]int
	stale      int // saved plans that Terraform refused
}

// traceStep is one call of the provider.
type traceStep struct {
	run, server  int
	planned      int // the run that made the plan
	workspace    int
	verb         string // refresh, plan, apply, import
	action       string // of an apply: what the plan says
	permit       permit
	permitted    bool
	inputs       scheduleInputs
	began, ended time.Time
	prior, next  resourceState
	messages     messages
	crashed      bool
	record       *reinstall.Record // that the journal had when an apply began; nil: none
	truth        simulator.Server
	exists       bool
	maySkip      bool // looks may have left out the image or the key pair
}

// during are the requests that arrived in the time of a step.
func (s *traceStep) during(requests []simulator.Request) []simulator.Request {
	return slices.DeleteFunc(slices.Clone(requests), func(r simulator.Request) bool {
		return r.Time.Before(s.began) || r.Time.After(s.ended) || r.Header.Get(scheduleRunHeader) != strconv.Itoa(s.run)
	})
}

// mayErase reports whether the plan of a step gives a reason for a reinstall.
func (s *traceStep) mayErase() bool {
	return s.permitted && slices.ContainsFunc(s.permit.reasons, func(reason string) bool { return reason != "resume" })
}

// shownDifferently reports whether the state shows the server otherwise after a step than before it.
func (s *traceStep) shownDifferently() bool {
	return s.prior.model != nil && s.next.model != nil && s.prior.model.known() != s.next.model.known()
}

// traceAct is what an actor did.
type traceAct struct {
	scheduleActor

	time time.Time
}

// traceEndStatus is from when on reinstalls end in what status.
type traceEndStatus struct {
	time   time.Time
	status string
}
