//go:build unix

package e2e_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// workspace is a directory with a configuration, in which a CLI runs against a controlled cloud.
type workspace struct {
	t         *testing.T
	cli       string
	dir       string
	cloud     *controlledCloud
	lifelines *lifelines
	runs      int
	journal   string // MODELARTS_JOURNAL; empty: in the usual place
	// permits counts, for each server, the applied plans which said that its disk will be erased. printed counts only those
	// that said so in their text, and not just in JSON.
	permits, printed map[string]int
}

// newWorkspace makes a workspace with a main.tf.
func newWorkspace(t *testing.T, cli string, s *controlledCloud, main string) *workspace {
	t.Helper()

	r := &workspace{t: t, cli: cli, dir: t.TempDir(), cloud: s, lifelines: newLifelines(t)}
	r.permits, r.printed = map[string]int{}, map[string]int{}

	var servers strings.Builder
	for _, key := range slices.Sorted(maps.Keys(s.ids)) {
		fmt.Fprintf(&servers, "    %s = %q\n", key, s.ids[key])
	}

	r.write("cli.tfrc", cliConfig(os.Getenv("PATH")))
	r.write("provider.tf", tolerant(providerBlock(s.url, simulator.DefaultProjectID)))
	r.write("servers.tf", "locals {\n  servers = {\n"+servers.String()+"  }\n}\n")
	r.write("main.tf", main)

	return r
}

// tolerant changes a provider block so that no server is held back because others have timed out.
func tolerant(block string) string {
	return strings.Replace(block, "max_retries", fmt.Sprintf("failure_tolerance = %d\n  max_retries", fleetSize), 1)
}

func (r *workspace) write(name, content string) {
	r.t.Helper()

	if err := os.WriteFile(filepath.Join(r.dir, name), []byte(content), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// cliProcess is a run of the CLI.
type cliProcess struct {
	workspace *workspace
	name      string
	cmd       *exec.Cmd
	output    string // path
	began     int    // number of the newest request before it
	done      chan struct{}
	err       error // once done
}

// start starts the CLI in a process group of its own, as a shell does.
func (r *workspace) start(args ...string) *cliProcess {
	r.t.Helper()
	r.runs++

	ctx, cancel := context.WithTimeout(r.t.Context(), 15*time.Minute)
	a := &cliProcess{
		workspace: r, name: strings.Join(args, " "), began: r.cloud.last(), done: make(chan struct{}),
		output: filepath.Join(r.dir, fmt.Sprintf("output-%d.txt", r.runs)),
	}

	output, err := os.Create(a.output)
	if err != nil {
		r.t.Fatal(err)
	}

	a.cmd = exec.CommandContext(ctx, r.cli, args...)
	a.cmd.Dir, a.cmd.Stdout, a.cmd.Stderr = r.dir, output, output
	a.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	a.cmd.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+filepath.Join(r.dir, "cli.tfrc"), "CHECKPOINT_DISABLE=1",
		"TF_IN_AUTOMATION=1", "TF_CLI_ARGS=-no-color", envLifeline+"="+r.lifelines.addr, "MODELARTS_JOURNAL="+r.journal)

	if err := a.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}

	go func() {
		defer close(a.done)
		defer cancel()

		a.err = a.cmd.Wait()
		_ = output.Close()
	}()

	r.t.Cleanup(func() { cancel(); <-a.done })

	return a
}

// apply starts an apply with variables.
func (r *workspace) apply(vars ...string) *cliProcess {
	r.t.Helper()

	args := []string{"apply", "-auto-approve", "-input=false", "-parallelism=10"}
	for _, v := range vars {
		args = append(args, "-var="+v)
	}

	return r.start(args...)
}

// applyPlan makes a plan, counts what its JSON and its text permit, and starts to apply it.
func (r *workspace) applyPlan(args ...string) *cliProcess {
	r.t.Helper()

	p := r.start(append([]string{"plan", "-input=false", "-out=plan.out"}, args...)...)
	if requireEventually(r.t, p.name+" has ended", p.ended); p.err != nil {
		r.t.Fatalf("%s: %v\n%s", p.name, p.err, p.said())
	}

	show := exec.CommandContext(r.t.Context(), r.cli, "show", "-json", "plan.out")
	show.Dir, show.Env = r.dir, p.cmd.Env

	out, err := show.Output()
	if err != nil {
		r.t.Fatal(err)
	}

	var plan planJSON

	if err := json.Unmarshal(out, &plan); err != nil {
		r.t.Fatal(err)
	}

	for _, change := range plan.ResourceChanges {
		if reasons := change.reasons(); reasons != "" && reasons != "resume" {
			r.permits[strings.TrimSuffix(strings.TrimPrefix(change.Address, resourceType+".this[\""), "\"]")]++
		}
	}

	for _, key := range erasing(p.said()) {
		r.printed[key]++
	}

	return r.start("apply", "-input=false", "-parallelism=10", "plan.out")
}

// said returns what the CLI has printed so far.
func (a *cliProcess) said() string {
	text, err := os.ReadFile(a.output)
	if err != nil {
		a.workspace.t.Fatal(err)
	}

	return string(text)
}

