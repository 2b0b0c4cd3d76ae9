// Command sabotage breaks the provider in small ways, one at a time, in a copy of the source, and runs the tests on each:
// a breakage that no test notices is a hole in the suite. It ends with status 1 if one survives, or if the tests fail
// without any.
//
// Usage: sabotage [-run REGEXP]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func main() {
	only := flag.String("run", "", "apply only the breakages whose name matches this regular expression")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	if err := run(ctx, *only); err != nil {
		fmt.Fprintln(os.Stderr, err)
		stop()
		os.Exit(1)
	}
}

// run applies the breakages whose names match only.
func run(ctx context.Context, only string) error {
	wanted, err := regexp.Compile(only)
	if err != nil {
		return fmt.Errorf("-run: %w", err)
	}

	chosen := slices.DeleteFunc(slices.Clone(breakages), func(b breakage) bool { return !wanted.MatchString(b.name) })

	source, err := os.MkdirTemp("", "sabotage")
	if err != nil {
		return fmt.Errorf("copy the source: %w", err)
	}
	defer os.RemoveAll(source) //nolint:errcheck // a temporary folder

	if err := copySource(ctx, source); err != nil {
		return err
	}

	if err := control(ctx, source, chosen); err != nil {
		return err
	}

	caught, survived := 0, 0

	for _, b := range chosen {
		verdict, err := b.try(ctx, source)
		if err != nil {
			return fmt.Errorf("%s: %w", b.name, err)
		}

		if verdict == "" {
			survived++
			verdict = "SURVIVED"
		} else {
			caught++
		}

		fmt.Printf("%-60s %s\n", b.name, verdict)
	}

	fmt.Printf("\n%d breakages, %d caught, %d survived\n", caught+survived, caught, survived)

	if survived > 0 {
		return errors.New("the tests have a hole")
	}

	return nil
}

// control runs the tests of all breakages on the source as it is: a test that fails there would seem to catch any.
func control(ctx context.Context, source string, breakages []breakage) error {
	done := map[testRun]bool{}

	for _, b := range breakages {
		if done[b.tests] {
			continue
		}

		done[b.tests] = true

		failed, err := b.tests.run(ctx, source)
		if err != nil {
			return fmt.Errorf("without a breakage: %w", err)
		}

		if failed != "" {
			return fmt.Errorf("without a breakage, %s fails in %s", failed, b.tests.pkg)
		}

		fmt.Printf("%-60s %s\n", "no breakage: "+b.tests.pkg+" "+b.tests.pattern, "passes")
	}

	return nil
}

// breakage is a small change that must not go unnoticed.
type breakage struct {
	name  string
	edits []edit
	tests testRun
}

// edit replaces a text in a file; the text stands there once.
type edit struct{ file, before, after string }

// testRun is what is to notice a breakage.
type testRun struct{ pkg, pattern string }

// apply makes the edits in source, and returns what undoes them.
func (b *breakage) apply(source string) (undo func() error, err error) {
	originals := map[string][]byte{}
	undo = func() error {
		for path, content := range originals {
			if err := os.WriteFile(path, content, 0o600); err != nil {
				return fmt.Errorf("undo: %w", err)
			}
		}

		return nil
	}

	for _, e := range b.edits {
		path := filepath.Join(source, e.file)

		content, err := os.ReadFile(path)
		if err != nil {
			return undo, fmt.Errorf("apply: %w", err)
		}

		if count := strings.Count(string(content), e.before); count != 1 {
			return undo, fmt.Errorf("%s has %d times %q, want it once", e.file, count, e.before)
		}

		if originals[path] == nil {
			originals[path] = content
		}

		broken := strings.Replace(string(content), e.before, e.after, 1)
		if err := os.WriteFile(path, []byte(broken), 0o600); err != nil {
			return undo, fmt.Errorf("apply: %w", err)
		}
	}

	return undo, nil
}

// failedTest finds the names of the tests that failed in what `go test` prints.
var failedTest = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

// try applies the breakage, runs the tests, and returns the test that has noticed it, empty if none has.
func (b *breakage) try(ctx context.Context, source string) (verdict string, err error) {
	undo, err := b.apply(source)
	defer func() { err = errors.Join(err, undo()) }()

	if err != nil {
		return "", err
	}

	build := exec.CommandContext(ctx, "go", "vet", b.tests.pkg)
	build.Dir = source

	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("it does not compile: %w\n%s", err, out)
	}

	failed, err := b.tests.run(ctx, source)
	if err != nil || failed == "" {
		return "", err
	}

	return "caught by " + failed, nil
}

// run runs the tests, and returns the last one that fails, empty if none does.
func (r testRun) run(ctx context.Context, source string) (failed string, err error) {
	test := exec.CommandContext(ctx, "go", "test", "-count=1", "-parallel=8", "-timeout=20m", "-run", r.pattern, r.pkg)
	test.Dir = source
	test.Env = append(os.Environ(), "MODELARTS_SCHEDULES=1000", "MODELARTS_TEST_REQUIRE_CLI=1")

	out, err := test.CombinedOutput()
	if err == nil {
		return "", nil
	}

	if ctx.Err() != nil {
		return "", fmt.Errorf("go test: %w", ctx.Err())
	}

	names := failedTest.FindAllStringSubmatch(string(out), -1)
	if len(names) == 0 {
		return "", fmt.Errorf("go test failed, but no test did: %w\n%s", err, out)
	}

	return names[len(names)-1][1], nil
}

// copySource copies what git tracks, and what it does not ignore, into a folder.
func copySource(ctx context.Context, dir string) error {
	list := exec.CommandContext(ctx, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")

	out, err := list.Output()
	if err != nil {
		return fmt.Errorf("git ls-files: %w", err)
	}

	for name := range strings.SplitSeq(strings.TrimRight(string(out), "\x00"), "\x00") {
		content, err := os.ReadFile(name)
		if errors.Is(err, os.ErrNotExist) {
			continue // deleted, and not committed yet
		}

		target := filepath.Join(dir, name)

		err = errors.Join(err, os.MkdirAll(filepath.Dir(target), 0o700), os.WriteFile(target, content, 0o600))
		if err != nil {
			return fmt.Errorf("copy the source: %w", err)
		}
	}

	return nil
}
