package e2e_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// fleetModule is the module for users to build on; policies are the gates for pipelines.
const (
	fleetModule = examples + "/fleet"
	policies    = examples + "/policy"
)

// TestFleetModuleTests runs the tests of the module itself, which use mocks.
func TestFleetModuleTests(t *testing.T) {
	t.Parallel()

	cli := requireCLI(t)

	// `terraform test` of 1.11 cannot apply where an ephemeral variable is null.
	if newer, err := condition(cli, "identity"); err != nil || !newer {
		t.Skipf("needs Terraform 1.12 or OpenTofu 1.12 (%v)", err)
	}

	t.Log(runCLI(t, cli, fleetModule, "test", "-no-color"))
}

// TestFleetModule checks that the module does what its page says, which no mock can show.
func TestFleetModule(t *testing.T) {
	t.Parallel()

	cli := requireCLI(t)

	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "fleet"),
		Setup: func(env *testscript.Env) error {
			if err := os.CopyFS(filepath.Join(env.WorkDir, "fleet"), os.DirFS(fleetModule)); err != nil {
				return err
			}

			return setup(env, cli)
		},
		Cmds:                commands(),
		Condition:           func(name string) (bool, error) { return condition(cli, name) },
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}
