package osreinstall

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/apidiag"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/userdata"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// The summaries of a plan.
const (
	summaryErase        = "This plan erases a system disk"
	summaryMayErase     = "This plan may erase a system disk"
	summaryResume       = "This plan waits for a reinstall that was sent before"
	summaryDrift        = "DevServer has drifted"
	summaryImported     = "Imported DevServer differs from the configuration"
	summaryAbsorbed     = "Imported DevServer is not reinstalled"
	summaryCredential   = "Missing credential for the reinstall"
	summaryCredentials  = "Conflicting credentials for the reinstall"
	summaryReimagedKept = "Re-imaged DevServer is not reinstalled"
	summaryUserData     = "User data may not run"
	summaryPasswordLost = "Password may not work"
)

// planDiagnostics returns what the plan means for the disk, and what it lacks.
func planDiagnostics(in *planInput, d *decision, config *model, seen *lookup) diag.Diagnostics {
	var diags diag.Diagnostics

	id := serverName(in, seen)

	if d.erases() {
		diags.Append(eraseDiagnostics(in, d, config, seen)...)

		if diags.HasError() {
			return diags
		}
	}

	if d.undecided {
		diags.AddAttributeWarning(path.Root("last_reinstall"), summaryMayErase, fmt.Sprintf(
			"This plan may reinstall DevServer %s, which erases its system disk: whether it does depends on values that are known "+
				"only after apply.%s", id, undecidedID(in)))
	}

	if len(d.reasons) > 0 && d.reasons[0] == reasonResume {
		diags.AddAttributeWarning(path.Root("last_reinstall"), summaryResume, resumeDetail(id, in.last.op, d.erases()))
	}

	if len(d.drift) > 0 && !d.erases() {
		summary, detail := summaryDrift, fmt.Sprintf(
			"DevServer %s: %s. Nothing is done about it, since on_drift is \"warn\", the default. With on_drift = \"reinstall\" "+
				"the server is reinstalled, which erases its system disk.", id, apidiag.DescribeDifferences(d.drift))
		if in.imported {
			summary, detail = summaryImported, fmt.Sprintf(
				"DevServer %s: %s. The apply that follows an import reinstalls nothing; the plan after it treats this "+
					"as drift, and plans a reinstall only under on_drift = \"reinstall\".", id, apidiag.DescribeDifferences(d.drift))
		}

		diags.AddWarning(summary, detail)
	}

	if len(d.absorbed) > 0 && !in.imported {
		diags.AddWarning(summaryReimagedKept, fmt.Sprintf(
			"DevServer %s has another system disk than the last apply has left in the state: it was reinstalled by somebody else, "+
				"or by an apply that was killed before the state was written. Whether it already has what %s asks for cannot be "+
				"determined, so the apply takes that into the state and erases nothing. To have it reinstalled, use `terraform apply "+
				"-replace`, or change triggers after that apply.",
			id, strings.Join(d.absorbed, ", ")))
	}

	if len(d.absorbed) > 0 && in.imported {
		diags.AddWarning(summaryAbsorbed, fmt.Sprintf(
			"DevServer %s was imported, so the first apply that changes it takes %s into the state and reinstalls nothing. "+
				"To have it reinstalled, change triggers after that apply.", id, strings.Join(d.absorbed, ", ")))
	}

	if len(d.mismatch) > 0 && !d.erases() {
		diags.AddWarning(apidiag.SummaryMismatched, apidiag.MismatchDetail(id, d.mismatch))
	}

	return diags
}

// eraseDiagnostics returns what a plan that erases a system disk says about it, or why it must not.
func eraseDiagnostics(in *planInput, d *decision, config *model, seen *lookup) diag.Diagnostics {
	id := serverName(in, seen)

	diags := seen.diagnostics(in, id)

	if in.plan.ReinstallProtection.ValueBool() {
		diags.Append(protectionError(id, d.reasons))
	}

	diags.Append(credentialDiagnostics(id, config)...)

	earlier, spared := seen.earlierDiagnostics(in, id)
	diags.Append(earlier...)

	if diags.HasError() {
		return diags
	}

	detail := describeErasure(id, d.reasons, spared) + seen.describe(in.plan.request(writeOnlyValues{}).StopFirst)
	if in.prior == nil {
		detail += " The server is new to this state: to take it over as it is, import it, which erases nothing; if the state " +
			"has it under another address, use a moved block."
	}

	summary := summaryErase
	if spared {
		summary = summaryMayErase
	}

	diags.AddAttributeWarning(path.Root("last_reinstall"), summary, detail)
	diags.Append(userDataWarnings(in.plan, config, id)...)

	return diags
}

