// Package cli runs Terraform for the demo and the benchmark, away from the user's own setup of Terraform and of the cloud.
package cli

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

const (
	providerPackage = "github.com/terraform-modelarts/terraform-provider-modelarts"
	providerSource  = "registry.terraform.io/terraform-modelarts/modelarts"
	providerVersion = "0.0.1" // of the copy in a mirror; nobody sees it
)

// endTime is how long a child may take to end once it was asked to. The provider reads the servers one last time then.
const endTime = 30 * time.Second

// Env is the environment of this process without all that configures Terraform or the cloud, and with more variables.
func Env(more ...string) []string {
	own := func(variable string) bool {
		return strings.HasPrefix(variable, "TF_") || strings.HasPrefix(variable, "HW_") || strings.HasPrefix(variable, "OS_")
	}

	return append(append(slices.DeleteFunc(os.Environ(), own),
		"CHECKPOINT_DISABLE=1",
		"TF_IN_AUTOMATION=1",
		"TF_INPUT=0",
	), more...)
}

// Runner starts programs.
type Runner struct {
	// Ending, if set, is called when a program that is still at work is asked to end, with its name and first argument.
	Ending func(program string)
}

// Command is a command that is asked to end when ctx ends, and killed if that takes more than 30 seconds. Run it with
// [Finish].
func (r Runner) Command(ctx context.Context, dir string, env []string, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, env
	cmd.Cancel = func() error {
		if r.Ending != nil {
			r.Ending(program(cmd))
		}

		return interrupt(cmd)
	}
	cmd.WaitDelay = endTime
	separate(cmd)

	return cmd
}

// program is a command in two words, such as "terraform plan".
func program(cmd *exec.Cmd) string {
	return strings.Join(append([]string{filepath.Base(cmd.Path)}, cmd.Args[1:min(2, len(cmd.Args))]...), " ")
}

// Finish runs a command to its end, and ends what an interrupted one has left behind. The error is that of
// [exec.Cmd.Run].
func Finish(ctx context.Context, cmd *exec.Cmd) error {
	err := cmd.Run()
	if ctx.Err() != nil && cmd.Process != nil {
		killRest(cmd)
	}

	return err //nolint:wrapcheck // the callers say what was run
}

// Output runs a command quietly and returns its standard output. All that it has printed is in the error.
func (r Runner) Output(ctx context.Context, dir string, env []string, name string, args ...string) (string, error) {
	var stdout, stderr strings.Builder

	cmd := r.Command(ctx, dir, env, name, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr

	if err := Finish(ctx, cmd); err != nil {
		return "", fmt.Errorf("%s: %w\n%s%s", program(cmd), err, stdout.String(), stderr.String())
	}

	return stdout.String(), nil
}

// Module returns the directory of the Go module that this process runs in.
func (r Runner) Module(ctx context.Context) (string, error) {
	file, err := r.Output(ctx, "", os.Environ(), "go", "env", "GOMOD")
	if err != nil {
		return "", err
	}

	return filepath.Dir(strings.TrimSpace(file)), nil
}

// Build builds a main package of the module in dir, such as "internal/bench/floor"; the provider's is ".". An interrupted
// build leaves its files in temporary.
func (r Runner) Build(ctx context.Context, dir, pkg, binary, temporary string) error {
	_, err := r.Output(ctx, dir, append(os.Environ(), "GOTMPDIR="+temporary), "go", "build", "-o", binary,
		path.Join(providerPackage, pkg))

	return err
}

// Mirror is a directory from which Terraform installs the provider. With dev_overrides instead, the CLI would warn at
// every step.
type Mirror struct {
	// Root is an existing directory for the mirror and the CLI's configuration file.
	Root string
}

// Binary is where the provider's binary belongs.
func (m Mirror) Binary() string {
	return Executable(filepath.Join(m.Root, "mirror", filepath.FromSlash(providerSource), providerVersion,
		runtime.GOOS+"_"+runtime.GOARCH, "terraform-provider-modelarts"))
}

// Configure writes the CLI's configuration and returns the environment variable that makes the CLI read it.
func (m Mirror) Configure() (string, error) {
	file := filepath.Join(m.Root, "terraform.rc")
	content := fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n",
		filepath.ToSlash(filepath.Join(m.Root, "mirror")))

	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		return "", fmt.Errorf("no CLI configuration: %w", err)
	}

	return "TF_CLI_CONFIG_FILE=" + file, nil
}

// Executable is what a program is called here.
func Executable(path string) string {
	if runtime.GOOS == "windows" {
		return path + ".exe"
	}

	return path
}
