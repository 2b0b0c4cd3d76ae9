package e2e_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdTerraform runs the CLI and expects an exit code: tf CODE ARGS.
func cmdTerraform(ts *testscript.TestScript, w *world, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)

	if got := w.run(ts, args[1:]); got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// run runs the CLI and returns its exit code.
func (w *world) run(ts *testscript.TestScript, args []string) int {
	err := w.exec(ts, args...)

	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}

	ts.Check(err)

	return 0
}

// mostRuns limits how often a run is repeated whose timeout has expired too early.
const mostRuns = 20

// cmdSends runs the CLI as tf does, and repeats that until N reinstall requests have been sent for each server that is
// named: sends NAME=N ... CODE ARGS. On a slow machine, a timeout that is meant to expire during a reinstall expires before
// it. Such a run has sent nothing to a stopped server, so only the last run is judged.
func cmdSends(ts *testscript.TestScript, w *world, args []string) {
	first := slices.IndexFunc(args, func(arg string) bool { return !strings.Contains(arg, "=") })
	want, err := strconv.Atoi(args[first])
	ts.Check(err)

	for range mostRuns {
		code := w.run(ts, args[first+1:])

		if !w.haveSent(ts, args[:first]) {
			cmdSays(ts, false, []string{"The configured timeout expired"})

			continue
		}

		if code != want {
			ts.Fatalf("exit code %d, want %d", code, want)
		}

		return
	}

	ts.Fatalf("%d runs have not sent %v", mostRuns, args[:first])
}

// haveSent reports whether at least N reinstall requests have been sent for each NAME=N.
func (w *world) haveSent(ts *testscript.TestScript, wants []string) bool {
	for _, want := range wants {
		name, value, _ := strings.Cut(want, "=")
		number, err := strconv.Atoi(value)
		ts.Check(err)

		if w.cloud.ReinstallPosts(w.ids[name]) < number {
			return false
		}
	}

	return true
}

// said returns all that the last run of the CLI has printed, on one line and without frames, so that scripts do not depend on
// how the CLI wraps its text.
func said(ts *testscript.TestScript) string {
	printed := ts.ReadFile("stdout") + "\n" + ts.ReadFile("stderr")

	return strings.Join(strings.Fields(strings.NewReplacer("│", " ", "╷", " ", "╵", " ").Replace(printed)), " ")
}

// cmdSays looks for a pattern in what the CLI has printed: says PATTERN. Negated, it makes sure that there is no match.
func cmdSays(ts *testscript.TestScript, neg bool, args []string) {
	pattern := regexp.MustCompile(args[0])

	if neg {
		if found := pattern.FindString(said(ts)); found != "" {
			ts.Fatalf("unexpected match for %q: %s", args[0], found)
		}

		return
	}

	if text := said(ts); !pattern.MatchString(text) {
		ts.Fatalf("no match for %q in: %s", args[0], text)
	}
}

// cmdReplace replaces a text in a file: replace FILE OLD NEW. It fails if the text is not there.
func cmdReplace(ts *testscript.TestScript, _ *world, args []string) {
	path := ts.MkAbs(args[0])
	before, err := os.ReadFile(path)
	ts.Check(err)

	after := strings.ReplaceAll(string(before), args[1], args[2])
	if after == string(before) {
		ts.Fatalf("%s has no %q", filepath.Base(path), args[1])
	}

	ts.Check(os.WriteFile(path, []byte(after), 0o600))
}
