package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

const (
	providerPackage = "github.com/terraform-modelarts/terraform-provider-modelarts"
	providerSource  = "registry.terraform.io/terraform-modelarts/modelarts"
	providerVersion = "0.0.1" // of the copy that is built here; nobody sees it
)

// endTime is how long a child may take to end once it was asked to. The provider has a last look at the servers then.
const endTime = 30 * time.Second

// workspace is a temporary copy of examples/demo, with a Terraform CLI that finds the provider in it.
type workspace struct {
	screen *screen
	cli    string
	root   string // the temporary directory
	dir    string // where Terraform runs
	env    []string
}

// newWorkspace makes the directories. The caller has to close the workspace.
func newWorkspace(ctx context.Context, out *screen, cli string) (*workspace, error) {
	root, err := os.MkdirTemp("", "modelarts-demo-")
	if err != nil {
		return nil, fmt.Errorf("no temporary directory: %w", err)
	}

	w := &workspace{screen: out, cli: cli, root: root, dir: filepath.Join(root, "demo")}
	if err := w.fill(ctx); err != nil {
		return nil, errors.Join(err, w.close())
	}

	return w, nil
}

// fill copies the configuration, builds the provider, and tells the CLI where it is.
func (w *workspace) fill(ctx context.Context) error {
	goEnv := append(os.Environ(), "GOTMPDIR="+w.root) // An interrupted build leaves its files behind.

	goMod, err := w.output(ctx, "", goEnv, "go", "env", "GOMOD")
	if err != nil {
		return err
	}

	module := filepath.Dir(strings.TrimSpace(goMod))
	if err := os.CopyFS(w.dir, os.DirFS(filepath.Join(module, "examples", "demo"))); err != nil {
		return fmt.Errorf("no copy of examples/demo: %w", err)
	}

	mirror := filepath.Join(w.root, "mirror")
	binary := filepath.Join(mirror, filepath.FromSlash(providerSource), providerVersion,
		runtime.GOOS+"_"+runtime.GOARCH, "terraform-provider-modelarts")

	if runtime.GOOS == "windows" {
		binary += ".exe"
	}

	if _, err := w.output(ctx, module, goEnv, "go", "build", "-o", binary, providerPackage); err != nil {
		return err
	}

	// A mirror, and not dev_overrides: those make the CLI warn at every step.
	config := filepath.Join(w.root, "terraform.rc")
	content := fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", filepath.ToSlash(mirror))

	if err := os.WriteFile(config, []byte(content), 0o600); err != nil {
		return fmt.Errorf("no CLI configuration: %w", err)
	}

	w.env = append(cleanEnv(), "TF_CLI_CONFIG_FILE="+config)
	if !w.screen.color {
		w.env = append(w.env, "TF_CLI_ARGS=-no-color")
	}

	_, err = w.output(ctx, w.dir, w.env, w.cli, "init")

	return err
}

// cleanEnv is the environment of the demo without the user's own setup of Terraform and of the cloud, and with that of
// the simulator.
func cleanEnv() []string {
	own := func(variable string) bool {
		return strings.HasPrefix(variable, "TF_") || strings.HasPrefix(variable, "HW_") || strings.HasPrefix(variable, "OS_")
	}

	return append(slices.DeleteFunc(os.Environ(), own),
		"CHECKPOINT_DISABLE=1",
		"TF_IN_AUTOMATION=1",
		"TF_INPUT=0",
		"TF_CLI_ARGS_plan=-detailed-exitcode",
		"HW_REGION_NAME="+simulator.DefaultRegion,
		"HW_PROJECT_ID="+simulator.DefaultProjectID,
		"HW_ACCESS_KEY="+simulator.DefaultAccessKey,
		"HW_SECRET_KEY="+simulator.DefaultSecretKey,
	)
}

// close removes the workspace.
func (w *workspace) close() error {
	if err := os.RemoveAll(w.root); err != nil {
		return fmt.Errorf("not removed: %w", err)
	}

	return nil
}

// configure writes terraform.tfvars for the fleet. rebuild has a value per server to be rebuilt. It returns the line of
// each server in the file.
func (w *workspace) configure(c *cloud, rebuild map[string]string) (map[string]string, error) {
	var text strings.Builder

	lines := map[string]string{}

	fmt.Fprintf(&text, "endpoint = %q\nimage_id = %q\n\nservers = {\n", c.url, newImage)

	for _, server := range c.fleet {
		line := fmt.Sprintf("%s = { id = %q }", server.Name, server.ID)
		if value := rebuild[server.Name]; value != "" {
			line = fmt.Sprintf("%s = { id = %q, rebuild = %q }", server.Name, server.ID, value)
		}

		lines[server.Name] = line
		fmt.Fprintf(&text, "  %s\n", line)
	}

	text.WriteString("}\n")

	if err := os.WriteFile(filepath.Join(w.dir, "terraform.tfvars"), []byte(text.String()), 0o600); err != nil {
		return nil, fmt.Errorf("terraform.tfvars not written: %w", err)
	}

	return lines, nil
}

// The exit codes of the CLI that the story expects.
const (
	exitSuccess = 0
	exitChanges = 2 // a plan that has any
)

// terraform runs the CLI on the screen, and fails if it exits with another code than want.
func (w *workspace) terraform(ctx context.Context, want int, args ...string) error {
	w.screen.line("")
	w.screen.styled(bold, "$ terraform %s", strings.Join(args, " "))

	out := &planPrinter{screen: w.screen}
	cmd := w.command(ctx, w.dir, w.env, w.cli, args...)
	cmd.Stdout, cmd.Stderr = out, out

	err := finish(ctx, cmd)

	out.flush()

	var exit *exec.ExitError

	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("terraform %s: %w", args[0], ctx.Err())
	case err != nil && !errors.As(err, &exit):
		return fmt.Errorf("terraform %s: %w", args[0], err)
	case cmd.ProcessState.ExitCode() != want:
		return fmt.Errorf("terraform %s exited with %d, not %d", args[0], cmd.ProcessState.ExitCode(), want)
	default:
		return nil
	}
}

// version is what the CLI calls itself, such as "Terraform v1.16.3".
func (w *workspace) version(ctx context.Context) (string, error) {
	text, err := w.output(ctx, w.dir, w.env, w.cli, "version")
	first, _, _ := strings.Cut(text, "\n")

	return first, err
}

// output runs a command quietly and returns its standard output. All that it has printed is in the error.
func (w *workspace) output(ctx context.Context, dir string, env []string, name string, args ...string) (string, error) {
	var stdout, stderr strings.Builder

	cmd := w.command(ctx, dir, env, name, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr

	if err := finish(ctx, cmd); err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s%s", filepath.Base(name), args[0], err, stdout.String(), stderr.String())
	}

	return stdout.String(), nil
}

// command is a command that is asked to end when ctx ends, and killed if that takes too long.
func (w *workspace) command(ctx context.Context, dir string, env []string, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, env
	cmd.Cancel = func() error {
		w.screen.last(fmt.Sprintf("\nInterrupted. Waiting for %s %s to end.", filepath.Base(name), args[0]))

		return interrupt(cmd)
	}
	cmd.WaitDelay = endTime
	separate(cmd)

	return cmd
}

// finish runs a command to its end, and ends what an interrupted one has left behind.
func finish(ctx context.Context, cmd *exec.Cmd) error {
	err := cmd.Run()
	if ctx.Err() != nil && cmd.Process != nil {
		killRest(cmd)
	}

	return err //nolint:wrapcheck // the callers say what was run
}
