// Command demo shows the provider at work: a real Terraform CLI reinstalls a small fleet in a simulated cloud. `make demo`
// runs it. It contacts nothing but the simulator on the loopback interface, and removes what it has created.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// envCLI is the environment variable that holds the path of the Terraform CLI.
const envCLI = "MODELARTS_DEMO_TERRAFORM"

// exitInterrupted is the exit code of a demo that was ended from outside.
const exitInterrupted = 130

func main() {
	os.Exit(realMain(simulator.Durations{
		Start:     2 * time.Second,
		Stop:      3 * time.Second,
		Reinstall: 20 * time.Second,
	}))
}

// realMain runs the demo on the terminal with the given durations, and returns the exit code.
func realMain(durations simulator.Durations) int {
	// A closed pipe counts as an end from outside too: what was started has to be ended, and removed, as well.
	ctx, stop := signal.NotifyContext(
		context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	defer stop()

	out := newScreen(os.Stdout, isTerminal(os.Stdout))

	err := run(ctx, out, options{cli: os.Getenv(envCLI), durations: durations})

	var verdict *verdictError

	switch {
	case ctx.Err() != nil:
		fmt.Println("The demo has ended early. What it had started and created is gone.")

		return exitInterrupted
	case errors.As(err, &verdict):
		return 1 // It has said so itself.
	case err != nil:
		fmt.Fprintln(os.Stderr, "The demo failed:", err)

		return 1
	default:
		return 0
	}
}

// isTerminal reports whether file is a terminal, which shows colours.
func isTerminal(file *os.File) bool {
	if os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}

	info, err := file.Stat()

	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
