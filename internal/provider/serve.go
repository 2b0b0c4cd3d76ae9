package provider

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
)

// Address is the provider's address in Terraform's registry.
const Address = "registry.terraform.io/terraform-modelarts/modelarts"

// Serve serves a provider to the CLI that has started this process, until the CLI ends it. With debug, the process has been
// started by hand, and a CLI attaches to it.
func Serve(ctx context.Context, create func() provider.Provider, debug bool) error {
	if !debug && !logWanted(os.Environ()) {
		if err := silence(); err != nil {
			return err
		}
	}

	if err := providerserver.Serve(ctx, create, providerserver.ServeOpts{Address: Address, Debug: debug}); err != nil {
		return fmt.Errorf("serve the provider: %w", err)
	}

	return nil
}

// logWanted tells whether somebody has asked the CLI for a log, by one of the [variables] for it.
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
// and drops it: with many servers, a good part of the time of a plan.
func silence() error {
	for _, name := range []string{"TF_LOG_SDK", "TF_LOG_PROVIDER"} {
		if err := os.Setenv(name, "OFF"); err != nil {
			return fmt.Errorf("silence the log: %w", err)
		}
	}

	return nil
}
