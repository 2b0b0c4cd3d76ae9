//go:build unix

package e2e_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// processCommands are the commands about processes and signals.
func processCommands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"begin":     plain(cmdBegin),
		"signal":    plain(cmdSignal),
		"end":       plain(cmdEnd),
		"providers": plain(cmdProviders),
		"prints":    plain(cmdPrints),
		"hit":       plain(cmdHit),
		"restore":   plain(cmdRestore),
	}
}

// signals are the signals that a script can send.
var signals = map[string]syscall.Signal{
	"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL, "STOP": syscall.SIGSTOP, "CONT": syscall.SIGCONT,
}

// cmdBegin starts a program in a process group of its own, as a shell does: begin [NAME=VALUE ...] PROGRAM ARGS. $CLI is the
// CLI.
func cmdBegin(ts *testscript.TestScript, w *world, args []string) {
	if w.lifelines == nil {
		lifelines, err := listenForProviders(contextOfProcess())
		ts.Check(err)
		ts.Defer(lifelines.close)

		w.lifelines = lifelines
	}

	var variables []string
	for ; strings.Contains(args[0], "="); args = args[1:] {
		variables = append(variables, args[0])
	}

	program, err := lookPath(args[0], ts.Getenv("PATH"))
	ts.Check(err)

	b := &begun{output: ts.MkAbs("begun.txt"), done: make(chan struct{})}
	output, err := os.Create(b.output)
	ts.Check(err)

	b.cmd = exec.CommandContext(contextOfProcess(), program, args[1:]...)
	b.cmd.Dir, b.cmd.Stdout, b.cmd.Stderr = ts.MkAbs("."), output, output
	b.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}

	for _, name := range w.names {
		b.cmd.Env = append(b.cmd.Env, name+"="+ts.Getenv(name))
	}

	b.cmd.Env = append(append(b.cmd.Env, variables...), envLifeline+"="+w.lifelines.addr)
	ts.Check(b.cmd.Start())

	go func() {
		defer close(b.done)

		b.err = b.cmd.Wait()
		_ = output.Close()
	}()

	ts.Defer(func() { b.signal(syscall.SIGKILL, true); <-b.done })

	w.begun = b
}

// lookPath is [exec.LookPath] with another search path.
func lookPath(program, searchPath string) (string, error) {
	if filepath.IsAbs(program) {
		return program, nil
	}

	for _, dir := range filepath.SplitList(searchPath) {
		if path, err := exec.LookPath(filepath.Join(dir, program)); err == nil {
			return path, nil
		}
	}

	return "", exec.ErrNotFound
}

// signal sends a signal to the program, or to its group. It does nothing once the program has exited.
func (b *begun) signal(signal syscall.Signal, group bool) {
	if b.ended() {
		return
	}

	pid := b.cmd.Process.Pid
	if group {
		pid = -pid
	}

	_ = syscall.Kill(pid, signal)
}

// cmdSignal sends a signal to the program that was begun, to its whole process group, or to the providers alone: signal
// INT|TERM|KILL|STOP|CONT program|group|provider.
func cmdSignal(ts *testscript.TestScript, w *world, args []string) {
	signal, ok := signals[args[0]]
	if !ok {
		ts.Fatalf("no such signal: %s", args[0])
	}

	switch args[1] {
	case "program", "group":
		if w.begun.ended() {
			ts.Fatalf("%s has already exited: %v", w.begun.cmd, w.begun.err)
		}

		w.begun.signal(signal, args[1] == "group")
	case "provider":
		if w.lifelines.signal(signal) == 0 {
			ts.Fatalf("there is no provider")
		}
	default:
		ts.Fatalf("no such process: %s", args[1])
	}
}

// cmdEnd waits until the program that was begun has exited, and expects one of several exit codes: end CODE ... The code of
// a program that was killed is -1. The command says then sees what the program has printed.
func cmdEnd(ts *testscript.TestScript, w *world, codes []string) {
	b := w.begun
	if !eventually(b.ended) {
		ts.Fatalf("%s has not exited", b.cmd)
	}

	ts.Check(ts.Exec("cat", b.output))

	if code := strconv.Itoa(b.cmd.ProcessState.ExitCode()); !slices.Contains(codes, code) {
		ts.Fatalf("exit code %s, want one of %s", code, codes)
	}
}

// cmdProviders waits until N of the providers are alive that the programs of begin have started: providers N.
func cmdProviders(ts *testscript.TestScript, w *world, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)

	if !eventually(func() bool { return w.lifelines.providers() == want }) {
		ts.Fatalf("%d providers are alive, want %d", w.lifelines.providers(), want)
	}
}

// cmdPrints waits until the program that was begun has printed a text: prints TEXT.
func cmdPrints(ts *testscript.TestScript, w *world, args []string) {
	printed := func() bool {
		text, err := os.ReadFile(w.begun.output)
		ts.Check(err)

		return strings.Contains(string(text), args[0])
	}

	if !eventually(func() bool { return printed() || w.begun.ended() }) || !printed() {
		ts.Fatalf("%s has not printed %q", w.begun.cmd, args[0])
	}
}

// cmdHit waits until a fault has acted on a request: hit NAME.
func cmdHit(ts *testscript.TestScript, w *world, args []string) {
	if !eventually(func() bool { return w.cloud.FaultsHit()[args[0]] > 0 }) {
		ts.Fatalf("%s has not acted", args[0])
	}
}

// cmdRestore replaces a truncated state by a backup, if the state is truncated: restore FILE. A CLI that is interrupted twice
// exits at once, even while it writes the state, and people go on from the backup then.
func cmdRestore(ts *testscript.TestScript, _ *world, args []string) {
	state := ts.MkAbs("terraform.tfstate")

	if text, err := os.ReadFile(state); err == nil && json.Valid(text) {
		return
	}

	backup, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(os.WriteFile(state, backup, 0o600))
}
