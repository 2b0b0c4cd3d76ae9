package provider

import (
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// defaultReadTimeout limits a read for which no timeout is configured.
const defaultReadTimeout = 5 * time.Minute

// providerData is what resources and data sources get from a configured provider. While some value of the provider block
// is unknown, as it can be in a plan, Client and Engine are nil: nothing can be read then, and nothing is an error yet.
type providerData struct {
	Client *modelarts.Client
	Engine *reinstall.Engine
	Fleet  *modelarts.FleetReader
	Region string
}

// providerDataFrom returns the provider data that the framework passes on as data; nil before the provider is configured,
// since Terraform validates first.
func providerDataFrom(data any) (*providerData, diag.Diagnostics) {
	if data == nil {
		return nil, nil
	}

	provided, ok := data.(*providerData)
	if !ok {
		return nil, diag.Diagnostics{diag.NewErrorDiagnostic("Unexpected provider data", fmt.Sprintf(
			"Expected %T, got %T. This is a bug in the provider; please report it.", provided, data))}
	}

	return provided, nil
}

// configured reports whether the whole configuration of the provider is known.
func (d *providerData) configured() bool { return d != nil && d.Client != nil }
