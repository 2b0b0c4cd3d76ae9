package main

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/workspace"
)

//go:embed config
var config embed.FS

// The names of the providers that are compared.
const (
	product = "provider"
	floor   = "floor"
)

// benchWorkspace has a configuration of a fleet, the providers that are compared, and a shim in their place.
type benchWorkspace struct {
	*workspace.Workspace

	providers map[string]string // binaries by name
	variables map[string]any
	adopted   []byte // the state of the whole fleet after its import
}

// newWorkspace builds the providers, in a directory below parent, or below the usual one if that is empty. The caller has to
// close the workspace.
func newWorkspace(ctx context.Context, terraform, parent string) (*benchWorkspace, error) {
	shared, err := workspace.New(ctx, workspace.Runner{}, terraform, parent, "bench")
	if err != nil {
		return nil, fmt.Errorf("no workspace: %w", err)
	}

	w := &benchWorkspace{
		Workspace: shared, providers: map[string]string{},
		variables: map[string]any{"image_id": simulator.DefaultImageID, "generation": "1"},
	}
	if err := w.fill(ctx); err != nil {
		return nil, errors.Join(err, w.Close())
	}

	return w, nil
}

func (w *benchWorkspace) fill(ctx context.Context) error {
	for _, binary := range []struct{ name, pkg, path string }{
		{product, ".", workspace.Executable(filepath.Join(w.Root, product))},
		{floor, "internal/bench/floor", workspace.Executable(filepath.Join(w.Root, floor))},
		{"shim", "internal/bench/shim", w.Provider()},
	} {
		w.providers[binary.name] = binary.path
		if err := w.Build(ctx, binary.pkg, binary.path); err != nil {
			return err
		}
	}

	if err := os.Mkdir(w.Dir, 0o700); err != nil {
		return fmt.Errorf("no directory: %w", err)
	}

	if err := w.copy("main.tf"); err != nil {
		return err
	}

	w.Env = append(w.Env, "MODELARTS_BENCH_USAGE="+w.usage())

	_, err := w.run(ctx, product, "init")

	return err
}

// usage is the file to which the shim writes.
func (w *benchWorkspace) usage() string { return filepath.Join(w.Root, "usage.json") }

// copy takes over a file of the configuration.
func (w *benchWorkspace) copy(name string) error {
	content, err := config.ReadFile("config/" + name)
	if err != nil {
		return fmt.Errorf("no configuration: %w", err)
	}

	return w.Write(name, content)
}

// set changes variables of the configuration.
func (w *benchWorkspace) set(variables map[string]any) error {
	maps.Copy(w.variables, variables)

	content, err := json.Marshal(w.variables)
	if err != nil {
		return fmt.Errorf("no variables: %w", err)
	}

	return w.Write("terraform.tfvars.json", content)
}

// adopt imports the whole fleet.
func (w *benchWorkspace) adopt(ctx context.Context, c *cloud) error {
	if err := w.copy("import.tf"); err != nil {
		return err
	}

	if err := w.set(map[string]any{"endpoint": c.endpoint.URL, "servers": c.ids}); err != nil {
		return err
	}

	if _, err := w.run(ctx, product, "apply", "-auto-approve", "-parallelism=50"); err != nil {
		return err
	}

	if err := os.Remove(filepath.Join(w.Dir, "import.tf")); err != nil {
		return fmt.Errorf("import.tf not removed: %w", err)
	}

	var err error
	if w.adopted, err = os.ReadFile(filepath.Join(w.Dir, "terraform.tfstate")); err != nil {
		return fmt.Errorf("no state: %w", err)
	}

	return nil
}

// narrow leaves some servers of the fleet in the configuration and in the state.
func (w *benchWorkspace) narrow(ids []string) error {
	state, err := narrowed(w.adopted, ids)
	if err != nil {
		return err
	}

	return errors.Join(w.Write("terraform.tfstate", state), w.set(map[string]any{"servers": ids}))
}

