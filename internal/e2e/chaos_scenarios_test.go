//go:build unix

package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// scenario is an interruption outside the matrix, on ten servers. play returns its measurements in a few words.
type scenario struct {
	name  string
	usual bool // also part of the usual run, which has no past
	play  func(t *testing.T, cli string, before past) string
}

var scenarios = []scenario{
	{"timeout with the postcondition", true, playTimeout(postcondition, 1, 0)},
	{"timeout without the postcondition", false, playTimeout("", 0, 1)},
	{"-replace, ctrl-C while waiting", false, playReplace("")},
	{"-replace, create_before_destroy, ctrl-C while waiting", false, playReplace("create_before_destroy = true")},
	{"failing provisioner", true, playProvisioner},
}

const postcondition = `
    postcondition {
      condition     = self.ready
      error_message = "not ready"
    }`

// fleetWith returns the fleet with a lifecycle, with a dependent, and with more lines in the resource.
func fleetWith(lifecycle, more string) string {
	return fmt.Sprintf(`
variable "timeout" { default = "1h" }
variable "check" { default = "true" }

resource "modelarts_devserver_os_reinstall" "this" {
  for_each = local.servers

  id            = each.value
  key_pair_name = "KeyPair-1"
  triggers      = { rebuild = "one" }
  timeouts      = { create = var.timeout, update = var.timeout }

  lifecycle {
    %s
  }
%s
}

resource "terraform_data" "dependent" {
  input = [for server in modelarts_devserver_os_reinstall.this : server.name]
}
`, lifecycle, more)
}

// scenarioRun is the workspace of a scenario, with its measurements.
type scenarioRun struct {
	*workspace

	measured []string
}

// expect waits for an apply and compares its results.
func (s *scenarioRun) expect(a *cliProcess, code, tainted, dependents, erases int) {
	s.t.Helper()

	exit, state := a.wait(), s.state()
	got := fmt.Sprintf("exit %d, %d in the state, %d tainted, %d dependents, erases",
		exit, len(state[resourceType]), s.tainted(), len(state["terraform_data"]))
	want := fmt.Sprintf("exit %d, %d in the state, %d tainted, %d dependents, erases", code, fleetSize, tainted, dependents)

	f := finding{erases: s.cloud.erases()}
	got += " " + f.measured()
	want += fmt.Sprintf(" %d x%d", erases, fleetSize)

	if got != want {
		s.t.Errorf("%s: %s; want %s\n%s", a.name, got, want, a.said())
	}

	f.check(a, "")

	for _, problem := range f.problems {
		if tainted == 0 || !strings.Contains(problem, "tainted") {
			s.t.Error(problem)
		}
	}

	for key, n := range f.erases {
		if n > s.permits[key] || n > s.printed[key] {
			s.t.Errorf("server %s: erased %d times, and the plans said so %d times, in print %d times",
				key, n, s.permits[key], s.printed[key])
		}
	}

	s.measured = append(s.measured, got)
}

func (s *scenarioRun) String() string { return strings.Join(s.measured, "; then ") }

// playTimeout has ten creates time out while the reinstalls go on. The next apply waits for their end.
func playTimeout(lifecycle string, code, dependents int) func(*testing.T, string, past) string {
	return func(t *testing.T, cli string, _ past) string {
		t.Helper()

		for _, limit := range limits {
			cloud := newControlledCloud(t, stopped(nil), phaseWaiting)
			s := &scenarioRun{workspace: newWorkspace(t, cli, cloud, fleetWith(lifecycle, ""))}

			first := s.apply("timeout=" + limit.String())
			if !first.reaches("all servers are waited for", cloud.reached) {
				continue // expired too early
			}

			s.expect(first, code, 0, dependents, 1)

			next := s.apply()
			next.await("the next apply has met all servers", func() bool { return cloud.metSince(next.began) })
			cloud.release()
			s.expect(next, 0, 0, 1, 1)

			return s.String()
		}

		t.Fatalf("with none of the timeouts %s are all servers waited for", limits)

		return ""
	}
}

// playReplace interrupts a replacement that was requested with -replace. The next apply waits for the reinstalls, and replaces
// nothing again.
func playReplace(lifecycle string) func(*testing.T, string, past) string {
	return func(t *testing.T, cli string, before past) string {
		t.Helper()

		cloud := newControlledCloud(t, before.servers, phaseWaiting)
		s := &scenarioRun{workspace: newWorkspace(t, cli, cloud, fleetWith(lifecycle+postcondition, ""))}
		s.write("terraform.tfstate", string(before.state))

		var replacements []string
		for key := range cloud.ids {
			replacements = append(replacements, fmt.Sprintf("-replace=%s.this[%q]", resourceType, key))
		}

		a := s.applyPlan(replacements...)
		a.await("all servers are waited for", cloud.reached)
		a.signal(once.signal())
		a.wait()
		s.measured = append(s.measured, fmt.Sprintf("%d objects kept", len(s.servers())))

		next := s.apply()
		next.await("the next apply has met all servers", func() bool { return cloud.metSince(next.began) })
		cloud.release()
		s.expect(next, 0, 0, 1, 1)

		return s.String()
	}
}

// playProvisioner has a provisioner fail on each server after its reinstall. Terraform taints the servers because of that, and
// the next plan says that their disks will be erased again.
func playProvisioner(t *testing.T, cli string, _ past) string {
	t.Helper()

	cloud := newControlledCloud(t, nil, phaseNone)
	s := &scenarioRun{workspace: newWorkspace(t, cli, cloud, fleetWith("", `
  provisioner "local-exec" {
    command = var.check
  }`))}

	s.expect(s.apply("check=false"), 1, fleetSize, 0, 1)
	s.expect(s.applyPlan(), 0, 0, 1, 2)

	return s.String()
}

// TestChaosScenarios runs some scenarios on the CLI of the usual run, or all of them on all CLIs of the matrix.
func TestChaosScenarios(t *testing.T) {
	t.Parallel()

	clis := filepath.SplitList(os.Getenv(envMatrix))
	matrix := len(clis) > 0

	if !matrix {
		clis = []string{requireCLI(t)}
	}

	for _, cli := range clis {
		var before past
		if matrix {
			before = reinstalled(t, cli)
		}

		for _, s := range scenarios {
			if !matrix && !s.usual {
				continue
			}

			t.Run(filepath.Base(cli)+"/"+strings.ReplaceAll(s.name, " ", "-"), func(t *testing.T) {
				t.Parallel()

				if measured := s.play(t, cli, before); matrix {
					fmt.Printf("%s, %s: %s\n", filepath.Base(cli), s.name, measured)
				}
			})
		}
	}
}
