// Command devserver-simulator serves a simulated DevServer cloud on the loopback interface.
//
// It prints its URL on one line and exits on POST /_simulator/shutdown, on SIGINT or SIGTERM, after -max-lifetime, or, with
// -exit-with-stdin, when its standard input is closed. With -log, it logs requests and transitions to standard error.
//
// The URL serves ModelArts and IAM, and the control routes of [control.Handler] under /_simulator/.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator/control"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "devserver-simulator:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	listen        string
	scenario      string
	maxLifetime   time.Duration
	exitWithStdin bool
	log           bool
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("devserver-simulator", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.listen, "listen", "127.0.0.1:0", "loopback `address` to listen on; port 0 means a free one")
	flags.StringVar(&o.scenario, "scenario", "", "JSON `file` with servers, images, behavior, durations and faults; none: one stopped server")
	flags.DurationVar(&o.maxLifetime, "max-lifetime", 30*time.Minute, "exit after this `duration`; 0 means never")
	flags.BoolVar(&o.exitWithStdin, "exit-with-stdin", false, "exit when standard input is closed")
	flags.BoolVar(&o.log, "log", false, "log requests and transitions to standard error")
	if err := flags.Parse(args); err != nil {
		return o, fmt.Errorf("parsing the flags: %w", err)
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return o, nil
}

// run serves until ctx is done, or until there is another reason to exit.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	scenario, err := load(o.scenario)
	if err != nil {
		return err
	}
	if o.log {
		scenario.Log = stderr
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if o.maxLifetime > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.maxLifetime)
		defer cancel()
	}
	if o.exitWithStdin {
		go func() {
			_, _ = io.Copy(io.Discard, stdin)
			stop()
		}()
	}
	cloud := simulator.NewFromScenario(scenario)
	endpoint, err := serve(ctx, o.listen, cloud, stop)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(stdout, endpoint.URL); err != nil {
		_ = endpoint.Close()
		return fmt.Errorf("printing the URL: %w", err)
	}
	wait(ctx, cloud)
	return endpoint.Shutdown(context.WithoutCancel(ctx))
}

func load(file string) (simulator.Scenario, error) {
	if file == "" {
		return simulator.Scenario{Servers: []simulator.Server{{Status: simulator.StatusStopped}}}, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return simulator.Scenario{}, fmt.Errorf("reading the scenario: %w", err)
	}
	return simulator.ParseScenario(data)
}

func serve(ctx context.Context, address string, cloud *simulator.Cloud, shutdown func()) (*simulator.Endpoint, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("the address to listen on: %w", err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("%s is not a loopback address", address)
	}
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	control, api := control.Handler(cloud, shutdown), cloud.Handler()
	return simulator.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if strings.HasPrefix(req.URL.Path, "/_simulator/") {
			control.ServeHTTP(w, req)
			return
		}
		api.ServeHTTP(w, req)
	}))
}

// wait waits until the context is done, and has transitions logged when they happen.
func wait(ctx context.Context, cloud *simulator.Cloud) {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			cloud.Settle()
		}
	}
}
