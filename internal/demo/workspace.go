package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/workspace"
)

// demoWorkspace has a copy of examples/demo.
type demoWorkspace struct {
	*workspace.Workspace

	screen *screen
}

// newWorkspace copies the configuration, builds the provider, and installs it. The caller has to close the workspace.
func newWorkspace(ctx context.Context, out *screen, terraform string) (*demoWorkspace, error) {
	shared, err := workspace.New(ctx, workspace.Runner{Ending: func(program string) {
		out.last("\nInterrupted. Waiting for " + program + " to end.")
	}}, terraform, "", "demo")
	if err != nil {
		return nil, fmt.Errorf("no workspace: %w", err)
	}

	w := &demoWorkspace{Workspace: shared, screen: out}
	if err := w.fill(ctx); err != nil {
		return nil, errors.Join(err, w.Close())
	}

	return w, nil
}

func (w *demoWorkspace) fill(ctx context.Context) error {
	if err := os.CopyFS(w.Dir, os.DirFS(filepath.Join(w.Module, "examples", "demo"))); err != nil {
		return fmt.Errorf("no copy of examples/demo: %w", err)
	}

	if err := w.Build(ctx, ".", w.Provider()); err != nil {
		return err
	}

	w.Env = append(w.Env, "TF_CLI_ARGS_plan=-detailed-exitcode")
	if !w.screen.color {
		w.Env = append(w.Env, "TF_CLI_ARGS=-no-color")
	}

	_, err := w.TerraformOutput(ctx, "init")

	return err
}

// configure writes terraform.tfvars for the fleet. rebuild has a value per server to be rebuilt. It returns the line of
// each server in the file.
func (w *demoWorkspace) configure(c *cloud, rebuild map[string]string) (map[string]string, error) {
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

	return lines, w.Write("terraform.tfvars", []byte(text.String()))
}

// The exit codes of the CLI that the story expects.
const (
	exitSuccess = 0
	exitChanges = 2 // a plan that has any
)

// savedPlan is the file that the story saves its plans in.
const savedPlan = "plan.tfplan"

// terraform runs the CLI on the screen, and fails if it exits with another code than want.
func (w *demoWorkspace) terraform(ctx context.Context, want int, args ...string) error {
	w.screen.line("")
	w.screen.styled(bold, "$ terraform %s", strings.Join(args, " "))

	out := &lineWriter{screen: w.screen}
	cmd := w.Terraform(ctx, w.Env, args...)
	cmd.Stdout, cmd.Stderr = out, out

	err := workspace.Finish(ctx, cmd)

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

// notices prints what the saved plan means for each server that it changes, in the words of its reinstall_notice.
func (w *demoWorkspace) notices(ctx context.Context) error {
	text, err := w.TerraformOutput(ctx, "show", "-json", savedPlan)
	if err != nil {
		return err
	}

	var plan struct {
		Changes []struct {
			Change struct {
				Actions []string `json:"actions"`
				After   struct {
					Notice string `json:"reinstall_notice"`
				} `json:"after"`
			} `json:"change"`
		} `json:"resource_changes"`
	}

	if err := json.Unmarshal([]byte(text), &plan); err != nil {
		return fmt.Errorf("unexpected plan: %w", err)
	}

	w.screen.line("")
	w.screen.line("The reinstall_notice of each server in this plan, from `terraform show -json`:")

	for _, change := range plan.Changes {
		if change.Change.Actions[0] != "no-op" {
			w.screen.styled(bold, "  %s", change.Change.After.Notice)
		}
	}

	return nil
}

// version returns what the CLI calls itself, such as "Terraform v1.16.4".
func (w *demoWorkspace) version(ctx context.Context) (string, error) {
	text, err := w.TerraformOutput(ctx, "version")
	first, _, _ := strings.Cut(text, "\n")

	return first, err
}