// ended reports whether the CLI has exited.
func (a *cliProcess) ended() bool {
	select {
	case <-a.done:
		return true
	default:
		return false
	}
}

// await waits for a condition while the CLI runs. It fails the test if the CLI exits first.
func (a *cliProcess) await(what string, condition func() bool) {
	a.workspace.t.Helper()

	if !a.reaches(what, condition) {
		a.workspace.t.Fatalf("%s has exited before %s:\n%s", a.name, what, a.said())
	}
}

// reaches waits for a condition while the CLI runs, and reports whether it came true.
func (a *cliProcess) reaches(what string, condition func() bool) bool {
	a.workspace.t.Helper()

	reached := false

	requireEventually(a.workspace.t, what, func() bool {
		ended := a.ended()
		reached = condition()

		return reached || ended
	})

	return reached
}

// signal sends a signal to the CLI, or to its whole process group.
func (a *cliProcess) signal(signal syscall.Signal, group bool) {
	a.workspace.t.Helper()

	if a.ended() {
		return
	}

	pid := a.cmd.Process.Pid
	if group {
		pid = -pid
	}

	if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
		a.workspace.t.Fatal(err)
	}
}

// wait waits until the CLI has exited, counts what its plan has permitted, and returns its exit code; -1 after a signal.
func (a *cliProcess) wait() int {
	a.workspace.t.Helper()
	requireEventually(a.workspace.t, a.name+" has ended", a.ended)

	if said := a.said(); !strings.Contains(said, "Planning failed") {
		for _, key := range erasing(said) {
			a.workspace.permits[key]++
			a.workspace.printed[key]++
		}
	}

	return a.cmd.ProcessState.ExitCode()
}

var (
	headerPattern = regexp.MustCompile(`^  # modelarts_devserver_os_reinstall\.this\["(\w+)"\]`)
	erasedPattern = regexp.MustCompile(`^ *[-+~/]+ system_disk_erased_at += (?:.* -> )?\(known after apply\)$`)
)

// erasing returns the servers whose disks will be erased according to a printed plan.
func erasing(printed string) []string {
	var keys []string

	key := ""

	for line := range strings.Lines(printed) {
		line = strings.TrimRight(line, "\n")

		if header := headerPattern.FindStringSubmatch(line); header != nil {
			key = header[1]
		}

		if erasedPattern.MatchString(line) {
			keys = append(keys, key)
		}
	}

	return keys
}

// kept is a server in a state file.
type kept struct {
	Status     string `json:"status"` // "tainted" or empty
	Deposed    string `json:"deposed"`
	IndexKey   string `json:"index_key"`
	Attributes struct {
		Triggers      map[string]string `json:"triggers"`
		Ready         bool              `json:"ready"`
		LastReinstall struct {
			State string `json:"state"`
		} `json:"last_reinstall"`
	} `json:"attributes"`
}

// isStateTruncated reports whether the state file breaks off in the middle.
func (r *workspace) isStateTruncated() bool {
	text, err := os.ReadFile(filepath.Join(r.dir, "terraform.tfstate"))

	return err == nil && len(text) > 0 && !json.Valid(text)
}

// restoreState restores the state from before the apply: none for a create.
func (r *workspace) restoreState(kind string, before past) {
	r.t.Helper()

	if kind == kindUpdate {
		r.write("terraform.tfstate", string(before.state))

		return
	}

	if err := os.Remove(filepath.Join(r.dir, "terraform.tfstate")); err != nil {
		r.t.Fatal(err)
	}
}

// state returns the instances in the state file by the type of their resource.
func (r *workspace) state() map[string][]kept {
	r.t.Helper()

	text, err := os.ReadFile(filepath.Join(r.dir, "terraform.tfstate"))
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(text) == 0 {
		return nil
	}

	if err != nil {
		r.t.Fatal(err)
	}

	var state struct {
		Resources []struct {
			Type      string            `json:"type"`
			Instances []json.RawMessage `json:"instances"`
		} `json:"resources"`
	}

	if err := json.Unmarshal(text, &state); err != nil {
		r.t.Fatalf("%v in the state: %s", err, text)
	}

	instances := map[string][]kept{}

	for _, resource := range state.Resources {
		for _, raw := range resource.Instances {
			var one kept
			if err := json.Unmarshal(raw, &one); err != nil && resource.Type == resourceType {
				r.t.Fatalf("%v in the state: %s", err, raw)
			}

			instances[resource.Type] = append(instances[resource.Type], one)
		}
	}

	return instances
}

// resourceType is the type of the tested resource.
const resourceType = "modelarts_devserver_os_reinstall"

// servers returns the servers in the state.
func (r *workspace) servers() []kept {
	r.t.Helper()

	return r.state()[resourceType]
}

// tainted counts the servers in the state that the next apply would replace.
func (r *workspace) tainted() int {
	r.t.Helper()

	n := 0

	for _, server := range r.servers() {
		if server.Status == "tainted" {
			n++
		}
	}

	return n
}
