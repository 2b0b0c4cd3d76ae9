// Package workspace has a temporary directory in which Terraform runs with the provider of this source, for the demo and the
// benchmark: away from the user's own setup of Terraform and of the cloud.
package workspace

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

const (
	providerPackage = "github.com/terraform-modelarts/terraform-provider-modelarts"
	providerSource  = "registry.terraform.io/terraform-modelarts/modelarts"
	providerVersion = "0.0.1" // of the copy in the mirror
)

// Workspace is a temporary directory with a mirror of providers, and a CLI that installs them from it. With dev_overrides
// instead, the CLI would warn at every step.
type Workspace struct {
	Runner

	Root   string   // the temporary directory
	Dir    string   // where Terraform runs; below Root
	Module string   // the directory of the Go module that this process runs in
	Env    []string // of Terraform

	terraform string
}

// New makes a workspace below parent, or below the usual directory for temporary files if that is empty. Dir does not exist
// yet. terraform is the path of the CLI. The caller has to close the workspace.
func New(ctx context.Context, runner Runner, terraform, parent, name string) (*Workspace, error) {
	root, err := os.MkdirTemp(parent, "modelarts-"+name+"-")
	if err != nil {
		return nil, fmt.Errorf("no temporary directory: %w", err)
	}

	w := &Workspace{Runner: runner, Root: root, Dir: filepath.Join(root, name), terraform: terraform}

	file, err := w.Output(ctx, "", os.Environ(), "go", "env", "GOMOD")
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}

	w.Module = filepath.Dir(strings.TrimSpace(file))

	if err := w.configure(); err != nil {
		return nil, errors.Join(err, w.Close())
	}

	return w, nil
}

// configure writes the configuration of the CLI, and sets an environment without all that configures Terraform or the cloud
// but the credentials of the simulator.
func (w *Workspace) configure() error {
	file := filepath.Join(w.Root, "terraform.rc")
	content := fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n",
		filepath.ToSlash(filepath.Join(w.Root, "mirror")))

	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		return fmt.Errorf("no CLI configuration: %w", err)
	}

	foreign := func(variable string) bool {
		return strings.HasPrefix(variable, "TF_") || strings.HasPrefix(variable, "HW_") || strings.HasPrefix(variable, "OS_")
	}

	w.Env = append(slices.DeleteFunc(os.Environ(), foreign),
		"CHECKPOINT_DISABLE=1",
		"TF_IN_AUTOMATION=1",
		"TF_INPUT=0",
		"TF_CLI_CONFIG_FILE="+file,
		"HW_REGION_NAME="+simulator.DefaultRegion,
		"HW_PROJECT_ID="+simulator.DefaultProjectID,
		"HW_ACCESS_KEY="+simulator.DefaultAccessKey,
		"HW_SECRET_KEY="+simulator.DefaultSecretKey,
	)

	return nil
}

// Provider returns the path of the provider's binary in the mirror.
func (w *Workspace) Provider() string {
	return Executable(filepath.Join(w.Root, "mirror", filepath.FromSlash(providerSource), providerVersion,
		runtime.GOOS+"_"+runtime.GOARCH, "terraform-provider-modelarts"))
}

// Build builds a main package of the module, such as "internal/bench/floor"; the provider's is ".".
func (w *Workspace) Build(ctx context.Context, pkg, binary string) error {
	_, err := w.Output(ctx, w.Module, append(os.Environ(), "GOTMPDIR="+w.Root), "go", "build", "-o", binary,
		path.Join(providerPackage, pkg))

	return err
}

// Terraform is a command of the CLI in Dir. Run it with [Finish].
func (w *Workspace) Terraform(ctx context.Context, env []string, args ...string) *exec.Cmd {
	return w.Command(ctx, w.Dir, env, w.terraform, args...)
}

// TerraformOutput runs the CLI in Dir quietly and returns its standard output.
func (w *Workspace) TerraformOutput(ctx context.Context, args ...string) (string, error) {
	return w.Output(ctx, w.Dir, w.Env, w.terraform, args...)
}

// Write writes a file in Dir.
func (w *Workspace) Write(name string, content []byte) error {
	if err := os.WriteFile(filepath.Join(w.Dir, name), content, 0o600); err != nil {
		return fmt.Errorf("%s not written: %w", name, err)
	}

	return nil
}

// Close removes the workspace.
func (w *Workspace) Close() error {
	if err := os.RemoveAll(w.Root); err != nil {
		return fmt.Errorf("not removed: %w", err)
	}

	return nil
}

// Executable returns the name of a program on this platform.
func Executable(path string) string {
	if runtime.GOOS == "windows" {
		return path + ".exe"
	}

	return path
}
