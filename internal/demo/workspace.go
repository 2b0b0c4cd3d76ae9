package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/cli"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// workspace is a temporary copy of examples/demo, with a Terraform CLI that finds the provider in it.
type workspace struct {
	screen *screen
	runner cli.Runner
	cli    string
	root   string // the temporary directory
	dir    string // where Terraform runs
	env    []string
}

// newWorkspace makes the directories. The caller has to close the workspace.
func newWorkspace(ctx context.Context, out *screen, terraform string) (*workspace, error) {
	root, err := os.MkdirTemp("", "modelarts-demo-")
	if err != nil {
		return nil, fmt.Errorf("no temporary directory: %w", err)
	}

	w := &workspace{
		screen: out, cli: terraform, root: root, dir: filepath.Join(root, "demo"),
		runner: cli.Runner{Ending: func(program string) {
			out.last("\nInterrupted. Waiting for " + program + " to end.")
		}},
	}
	if err := w.fill(ctx); err != nil {
		return nil, errors.Join(err, w.close())
	}

	return w, nil
}

// fill copies the configuration, builds the provider, and tells the CLI where it is.
func (w *workspace) fill(ctx context.Context) error {
	module, err := w.runner.Module(ctx)
	if err != nil {
		return err
	}

	if err := os.CopyFS(w.dir, os.DirFS(filepath.Join(module, "examples", "demo"))); err != nil {
		return fmt.Errorf("no copy of examples/demo: %w", err)
	}

	mirror := cli.Mirror{Root: w.root}
	if err := w.runner.Build(ctx, module, ".", mirror.Binary(), w.root); err != nil {
		return err
	}

	config, err := mirror.Configure()
	if err != nil {
		return err
	}

	w.env = cli.Env(
		config,
		"TF_CLI_ARGS_plan=-detailed-exitcode",
		"HW_REGION_NAME="+simulator.DefaultRegion,
		"HW_PROJECT_ID="+simulator.DefaultProjectID,
		"HW_ACCESS_KEY="+simulator.DefaultAccessKey,
		"HW_SECRET_KEY="+simulator.DefaultSecretKey,
	)
	if !w.screen.color {
		w.env = append(w.env, "TF_CLI_ARGS=-no-color")
	}

	_, err = w.terraformOutput(ctx, "init")

	return err
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

	fmt.Fprintf(&text, "endpoint = %q\nimage_id = %q\n\nservers = {\n", c.endpoint.URL, newImage)

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
	cmd := w.runner.Command(ctx, w.dir, w.env, w.cli, args...)
	cmd.Stdout, cmd.Stderr = out, out

	err := cli.Finish(ctx, cmd)

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

// version is what the CLI calls itself, such as "Terraform v1.16.4".
func (w *workspace) version(ctx context.Context) (string, error) {
	text, err := w.terraformOutput(ctx, "version")
	first, _, _ := strings.Cut(text, "\n")

	return first, err
}

// terraformOutput runs the CLI quietly and returns what it prints.
func (w *workspace) terraformOutput(ctx context.Context, args ...string) (string, error) {
	return w.runner.Output(ctx, w.dir, w.env, w.cli, args...)
}
