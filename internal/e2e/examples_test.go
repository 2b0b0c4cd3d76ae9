package e2e_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const examples = "../../examples"

// exampleFolders are the files in which tfplugindocs expects the example of a type, by the key of the types' schemas in the
// JSON of `providers schema`.
var exampleFolders = map[string]string{
	"resource_schemas":           "resources/%s/resource.tf",
	"data_source_schemas":        "data-sources/%s/data-source.tf",
	"ephemeral_resource_schemas": "ephemeral-resources/%s/ephemeral-resource.tf",
	"list_resource_schemas":      "list-resources/%s/list-resource.tf",
	"action_schemas":             "actions/%s/action.tf",
}

// TestExamples checks that every type of the provider has an example, and that every example is valid.
func TestExamples(t *testing.T) {
	t.Parallel()

	cli := requireCLI(t)

	t.Run("for every type", func(t *testing.T) {
		t.Parallel()

		out := runCLI(t, cli, filepath.Join(examples, "provider"), "providers", "schema", "-json")

		var schemas struct {
			Providers map[string]map[string]json.RawMessage `json:"provider_schemas"`
		}

		if err := json.Unmarshal([]byte(out), &schemas); err != nil {
			t.Fatal(err)
		}

		found := 0

		for _, kinds := range schemas.Providers {
			for kind, pattern := range exampleFolders {
				var types map[string]json.RawMessage
				if raw := kinds[kind]; raw != nil {
					if err := json.Unmarshal(raw, &types); err != nil {
						t.Fatal(err)
					}
				}

				for name := range types {
					found++

					if _, err := os.Stat(filepath.Join(examples, fmt.Sprintf(pattern, name))); err != nil {
						t.Errorf("%s has no example: %v", name, err)
					}
				}
			}
		}

		if found == 0 {
			t.Error("the provider has no types")
		}
	})

	folders := map[string]struct{}{}

	err := filepath.WalkDir(examples, func(path string, _ os.DirEntry, err error) error {
		if strings.HasSuffix(path, ".tf") {
			folders[filepath.Dir(path)] = struct{}{}
		}

		return err
	})
	if err != nil {
		t.Fatal(err)
	}

	for folder := range folders {
		t.Run(strings.TrimPrefix(folder, examples+"/"), func(t *testing.T) {
			t.Parallel()
			runCLI(t, cli, folder, "validate", "-no-color")
		})
	}
}

// runCLI runs the CLI in a copy of a folder, and returns its output.
func runCLI(t *testing.T, cli, folder string, args ...string) string {
	t.Helper()

	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}

	config := filepath.Join(t.TempDir(), "cli.tfrc")
	if err := os.WriteFile(config, []byte(cliConfig(os.Getenv("PATH"))), 0o600); err != nil {
		t.Fatal(err)
	}

	run := exec.CommandContext(t.Context(), cli, args...)
	run.Dir = dir
	run.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+config, "CHECKPOINT_DISABLE=1")

	out, err := run.CombinedOutput()
	if err != nil {
		t.Fatalf("%s in %s: %v\n%s", strings.Join(args, " "), folder, err, out)
	}

	return string(out)
}
