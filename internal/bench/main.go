// Command bench measures what the provider costs, against the simulator: requests by kind, and time and memory as ratios to
// a provider that has the same schemas and does nothing. `make bench` runs it. It contacts nothing but the simulator on the
// loopback interface, and removes what it has created.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
)

// envCLI is the environment variable that holds the path of the Terraform CLI.
const envCLI = "MODELARTS_BENCH_TERRAFORM"

// exitInterrupted is the exit code of a benchmark that was ended from outside.
const exitInterrupted = 130

func main() {
	opts := options{terraform: os.Getenv(envCLI)}

	sizes := flag.String("sizes", "1,100,300,1000", "fleets to plan, numbers of servers")
	requests := flag.String("requests", "1,3,10,30,100,300,1000", "fleets whose requests are counted, numbers of servers; empty: none")
	waves := flag.String("rebuild", "200:10,200:50,200:50:10",
		"fleets to rebuild, as servers:parallelism or servers:parallelism:max_concurrent_reinstalls; empty: none")

	flag.IntVar(&opts.repeats, "repeats", 3, "plans of each fleet with each provider, of which the median time counts")
	flag.IntVar(&opts.changed, "changed", 10, "servers of the largest fleet that change before its last plan")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	err := opts.parse(*sizes, *requests, *waves)
	if err == nil {
		err = run(ctx, os.Stdout, opts)
	}

	code := 0

	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "The benchmark has ended early. What it had started and created is gone.")

		code = exitInterrupted
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)

		code = 1
	}

	stop()
	os.Exit(code)
}

// options are the parameters of a benchmark.
type options struct {
	terraform string // path of the CLI
	temporary string // directory for all that is created; empty: the usual one
	repeats   int
	changed   int
	sizes     []int
	counted   []int
	waves     []wave
}

// wave is one way to rebuild a fleet.
type wave struct {
	servers, parallelism int
	atATime              int // max_concurrent_reinstalls; 0: not set
}

func (o *options) parse(sizes, requests, waves string) error {
	if o.terraform == "" {
		return fmt.Errorf("%s is not set to the path of a Terraform CLI; `make bench` does that", envCLI)
	}

	if o.repeats < 1 || o.changed < 0 {
		return errors.New("-repeats and -changed take positive numbers")
	}

	var err, alsoErr error

	o.sizes, err = numbers(sizes, ",")
	o.counted, alsoErr = numbers(requests, ",")

	if err := errors.Join(err, alsoErr); err != nil {
		return err
	}

	for _, text := range split(waves, ",") {
		parts, err := numbers(text, ":")
		if err != nil || len(parts) < 2 || len(parts) > 3 {
			return fmt.Errorf("-rebuild: %q is not servers:parallelism or servers:parallelism:max_concurrent_reinstalls", text)
		}

		o.waves = append(o.waves, wave{parts[0], parts[1], append(parts, 0)[2]})
	}

	if o.largest() < max(1, o.changed) {
		return fmt.Errorf("the largest fleet of -sizes has fewer than the %d servers that change", o.changed)
	}

	return nil
}

// largest is the size of the largest fleet that is planned.
func (o *options) largest() int {
	largest := 0
	for _, size := range o.sizes {
		largest = max(largest, size)
	}

	return largest
}

// servers returns the number of servers that the benchmark requires.
func (o *options) servers() int {
	n := o.largest()
	for _, size := range o.counted {
		n = max(n, size)
	}

	for _, w := range o.waves {
		n = max(n, w.servers)
	}

	return n
}

// split is strings.Split, but nothing has no parts.
func split(text, separator string) []string {
	if text == "" {
		return nil
	}

	return strings.Split(text, separator)
}

// numbers are positive numbers.
func numbers(text, separator string) ([]int, error) {
	parts := split(text, separator)
	list := make([]int, len(parts))

	for i, part := range parts {
		n, err := strconv.Atoi(part)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is not a positive number", part)
		}

		list[i] = n
	}

	return list, nil
}
