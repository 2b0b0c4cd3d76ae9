// Package providerdata passes a configured provider on to its resources and data sources.
package providerdata

import (
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// ReadTimeout limits a read for which no timeout is configured.
const ReadTimeout = 5 * time.Minute

// Data is a configured provider, as resources and data sources use it. While some value of the provider block
// is unknown, as it can be in a plan, Client and Engine are nil: nothing can be read then, and nothing is an error yet.
type Data struct {
	Client *modelarts.Client
	Engine *reinstall.Engine
	Fleet  *modelarts.FleetReader
	Images *modelarts.ImageReader
	Region string

	Erasures Erasures
	// MaxReinstalls is the number of servers that one plan may erase; nil: any.
	MaxReinstalls *int64
	// Replacing keeps what the plan of a replacement has read of the new server, by its id, until Terraform makes the second half
	// of that plan.
	Replacing sync.Map
}

// From returns the provider data that the framework passes on as data; nil before the provider is configured,
// since Terraform validates first.
func From(data any) (*Data, diag.Diagnostics) {
	if data == nil {
		return nil, nil
	}

	provided, ok := data.(*Data)
	if !ok {
		return nil, diag.Diagnostics{diag.NewErrorDiagnostic("Unexpected provider data", fmt.Sprintf(
			"Expected %T, got %T. This is a bug in the provider; please report it.", provided, data))}
	}

	return provided, nil
}

// Configured reports whether the whole configuration of the provider is known.
func (d *Data) Configured() bool { return d != nil && d.Client != nil }
