// Package e2e_test drives a real Terraform CLI, with the real provider as its child process, against the simulator.
// The scripts are in testdata/script, and their commands in commands_*_test.go and processes_test.go.
package e2e_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// The environment variables that make sets.
const (
	envCLI        = "MODELARTS_TEST_TERRAFORM"   // path of the Terraform or OpenTofu binary
	envRequireCLI = "MODELARTS_TEST_REQUIRE_CLI" // not empty: fail without a CLI, instead of skipping
)

// noCLI says how to get what the tests need.
const noCLI = "no Terraform CLI: `make test` builds one and runs these tests, or set " + envCLI + " to the path of one"

const (
	providerBinary = "terraform-provider-modelarts"
	providerSource = "terraform-modelarts/modelarts"
)

// TestMain lets the test binary be the provider as well: Terraform finds it under the provider's name, so the tests always
// run the code that was compiled with them, race detector included.
func TestMain(m *testing.M) {
	testscript.Main(hinting{m}, map[string]func(){providerBinary: serveProvider, attachedBinary: runAttached})
}

// hinting runs tests. If there is no CLI, it first prints how to get one.
type hinting struct{ *testing.M }

// Run implements [testscript.TestingM].
func (h hinting) Run() int {
	if os.Getenv(envCLI) == "" && os.Getenv(envCLIs) == "" {
		fmt.Fprintln(os.Stderr, noCLI)
	}

	return h.M.Run()
}

func serveProvider() {
	attachLifeline()

	if what := os.Getenv(envInject); what != "" {
		serveLeaky(what)

		return
	}

	debug := slices.Contains(os.Args[1:], "-debug")

	err := provider.Serve(contextOfProcess(), provider.New("e2e"), debug)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func TestScripts(t *testing.T) {
	t.Parallel()

	cli := requireCLI(t)

	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		Setup:               func(env *testscript.Env) error { return setup(env, cli) },
		Cmds:                commands(),
		Condition:           func(name string) (bool, error) { return condition(cli, name) },
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// condition reports whether a condition of a script holds. identity: the CLI imports by identity, as both do from version
// 1.12 on. timeout: there is the program timeout of GNU.
func condition(cli, name string) (bool, error) {
	switch name {
	case "identity":
		return knowsIdentity(cli)
	case "timeout":
		out, err := exec.CommandContext(contextOfProcess(), "timeout", "--version").Output()

		return err == nil && bytes.Contains(out, []byte("GNU coreutils")), nil
	default:
		return false, fmt.Errorf("no such condition: %s", name)
	}
}

// knowsIdentity reports whether a CLI imports by identity.
func knowsIdentity(cli string) (bool, error) {
	version := exec.CommandContext(contextOfProcess(), cli, "version", "-json")
	version.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+os.DevNull, "CHECKPOINT_DISABLE=1")

	out, err := version.Output()
	if err != nil {
		return false, err
	}

	var reply struct {
		Version string `json:"terraform_version"`
	}

	if err := json.Unmarshal(out, &reply); err != nil {
		return false, err
	}

	var major, minor int

	_, err = fmt.Sscanf(reply.Version, "%d.%d", &major, &minor)

	return major > 1 || minor >= 12, err
}

// requireCLI returns the path of the CLI that make has built.
func requireCLI(t *testing.T) string {
	t.Helper()

	cli := os.Getenv(envCLI)
	if cli != "" {
		return cli
	}

	if os.Getenv(envRequireCLI) != "" {
		t.Fatal(noCLI)
	}

	t.Skip(noCLI)

	return ""
}

// world is the surroundings of one script.
type world struct {
	cli            string
	ownProviders   bool // the CLI starts its providers itself
	cloud          *simulator.Cloud
	ids            map[string]string // ids of the servers by the names that the script gives them
	project        string
	lists          map[string][]string // ids of the servers that servers has added, by the name of their list
	stopAutofinish func()
	gathering      *gathering       // since gather
	names          []string         // of the environment variables at the start of the script
	lifelines      *lifelines       // of the providers of programs that begin has started
	begun          *begun           // the last program that begin has started
	changes        []resourceChange // of the last plan that planned has made
}

type worldKey struct{}

// setup gives a script its own cloud, and a provider configured for it.
func setup(env *testscript.Env, cli string) error {
	cfg := simulator.Config{Durations: simulator.Durations{
		Start: 300 * time.Millisecond, Stop: 300 * time.Millisecond, Reinstall: time.Second,
	}}

	// A script may come with a cloud of its own.
	if text, err := os.ReadFile(filepath.Join(env.WorkDir, "cloud.json")); err == nil {
		if err := json.Unmarshal(text, &cfg); err != nil {
			return err
		}
	}

	cloud := simulator.New(cfg)
	server := httptest.NewServer(cloud.Handler())
	env.Defer(server.Close)

	w := &world{cli: cli, cloud: cloud, ids: map[string]string{}, lists: map[string][]string{}, project: simulator.DefaultProjectID}
	env.Values[worldKey{}] = w

	files := map[string]string{
		"cli.tfrc":    cliConfig(env.Getenv("PATH")),
		"provider.tf": providerBlock(server.URL, w.project),
		"images.tf":   fmt.Sprintf("locals {\n  bionic = %q\n  jammy  = %q\n}\n", simulator.DefaultImageID, simulator.UbuntuImageID),
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(env.WorkDir, name), []byte(content), 0o600); err != nil {
			return err
		}
	}

	env.Setenv("CLI", cli)
	env.Setenv("TF_CLI_CONFIG_FILE", filepath.Join(env.WorkDir, "cli.tfrc"))
	env.Setenv("CHECKPOINT_DISABLE", "1")
	env.Setenv("MODELARTS_JOURNAL", "") // in the usual place
	// The scripts share the processors: their short processes gain nothing from more than one of them.
	env.Setenv("GOMAXPROCS", "1")
	env.Setenv("GOGC", os.Getenv("GOGC"))
	env.Setenv("TF_IN_AUTOMATION", "1")
	env.Setenv("TF_CLI_ARGS", "-no-color")
	env.Setenv("URL", server.URL)
	env.Setenv("data1", base64.StdEncoding.EncodeToString([]byte("#!/bin/sh join-token-1")))
	env.Setenv("data3", base64.StdEncoding.EncodeToString([]byte("#!/bin/sh join-token-3")))
	env.Setenv("bionic", simulator.DefaultImageID)
	env.Setenv("jammy", simulator.UbuntuImageID)

	for _, variable := range env.Vars {
		name, _, _ := strings.Cut(variable, "=")
		w.names = append(w.names, name)
	}

	return nil
}

// cliConfig returns a CLI configuration under which the provider is the binary that testscript has put on the search path.
func cliConfig(searchPath string) string {
	bin := ""

	for _, dir := range filepath.SplitList(searchPath) {
		if _, err := os.Stat(filepath.Join(dir, providerBinary)); err == nil {
			bin = dir

			break
		}
	}

	return fmt.Sprintf("provider_installation {\n dev_overrides {\n  %q = %q\n }\n direct {}\n}\n", providerSource, bin)
}

func providerBlock(url, project string) string {
	return fmt.Sprintf(`terraform {
  required_providers {
    modelarts = {
      source = %q
    }
  }
}

provider "modelarts" {
  region     = %q
  project_id = %q
  access_key = %q
  secret_key = %q

  max_retries = 1
  endpoints = {
    modelarts = %q
    iam       = %q
  }
}
`, providerSource, simulator.DefaultRegion, project, simulator.DefaultAccessKey, simulator.DefaultSecretKey, url, url)
}
