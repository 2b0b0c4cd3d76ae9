package osreinstall

import (
	"slices"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// schedule is everything that happens in one history but what the provider does. It is made from a seed alone.
type schedule struct {
	seed      uint64
	behavior  simulator.Behavior
	durations simulator.Durations
	limits    reinstall.Limits
	servers   []scheduleServer
	runs      []scheduleRun
	journals  [2]bool // which workspaces have a journal
	meddling  bool    // people act on machines of which it is not clear whether they are being reinstalled
}

// scheduleServer is what a server is like before anybody has asked for anything.
type scheduleServer struct {
	status, image, key string
	imported           bool // it enters the state by an import
}

// scheduleInputs are the arguments of one resource. Empty is null.
type scheduleInputs struct {
	image, key, pass, userData, trigger, onDrift string

	version       int64 // of admin_pass_wo
	refuseRunning bool  // stop_before_reinstall = false
	timeout       time.Duration
	undecided     bool // the trigger is known only at apply
	undecidedID   bool // and so is the id, which turns out to be the same
	upper         bool // the image id is written in upper case
	removed       bool // the resource is not in the configuration
}

// scheduleCommand is which command a run is.
type scheduleCommand string

const (
	runApply   scheduleCommand = "apply"
	runPlan    scheduleCommand = "plan"  // -out
	runSaved   scheduleCommand = "saved" // applies what a plan before has written, unless the state has changed since
	runReplace scheduleCommand = "apply -replace"
	runDestroy scheduleCommand = "destroy"
)

// scheduleRun is one command, with all that goes wrong in it.
type scheduleRun struct {
	workspace  int  // which state it works on
	concurrent bool // it begins with the run before it, and not after it
	stranger   bool // it has the credentials of somebody who knows none of the servers

	wait        time.Duration // before the command
	kind        scheduleCommand
	skipRefresh bool          // -refresh=false
	gap         time.Duration // between plan and apply
	cut         scheduleCut
	cutAt       time.Duration // since the command began
	again       time.Duration // the second ctrl-C since the first

	cutStep    int  // instead of cutAt: the step of the journal at which the run crashes
	losesPower bool // a crash is one of the machine: what the journal has not synced is lost

	endStatus string // the status in which a reinstall ends that begins from now on; empty: RUNNING
	inputs    []scheduleInputs
	faults    []scheduleFault
	actors    []scheduleActor
}

// scheduleCut is how a run is cut short.
type scheduleCut string

const (
	cutNone  scheduleCut = ""
	cutCtrlC scheduleCut = "ctrl-C" // the provider is asked to stop
	cutTerm  scheduleCut = "TERM"   // the process group is: Terraform asks the provider to stop, which goes on until it has
	cutTwice scheduleCut = "twice"  // ctrl-C, and once more: Terraform ends the provider, and writes no state
	cutCrash scheduleCut = "crash"  // the provider and Terraform are gone; what they have sent stays sent
)

// crashes reports whether Terraform ends without writing the state.
func (c scheduleCut) crashes() bool { return c == cutCrash || c == cutTwice }

// scheduleFault makes some requests of a run go wrong.
type scheduleFault struct {
	server       int
	action       string
	kind         string
	after, times int
	length       time.Duration
}

// scheduleActor is somebody outside of Terraform.
type scheduleActor struct {
	server int
	kind   string
	image  string
	key    string

	at time.Duration // since the run began

	// Instead of at: the request at which they act, before it is handled, or before it is answered.
	on    string
	after int
	reply bool
}

// The kinds of outside actors.
const (
	actReimage   = "re-image"
	actReinstall = "reinstall"
	actImage     = "image"
	actKeyPair   = "key pair"
	actPutRight  = "put right" // image and key pair as they are configured
	actPowerOn   = "power on"
	actPowerOff  = "power off"
	actDelete    = "delete"
)

// lastWorkspace is the highest number of a workspace.
func (s *schedule) lastWorkspace() int {
	last := 0
	for i := range s.runs {
		last = max(last, s.runs[i].workspace)
	}

	return last
}

func (s *schedule) clone() *schedule {
	c := *s
	c.behavior.Via = slices.Clone(s.behavior.Via)
	c.servers = slices.Clone(s.servers)
	c.runs = slices.Clone(s.runs)

	for i := range c.runs {
		c.runs[i].inputs = slices.Clone(s.runs[i].inputs)
		c.runs[i].faults = slices.Clone(s.runs[i].faults)
		c.runs[i].actors = slices.Clone(s.runs[i].actors)
	}

	return &c
}
