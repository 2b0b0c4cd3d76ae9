package workspace

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// endTime limits the time that a child takes to end once it was asked to. The provider reads the servers one last time then.
const endTime = 30 * time.Second

// Runner starts programs.
type Runner struct {
	// Ending, if set, is called when a program that is still at work is asked to end, with its name and first argument.
	Ending func(program string)
}

// Command is a command that is asked to end when ctx ends, and killed if that takes more than 30 seconds. Run it with
// [Finish].
func (r Runner) Command(ctx context.Context, dir string, env []string, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, env
	cmd.Cancel = func() error {
		if r.Ending != nil {
			r.Ending(program(cmd))
		}

		return interrupt(cmd)
	}
	cmd.WaitDelay = endTime
	separate(cmd)

	return cmd
}

// program is a command in two words, such as "terraform plan".
func program(cmd *exec.Cmd) string {
	return strings.Join(append([]string{filepath.Base(cmd.Path)}, cmd.Args[1:min(2, len(cmd.Args))]...), " ")
}

// Finish runs a command to its end, and ends what an interrupted one has left behind. The error is that of
// [exec.Cmd.Run].
func Finish(ctx context.Context, cmd *exec.Cmd) error {
	err := cmd.Run()
	if ctx.Err() != nil && cmd.Process != nil {
		killRest(cmd)
	}

	return err //nolint:wrapcheck // the callers say what was run
}

// Output runs a command quietly and returns its standard output. All that it has printed is in the error.
func (r Runner) Output(ctx context.Context, dir string, env []string, name string, args ...string) (string, error) {
	var stdout, stderr strings.Builder

	cmd := r.Command(ctx, dir, env, name, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr

	if err := Finish(ctx, cmd); err != nil {
		return "", fmt.Errorf("%s: %w\n%s%s", program(cmd), err, stdout.String(), stderr.String())
	}

	return stdout.String(), nil
}
