package osreinstall

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/apidiag"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// The summaries of a refresh, an import and a destroy.
const (
	summaryGone     = "DevServer is not known"
	summaryUnusable = "DevServer is not usable"
	summaryReimaged = "DevServer was re-imaged"
	summaryDeleted  = "DevServer stays as it is"
	summaryInternal = "Bug in the provider"
)

// serverName names the server in a text.
func (m *model) serverName() string {
	return apidiag.ServerName(m.ID.ValueString(), m.Name.ValueString())
}

// readError reports a server that could not be read.
func readError(server string, err error) diag.Diagnostic {
	return diag.NewErrorDiagnostic(apidiag.SummaryRead, apidiag.Paragraphs(
		fmt.Sprintf("DevServer %s could not be read. The state was left as it is.", server), apidiag.Describe(err), apidiag.AdviceForReading(err, apidiag.CheckMayRead)))
}

// importNotFoundError reports an import of a server that the service does not know.
func importNotFoundError(server string, err error) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("id"), apidiag.SummaryRead, apidiag.Paragraphs(
		fmt.Sprintf("DevServer %s cannot be imported: the service does not know it.", server), apidiag.Describe(err), apidiag.AdviceForReading(err, apidiag.CheckMayRead)))
}

// wrongProjectError reports a server that is not found because the provider works in another project or region.
func wrongProjectError(server string, err error, state, now *model) diag.Diagnostic {
	return diag.NewErrorDiagnostic(apidiag.SummaryRead, apidiag.Paragraphs(
		fmt.Sprintf("DevServer %s is in project %s of region %s, but the provider works in project %s of region %s, where "+
			"the service does not know it. The state was left as it is.", server,
			state.ProjectID.ValueString(), state.Region.ValueString(), now.ProjectID.ValueString(), now.Region.ValueString()),
		apidiag.Describe(err), "Check the provider's region and project_id (HW_REGION_NAME, HW_PROJECT_ID)."))
}

// goneWarning warns of a server in the state that the service does not know.
func goneWarning(server string, err error) diag.Diagnostic {
	return diag.NewWarningDiagnostic(summaryGone, apidiag.Paragraphs(
		fmt.Sprintf("The service does not know DevServer %s. It stays in the state with ready = false, since one answer may be "+
			"wrong, and a server that is not in the state would be reinstalled. Nothing was sent.", server),
		apidiag.Describe(err),
		"If the server was deleted, remove it from the configuration: that sends nothing. Otherwise check that the provider's "+
			"credentials and endpoints are those that the server was made with."))
}

// unusableWarning warns of a server whose status makes it unusable.
func unusableWarning(m *model) diag.Diagnostic {
	return diag.NewWarningDiagnostic(summaryUnusable, fmt.Sprintf(
		"DevServer %s is in status %s, so ready is false. Nothing is done about that automatically. Bring it back in the ModelArts "+
			"console, or change triggers to have it reinstalled, which erases its system disk.",
		m.serverName(), m.Status.ValueString()))
}

// settledDiagnostics returns what a refresh has found out about a reinstall whose end was not seen before.
func settledDiagnostics(server string, op reinstall.Operation) diag.Diagnostics {
	if op.State != reinstall.StateCompleted || !op.Adopted {
		return nil
	}

	return diag.Diagnostics{apidiag.Adopted(server)}
}

// notRefreshedWarning warns of a provider whose configuration is not known yet.
func notRefreshedWarning(server string) diag.Diagnostic {
	return diag.NewWarningDiagnostic("DevServer not refreshed", fmt.Sprintf(
		"The provider's configuration depends on values that are known only after apply, so DevServer %s could not be "+
			"read: this plan does not see whether it has drifted.", server))
}

// rootVolumeDiagnostics warns of a system disk that differs from the one in the state, with the same image.
func rootVolumeDiagnostics(state *model, server *modelarts.Server) diag.Diagnostics {
	if !state.reimaged(server) || state.OnDrift.ValueString() == onDriftIgnore ||
		server.InstalledImageID() != state.installedImageID().ValueString() {
		return nil
	}

	return diag.Diagnostics{diag.NewWarningDiagnostic(summaryReimaged, fmt.Sprintf(
		"The system disk of DevServer %s is %s, not %s as in the state, with the same image: it was reinstalled by somebody "+
			"else, or by an apply that was killed before the state was written. To have it reinstalled whatever it has, use "+
			"`terraform apply -replace`.",
		state.serverName(), server.RootVolumeID(), state.rootVolumeID()))}
}

// destroyWarning says that removing a server from the state leaves the machine alone.
func destroyWarning(state *model) diag.Diagnostic {
	detail := fmt.Sprintf("Destroying this resource removes DevServer %s from the state and sends nothing. The machine stays as it "+
		"is.", state.serverName())
	if last := readLastReinstall(state.LastReinstall); last.asked && last.op.State.Open() {
		detail += " Its reinstall continues."
	}

	return diag.NewWarningDiagnostic(summaryDeleted, detail+" A resource for it that is added later reinstalls it, unless the server "+
		"is imported.")
}

// importIDError reports an import id that is not the id of a DevServer.
func importIDError() diag.Diagnostic {
	return diag.NewErrorDiagnostic("Invalid import ID", "The import ID must be the ID of a DevServer: a UUID in lower "+
		"case, such as 62383738-e52a-450a-9f84-f9e705402be8. It is neither the name of the DevServer nor "+
		"cloud_server.id, the ID of the ECS or bare-metal server under it.")
}

// noPermitError reports a bug: an apply whose plan has no permit.
func noPermitError(server string) diag.Diagnostic {
	return diag.NewErrorDiagnostic(summaryInternal, fmt.Sprintf(
		"The plan does not say that DevServer %s is to be reinstalled, so nothing was sent. Please report this.", server))
}
