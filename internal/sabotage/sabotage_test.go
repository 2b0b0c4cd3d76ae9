// Package sabotage_test breaks the provider in small ways, one at a time, and runs the tests on each: a breakage that no test
// notices is a hole in the suite. The source stays as it is: `go test -overlay` compiles a broken copy of a file in its place.
package sabotage_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// envSabotage is the environment variable with a regular expression for the names of the breakages to try. Without it, the
// tests check only that every breakage fits the source.
const envSabotage = "MODELARTS_TEST_SABOTAGE"

// breakage is a small change that must not go unnoticed.
type breakage struct {
	name  string
	edits []edit
	tests testRun
}

// edit replaces a text in a file, in which it occurs once.
type edit struct{ file, before, after string }

// testRun names the tests that have to notice a breakage.
type testRun struct{ pkg, pattern string }

// Every breakage fits the source as it is now.
func TestBreakagesApply(t *testing.T) {
	t.Parallel()

	for _, b := range breakages {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			b.overlay(t)
		})
	}
}

// Every test and script that has to notice a breakage exists: `go test` passes where a pattern matches nothing.
func TestNamedTestsExist(t *testing.T) {
	t.Parallel()

	for _, b := range breakages {
		top, scripts, _ := strings.Cut(b.tests.pattern, "/")
		names := b.tests.names(t)

		for part := range strings.SplitSeq(top, "|") {
			if !slices.ContainsFunc(names, regexp.MustCompile(part).MatchString) {
				t.Errorf("%s: %s has no test that matches %q", b.name, b.tests.pkg, part)
			}
		}

		if scripts == "" {
			continue
		}

		for script := range strings.SplitSeq(strings.TrimSuffix(strings.TrimPrefix(scripts, "^("), ")$"), "|") {
			file := filepath.Join("..", "..", b.tests.pkg, "testdata", "script", script+".txtar")
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s: %v", b.name, err)
			}
		}
	}
}

// testFunction finds the names of the tests in a file.
var testFunction = regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)

// names returns the names of the tests of the package.
func (r testRun) names(t *testing.T) []string {
	t.Helper()

	files, err := filepath.Glob(filepath.Join("..", "..", r.pkg, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}

	var names []string

	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}

		for _, match := range testFunction.FindAllSubmatch(content, -1) {
			names = append(names, string(match[1]))
		}
	}

	return names
}

// The tests notice every breakage. First, they have to pass without any: a test that fails anyway would seem to catch all.
func TestSabotage(t *testing.T) { //nolint:paralleltest // each run of the tests uses all processors
	only := os.Getenv(envSabotage)
	if only == "" {
		t.Skipf("takes many minutes: set %s to a regular expression, such as . for all", envSabotage)
	}

	wanted, err := regexp.Compile(only)
	if err != nil {
		t.Fatal(err)
	}

	passes := map[testRun]bool{}

	for _, b := range breakages { //nolint:paralleltest // each run of the tests uses all processors
		if !wanted.MatchString(b.name) {
			continue
		}

		t.Run(b.name, func(t *testing.T) {
			if _, tried := passes[b.tests]; !tried {
				passes[b.tests] = b.tests.run(t, "") == ""
			}

			if !passes[b.tests] {
				t.Fatalf("without a breakage, %s fails in %s", b.tests.pattern, b.tests.pkg)
			}

			failed := b.tests.run(t, b.overlay(t))
			if failed == "" {
				t.Fatal("no test has noticed it")
			}

			t.Logf("caught by %s", failed)
		})
	}

	if len(passes) == 0 {
		t.Errorf("no breakage matches %s=%s", envSabotage, only)
	}
}

// overlay writes broken copies of the files, and returns the file that makes the go command use them.
func (b *breakage) overlay(t *testing.T) string {
	t.Helper()

	dir := t.TempDir()
	broken := map[string]string{}
	replace := map[string]string{}

	for i, e := range b.edits {
		path, err := filepath.Abs(filepath.Join("..", "..", e.file))
		if err != nil {
			t.Fatal(err)
		}

		if broken[path] == "" {
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}

			broken[path] = string(content)
		}

		if count := strings.Count(broken[path], e.before); count != 1 {
			t.Fatalf("%s has %d times %q, want it once", e.file, count, e.before)
		}

		broken[path] = strings.Replace(broken[path], e.before, e.after, 1)
		replace[path] = filepath.Join(dir, strings.Repeat("x", i+1)+".go")

		if err := os.WriteFile(replace[path], []byte(broken[path]), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	content, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}

	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}

	return file
}

// failedTest finds the names of the tests that failed in what `go test` prints.
var failedTest = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

// run runs the tests with an overlay, if there is one, and returns the last test that fails; empty if none does.
func (r testRun) run(t *testing.T, overlay string) (failed string) {
	t.Helper()

	command := exec.CommandContext(t.Context(), "go", "test", "-overlay="+overlay, "-count=1", "-parallel=8", "-timeout=20m",
		"-run", r.pattern, r.pkg)
	command.Dir = filepath.Join("..", "..")
	command.Env = append(os.Environ(), "MODELARTS_SCHEDULES=1000", "MODELARTS_TEST_REQUIRE_CLI=1")

	out, err := command.CombinedOutput()
	if err == nil {
		return ""
	}

	if _, ok := errors.AsType[*exec.ExitError](err); !ok {
		t.Fatal(err)
	}

	names := failedTest.FindAllStringSubmatch(string(out), -1)
	if len(names) == 0 {
		t.Fatalf("go test fails, but no test does: %v\n%s", err, out)
	}

	return names[len(names)-1][1]
}
