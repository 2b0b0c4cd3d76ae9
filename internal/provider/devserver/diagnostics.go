package devserver

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/apidiag"
)

// The summaries of the data sources.
const (
	summaryList      = "Unable to list DevServers"
	summaryImages    = "Unable to list DevServer images"
	summaryNoServer  = "DevServer not found"
	summaryAmbiguous = "Several DevServers of the same name"
)

// notConfiguredError is for a provider whose configuration is not known yet.
func notConfiguredError() diag.Diagnostic {
	return diag.NewErrorDiagnostic("Provider not configured", "The provider's configuration depends on values that are "+
		"known only after apply, so nothing can be read yet. Apply what these values come from first, for example with "+
		"-target, or give the provider values that are known.")
}

// serverError is for a server that could not be read by its id.
func serverError(id string, err error) diag.Diagnostic {
	what := fmt.Sprintf("DevServer %s could not be read.", id)
	summary := apidiag.SummaryRead

	if modelarts.IsNotFound(err) {
		what = fmt.Sprintf("The service does not know DevServer %s.", id)
		summary = summaryNoServer
	}

	return diag.NewAttributeErrorDiagnostic(path.Root("id"), summary, apidiag.Paragraphs(what, apidiag.Describe(err),
		apidiag.AdviceForReading(err, apidiag.CheckMayRead)))
}

// listError is for a listing of servers that failed, or that nobody should rely on.
func listError(err error) diag.Diagnostic {
	return diag.NewErrorDiagnostic(summaryList, apidiag.Paragraphs("The DevServers could not be listed.", apidiag.Describe(err),
		apidiag.AdviceForReading(err, "Listing requires a permission of its own (modelarts:devserver:listByUser): check that the "+
			"credentials have it, and the provider's project_id and region. The data source modelarts_devserver reads one "+
			"server by its id without it.")))
}

// imagesError is for a listing of images that failed, or that nobody should rely on.
func imagesError(err error) diag.Diagnostic {
	return diag.NewErrorDiagnostic(summaryImages, apidiag.Paragraphs("The images of DevServers could not be listed.", apidiag.Describe(err),
		apidiag.AdviceForReading(err, "Check that the credentials may list the images of DevServers in this project, and the "+
			"provider's project_id and region.")))
}

// noSuchNameError is for a name that no server has.
func noSuchNameError(name string, listed int) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("name"), summaryNoServer, fmt.Sprintf(
		"None of the %d DevServers that the service lists is called %q. Upper and lower case count. The list has only those "+
			"of the user whom the credentials belong to, in the provider's region and project_id; one of another user can "+
			"be read by its id.", listed, name))
}

// ambiguousNameError is for a name that several servers have.
func ambiguousNameError(name string, ids []string) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("name"), summaryAmbiguous, fmt.Sprintf(
		"%d DevServers are called %q: %s. Configure the id of the one that is meant instead of name.",
		len(ids), name, strings.Join(ids, ", ")))
}
