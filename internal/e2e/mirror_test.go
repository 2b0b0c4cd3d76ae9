package e2e_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// mirrored is a configuration such as a new user may have: with a second provider and a module, both of which need init. The
// second provider is this one under another address.
const mirrored = `terraform {
  required_providers {
    modelarts = {
      source = "terraform-modelarts/modelarts"
    }
    other = {
      source = "example.com/acme/other"
    }
  }
}

provider "modelarts" {
  region     = %q
  project_id = %q
  access_key = %q
  secret_key = %q

  endpoints = {
    modelarts = %[5]q
    iam       = %[5]q
  }
}

module "trainer" {
  source = "./trainer"
  id     = %[6]q
}
`

const mirroredModule = `terraform {
  required_providers {
    modelarts = {
      source = "terraform-modelarts/modelarts"
    }
  }
}

variable "id" {
  type = string
}

resource "modelarts_devserver_os_reinstall" "this" {
  id            = var.id
  key_pair_name = "KeyPair-1"
}
`

// TestMirror checks that the mirror that make writes works with init, a second provider and a module.
func TestMirror(t *testing.T) {
	t.Parallel()

	cli := requireCLI(t)

	mirror := t.TempDir()
	command := exec.CommandContext(t.Context(), "make", "-C", "../..", "mirror", "MIRROR="+mirror, "MIRROR_VERSION=0.0.1")

	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("make mirror: %v\n%s", err, out)
	}

	cloud := simulator.New(simulator.Config{Durations: simulator.Durations{Reinstall: time.Second, Start: time.Second}})
	server := httptest.NewServer(cloud.Handler())
	t.Cleanup(server.Close)

	id := cloud.AddServer(simulator.Server{Status: simulator.StatusStopped}).ID
	dir := t.TempDir()

	config, err := os.ReadFile(filepath.Join(mirror, "mirror.tfrc"))
	if err != nil {
		t.Fatal(err)
	}

	writeTree(t, dir, map[string]string{
		"main.tf": fmt.Sprintf(mirrored, simulator.DefaultRegion, simulator.DefaultProjectID, simulator.DefaultAccessKey,
			simulator.DefaultSecretKey, server.URL, id),
		"trainer/main.tf": mirroredModule,
		"cli.tfrc":        withOther(t, mirror, string(config)),
	})

	run := func(args ...string) string {
		t.Helper()

		command := exec.CommandContext(t.Context(), cli, args...)
		command.Dir = dir
		command.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+filepath.Join(dir, "cli.tfrc"), "CHECKPOINT_DISABLE=1")

		out, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
		}

		t.Logf("%s:\n%s", strings.Join(args, " "), out)

		return string(out)
	}

	initialized := run("init", "-no-color")
	for _, installed := range []string{"terraform-modelarts/modelarts v0.0.1", "example.com/acme/other v0.0.1", "- trainer in trainer"} {
		if !strings.Contains(initialized, installed) {
			t.Errorf("init does not install %s", installed)
		}
	}

	run("plan", "-no-color", "-out=saved.plan")
	run("apply", "-no-color", "saved.plan")

	if posts, wipes := cloud.ReinstallPosts(id), len(cloud.WipesOf(id)); posts != 1 || wipes != 1 {
		t.Errorf("the cloud has counted %d requests and %d erased disks, want one of each", posts, wipes)
	}
}

// withOther adds a mirror of a second provider to a CLI configuration.
func withOther(t *testing.T, mirror, config string) string {
	t.Helper()

	other := t.TempDir()

	found, err := filepath.Glob(filepath.Join(mirror, "registry.terraform.io", "terraform-modelarts", "modelarts", "0.0.1", "*", "*"))
	if err != nil || len(found) != 1 {
		t.Fatalf("the mirror has %v (%v), want one build", found, err)
	}

	name := strings.Replace(filepath.Base(found[0]), "provider-modelarts", "provider-other", 1)
	target := filepath.Join(other, "example.com", "acme", "other", "0.0.1", filepath.Base(filepath.Dir(found[0])), name)

	if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
		t.Fatal(err)
	}

	if err := os.Link(found[0], target); err != nil {
		t.Fatal(err)
	}

	config = strings.Replace(config, "exclude = [", `exclude = ["example.com/acme/other", `, 1)

	return strings.Replace(config, "provider_installation {", fmt.Sprintf(
		"provider_installation {\n  filesystem_mirror {\n    path    = %q\n    include = [\"example.com/acme/other\"]\n  }\n", other), 1)
}

// writeTree writes files with their folders.
func writeTree(t *testing.T, dir string, files map[string]string) {
	t.Helper()

	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}

		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