// narrowed is a state that keeps, of its one resource, the instances of some servers.
func narrowed(state []byte, ids []string) ([]byte, error) {
	keep := map[string]bool{}
	for _, id := range ids {
		keep[id] = true
	}

	var (
		top       map[string]json.RawMessage
		resources []map[string]json.RawMessage
		instances []json.RawMessage
	)

	if err := errors.Join(json.Unmarshal(state, &top), json.Unmarshal(top["resources"], &resources)); err != nil {
		return nil, fmt.Errorf("unexpected state: %w", err)
	}

	if len(resources) != 1 {
		return nil, fmt.Errorf("%d resources in the state", len(resources))
	}

	if err := json.Unmarshal(resources[0]["instances"], &instances); err != nil {
		return nil, fmt.Errorf("unexpected state: %w", err)
	}

	kept := make([]json.RawMessage, 0, len(ids))

	for _, instance := range instances {
		var row struct {
			Key string `json:"index_key"`
		}

		if err := json.Unmarshal(instance, &row); err != nil {
			return nil, fmt.Errorf("unexpected state: %w", err)
		}

		if keep[row.Key] {
			kept = append(kept, instance)
		}
	}

	if len(kept) != len(ids) {
		return nil, fmt.Errorf("%d of %d servers are in the state", len(kept), len(ids))
	}

	return assemble(top, resources[0], kept)
}

// assemble puts a state together again.
func assemble(top, resource map[string]json.RawMessage, instances []json.RawMessage) ([]byte, error) {
	var err, alsoErr error

	resource["instances"], err = json.Marshal(instances)
	top["resources"], alsoErr = json.Marshal([]any{resource})
	state, finalErr := json.Marshal(top)

	if err := errors.Join(err, alsoErr, finalErr); err != nil {
		return nil, fmt.Errorf("no state: %w", err)
	}

	return state, nil
}

// cost is the time and memory that a command has taken.
type cost struct {
	wall time.Duration
	peak int64 // bytes of memory of the provider, at most; zero: not known
}

// run runs the CLI with a provider.
func (w *benchWorkspace) run(ctx context.Context, provider string, args ...string) (cost, error) {
	if err := os.WriteFile(w.usage(), nil, 0o600); err != nil {
		return cost{}, fmt.Errorf("no file for the usage: %w", err)
	}

	env := append(slices.Clip(w.Env), "MODELARTS_BENCH_PROVIDER="+w.providers[provider])
	began := time.Now()

	// What it prints of a thousand servers is of no use; what goes wrong comes on the other stream.
	var problems strings.Builder

	cmd := w.Terraform(ctx, env, append(args, "-no-color")...)
	cmd.Stderr = &problems

	if err := workspace.Finish(ctx, cmd); err != nil {
		return cost{}, fmt.Errorf("terraform %s: %w\n%s", args[0], err, abridged(problems.String()))
	}

	spent := cost{wall: time.Since(began)}

	content, err := os.ReadFile(w.usage())
	if err != nil {
		return cost{}, fmt.Errorf("no usage: %w", err)
	}

	return spent, spent.add(content)
}

// mostProblems limits the output of a failed command that is shown, in bytes: a fleet can fail a thousand times in the same way.
const mostProblems = 4000

// abridged is a text, or its beginning.
func abridged(text string) string {
	if len(text) <= mostProblems {
		return text
	}

	return fmt.Sprintf("%s\n... and %d bytes more\n", strings.ToValidUTF8(text[:mostProblems], ""), len(text)-mostProblems)
}

// add takes in what the shim has written.
func (c *cost) add(content []byte) error {
	for line := range bytes.Lines(content) {
		var used struct{ Peak int64 }
		if err := json.Unmarshal(line, &used); err != nil {
			return fmt.Errorf("unexpected usage: %w", err)
		}

		c.peak = max(c.peak, used.Peak)
	}

	return nil
}

// startUp is the time from the start of a provider until it says where it serves.
func (w *benchWorkspace) startUp(ctx context.Context, provider string) (time.Duration, error) {
	cmd := exec.CommandContext(ctx, w.providers[provider])
	cmd.Env = append(os.Environ(),
		"TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
		"PLUGIN_PROTOCOL_VERSIONS=6")

	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, fmt.Errorf("no output of the provider: %w", err)
	}

	began := time.Now()

	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("the provider does not start: %w", err)
	}

	n, err := out.Read(make([]byte, 1))
	took := time.Since(began)

	_ = cmd.Process.Kill()
	_ = cmd.Wait() // killed

	if n == 0 {
		return 0, fmt.Errorf("the provider does not serve: %w", err)
	}

	return took, nil
}