// userDataWarnings warns of user data that is likely not to work. They quote nothing, and have no path, with which Terraform
// would print a line of the configuration.
func userDataWarnings(plan, config *model, id string) diag.Diagnostics {
	var diags diag.Diagnostics

	for _, argument := range []struct {
		name  string
		value types.String
	}{{"user_data", plan.UserData}, {"user_data_wo", config.UserDataWO}} {
		if problem := userdata.Problem(argument.value.ValueString()); problem != "" {
			diags.AddWarning(summaryUserData, fmt.Sprintf("%s of DevServer %s %s.", argument.name, id, problem))
		}
	}

	hasUserData := !plan.UserData.IsNull() || !config.UserDataWO.IsNull()
	hasPassword := !plan.AdminPass.IsNull() || !config.AdminPassWO.IsNull()

	if hasUserData && hasPassword {
		diags.AddWarning(summaryPasswordLost, fmt.Sprintf("DevServer %s gets a password and user data. According to the documentation "+
			"of ECS and BMS, user data can make the password of a Linux server void. Make sure that there is another way to log "+
			"in, or use key_pair_name.", id))
	}

	return diags
}

// undecidedID describes what follows for a server whose id is known only at apply.
func undecidedID(in *planInput) string {
	if !in.plan.ID.IsUnknown() {
		return ""
	}

	return " One of them is its id. If that stays the same, it is no reason to erase anything. If it is another one, the apply " +
		"fails with \"Provider produced inconsistent final plan\" and touches no server; the next plan has the replacement."
}

// serverName returns the id of the server of a plan, with its name if that is known.
func serverName(in *planInput, seen *lookup) string {
	switch {
	case in.prior != nil:
		return in.prior.serverName()
	case in.plan.ID.IsUnknown():
		return "(id known after apply)"
	default:
		return apidiag.ServerName(in.plan.ID.ValueString(), seen.name())
	}
}

// credentialDiagnostics requires exactly one credential for a planned reinstall. The validator of the configuration is not
// enough: with ignore_changes the plan can have an argument that the configuration no longer has. A value that is known only
// at apply may turn out to be null, so it satisfies the requirement, but does not conflict with another one.
func credentialDiagnostics(id string, config *model) diag.Diagnostics {
	var (
		known []string
		maybe bool
	)

	for _, credential := range []struct {
		name  string
		value types.String
	}{
		{"key_pair_name", config.KeyPairName},
		{"admin_pass_wo", config.AdminPassWO},
		{"admin_pass", config.AdminPass},
	} {
		switch {
		case credential.value.IsUnknown():
			maybe = true
		case !credential.value.IsNull():
			known = append(known, credential.name)
		}
	}

	switch {
	case len(known) == 0 && !maybe:
		return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("key_pair_name"), summaryCredential, fmt.Sprintf(
			"A reinstall of DevServer %s is planned, and the service needs to know who may log in afterwards: configure "+
				"exactly one of key_pair_name, admin_pass_wo (with admin_pass_wo_version) and admin_pass. If the server is "+
				"only to be watched, leave on_drift out, or set it to \"warn\" or \"ignore\". Nothing has been sent.", id))}
	case len(known) > 1:
		return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("key_pair_name"), summaryCredentials, fmt.Sprintf(
			"A reinstall of DevServer %s is planned with %s, and the service accepts only one of them. One may come from the "+
				"state, through ignore_changes. Nothing has been sent.", id, strings.Join(known, " and ")))}
	default:
		return nil
	}
}

// requestDiagnostics refuses a request without exactly one credential. The plan has required one, but a write-only value can
// be null at apply, or have been configured since.
func requestDiagnostics(request *reinstall.Request) diag.Diagnostics {
	const nothing = "Nothing was sent, and nothing was erased."

	switch hasKey, hasPassword := request.Body.KeyPairName != "", !request.Body.AdminPass.IsZero(); {
	case hasKey && hasPassword:
		return diag.Diagnostics{diag.NewErrorDiagnostic(summaryCredentials, fmt.Sprintf(
			"DevServer %s would be reinstalled with key_pair_name and a password, and the service accepts only one of them. %s "+
				"Check ignore_changes, and where admin_pass_wo gets its value from.", request.ServerID, nothing))}
	case !hasKey && !hasPassword:
		return diag.Diagnostics{diag.NewErrorDiagnostic(summaryCredential, fmt.Sprintf(
			"DevServer %s would have no login credential: admin_pass_wo is null in this apply. %s "+
				"Check where admin_pass_wo gets its value from.", request.ServerID, nothing))}
	default:
		return nil
	}
}

// resumeDetail describes the reinstall that an apply waits for.
func resumeDetail(id string, op reinstall.Operation, erases bool) string {
	detail := fmt.Sprintf("A reinstall of DevServer %s was sent at %s, and its end was not seen.", id, timeValue(op.SubmittedAt).ValueString())
	if op.State == reinstall.StateUnknown {
		detail = fmt.Sprintf("A reinstall of DevServer %s was sent at %s, and the answer was lost.", id, timeValue(op.SubmittedAt).ValueString())
	}

	if erases {
		return detail + " This plan waits for its end first, and then reinstalls the server once more."
	}

	return detail + " This plan waits for its end, and sends nothing."
}
