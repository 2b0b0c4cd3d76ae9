package provider

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
)

// Address is the provider's address in Terraform's registry.
const Address = "registry.terraform.io/terraform-modelarts/modelarts"

// orphanTimeout bounds how long an orphaned provider lives: the engine does not cut off a request that may be erasing a
// disk (two minutes at most), nor the start of a server that it has stopped for nothing.
const orphanTimeout = 5 * time.Minute

// Serve serves a provider to the CLI that has started this process, until the CLI ends it or is gone. With debug, the
// process has been started by hand, and a CLI attaches to it.
func Serve(ctx context.Context, create func() provider.Provider, debug bool) error {
	if debug {
		err := providerserver.Serve(ctx, create, providerserver.ServeOpts{Address: Address, Debug: true})
		if err != nil {
			return fmt.Errorf("serve the provider: %w", err)
		}

		return nil
	}

	if !logWanted(os.Environ()) {
		if err := silence(); err != nil {
			return err
		}
	}

	// Whoever stops a job (timeout, systemd, Jenkins) signals its whole process group, the CLI included. The CLI then has
	// the provider stop, and needs its answer for the state: a provider that died first would take that with it, and the
	// next apply would erase the disk again. go-plugin ignores SIGINT for the same reason.
	signal.Ignore(syscall.SIGTERM)

	return serveChild(ctx, create())
}

// serveChild serves a provider to the parent of this process. Once the parent is gone, nobody ends this process, so it
// does so itself: what it is doing is cancelled, and has a bounded time to end.
func serveChild(ctx context.Context, p provider.Provider) error {
	ctx, orphan := context.WithCancel(ctx)
	defer orphan()

	// The parent is noted before it is told where to connect. If it has died even before that, writing to its pipe ends
	// this process.
	awaitOrphaned := watchParent()

	server, err := newChildServer(ctx, p)
	if err != nil {
		return err
	}

	orphaned, served := make(chan struct{}), make(chan error, 1)

	go func() {
		awaitOrphaned(ctx)
		close(orphaned)
	}()
	go func() {
		served <- tf6server.Serve(Address, func() tfprotov6.ProviderServer { return server })
	}()

	select {
	case err := <-served:
		if err != nil {
			return fmt.Errorf("serve the provider: %w", err)
		}
	case <-orphaned:
		orphan()
		server.drain(orphanTimeout)
	}

	return nil
}

// logWanted reports whether somebody has asked the CLI for a log, by one of the [variables] for it.
//
// [variables]: https://developer.hashicorp.com/terraform/plugin/log/managing
func logWanted(environ []string) bool {
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		if value != "" && (strings.HasPrefix(name, "TF_LOG") || name == "TF_TEMP_LOG_PATH") {
			return true
		}
	}

	return false
}

// silence ends the log of the framework and of the provider. Without it every step is written at TRACE, and the CLI reads
// and drops it: with many servers, a good part of the time of a plan. Of TF_LOG_PROVIDER itself, the framework knows
// nothing: its variable has the name of the provider in it.
func silence() error {
	for _, name := range []string{"TF_LOG_SDK", "TF_LOG_PROVIDER_MODELARTS"} {
		if err := os.Setenv(name, "OFF"); err != nil {
			return fmt.Errorf("silence the log: %w", err)
		}
	}

	return nil
}
