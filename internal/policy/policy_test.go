// Package policy_test runs the gates of examples/policy, a Rego policy and a jq program, over the JSON of plans.
package policy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The environment variables that make sets.
const (
	envOPA     = "MODELARTS_TEST_OPA"
	envGojq    = "MODELARTS_TEST_GOJQ"
	envRequire = "MODELARTS_TEST_REQUIRE_CLI" // not empty: fail without a tool, instead of skipping
)

const folder = "../../examples/policy"

// TestMain reads the gates, which other programs run: only then does Go see that a result it has kept is out of date.
func TestMain(m *testing.M) {
	err := fs.WalkDir(os.DirFS(folder), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}

		_, err = os.ReadFile(filepath.Join(folder, path))

		return err
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}

	os.Exit(m.Run())
}

// tool returns the path of a program that make has built.
func tool(t *testing.T, env string) string {
	t.Helper()

	path := os.Getenv(env)
	if path != "" {
		return path
	}

	reason := "no OPA or gojq: `make test` builds both, or set " + env + " to the path of one"
	if os.Getenv(envRequire) != "" {
		t.Fatal(reason)
	}

	t.Skip(reason)

	return ""
}

// gate is a way to check a plan.
type gate struct {
	name string
	// check reports whether a plan passes under the files of rules, and what is printed.
	check func(t *testing.T, plan string, rules ...string) (bool, string)
}

// gates returns the policy under OPA, and the jq program under gojq, and under jq where that is installed.
func gates(t *testing.T) []gate {
	t.Helper()

	opa, gojq := tool(t, envOPA), tool(t, envGojq)
	all := []gate{{"rego", checkWithOPA(opa)}, {"gojq", checkWithJq(gojq)}}

	if jq, err := exec.LookPath("jq"); err == nil {
		all = append(all, gate{"jq", checkWithJq(jq)})
	}

	return all
}

func checkWithOPA(opa string) func(*testing.T, string, ...string) (bool, string) {
	return func(t *testing.T, plan string, rules ...string) (bool, string) {
		t.Helper()

		args := []string{"eval", "--format=raw", "--input=" + plan, "--data=" + filepath.Join(folder, "erases.rego")}
		for _, file := range rules {
			args = append(args, "--data="+file)
		}

		ran, printed := succeeds(t, opa, append(args, `{"allow": [true | data.main.allow], "deny": data.main.deny}`)...)
		if !ran {
			return false, printed
		}

		var verdict struct {
			Allow []bool   `json:"allow"`
			Deny  []string `json:"deny"`
		}

		if err := json.Unmarshal([]byte(printed), &verdict); err != nil {
			t.Fatalf("%v: %s", err, printed)
		}

		if (len(verdict.Allow) == 0) == (len(verdict.Deny) == 0) {
			t.Errorf("allowed and denied, or neither: %s", printed)
		}

		return len(verdict.Allow) > 0, strings.Join(verdict.Deny, "\n")
	}
}

func checkWithJq(jq string) func(*testing.T, string, ...string) (bool, string) {
	return func(t *testing.T, plan string, rules ...string) (bool, string) {
		t.Helper()

		args := []string{"-n", "-r", "-f", filepath.Join(folder, "erases.jq")}
		for _, file := range rules {
			args = append(args, "--slurpfile", "rules", file)
		}

		return succeeds(t, jq, append(args, plan)...)
	}
}

// succeeds reports whether a program exits with 0, and returns what it has printed.
func succeeds(t *testing.T, program string, args ...string) (bool, string) {
	t.Helper()

	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || !exit.Exited()) {
		t.Fatalf("%s: %v", program, err)
	}

	return err == nil, string(out)
}

// document is a JSON object.
type document = map[string]any

// planOf returns the plan of the fixture with the changes of the servers that are named, and of everything that is no server.
func planOf(t *testing.T, servers ...string) document {
	t.Helper()

	text, err := os.ReadFile(filepath.Join("testdata", "plan.json"))
	if err != nil {
		t.Fatal(err)
	}

	var plan document
	if err := json.Unmarshal(text, &plan); err != nil {
		t.Fatal(err)
	}

	found := 0
	changes, _ := plan["resource_changes"].([]any)

	plan["resource_changes"] = slices.DeleteFunc(changes, func(change any) bool {
		resource, _ := change.(document)
		if resource["type"] != "modelarts_devserver_os_reinstall" {
			return false
		}

		index, _ := resource["index"].(string)
		if slices.Contains(servers, index) {
			found++

			return false
		}

		return true
	})

	if found != len(servers) {
		t.Fatalf("the fixture has %d of %v", found, servers)
	}

	return plan
}

// at returns what is at a path in a JSON value.
func at(t *testing.T, value any, path ...any) any {
	t.Helper()

	for _, step := range path {
		switch step := step.(type) {
		case int:
			list, _ := value.([]any)
			value = list[step]
		case string:
			object, _ := value.(document)
			value = object[step]
		default:
			t.Fatalf("no step of a path: %v", step)
		}
	}

	return value
}

// object returns the object at a path in a JSON value.
func object(t *testing.T, value any, path ...any) document {
	t.Helper()

	found, ok := at(t, value, path...).(document)
	if !ok {
		t.Fatalf("no object at %v", path)
	}

	return found
}

// write writes a JSON value, or a text as it is, to a file of its own and returns the path.
func write(t *testing.T, value any) string {
	t.Helper()

	text, ok := value.(string)
	if !ok {
		var buffer bytes.Buffer
		if err := json.NewEncoder(&buffer).Encode(value); err != nil {
			t.Fatal(err)
		}

		text = buffer.String()
	}

	path := filepath.Join(t.TempDir(), "document.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}

	return path
}

// expect checks a plan with every gate. No want: it passes. Otherwise it is denied, with each of these texts.
func expect(t *testing.T, plan, rules any, want ...string) {
	t.Helper()

	planFile, rulesFile := write(t, plan), write(t, rules)

	for _, gate := range gates(t) {
		passes, printed := gate.check(t, planFile, rulesFile)
		if passes != (len(want) == 0) {
			t.Errorf("%s: passes: %v\n%s", gate.name, passes, printed)
		}

		for _, text := range want {
			if !strings.Contains(printed, text) {
				t.Errorf("%s: no %q in\n%s", gate.name, text, printed)
			}
		}
	}
}

// rules returns a file of rules that permits two erasures on a Saturday, changed by pairs of a name and a value.
func rules(pairs ...any) document {
	return document{"erasure_rules": set(document{"max_erasures": 2, "today": "2026-11-28"}, pairs...)}
}

// set sets keys of an object, by pairs of a key and a value, and returns the object.
func set(object document, pairs ...any) document {
	for pair := range slices.Chunk(pairs, 2) {
		object[fmt.Sprint(pair[0])] = pair[1]
	}

	return object
}
