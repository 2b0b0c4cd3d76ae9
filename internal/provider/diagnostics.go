package provider

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// The summaries are constant: Terraform groups what has the same one.
const (
	summaryErase        = "System disk will be erased"
	summaryMayErase     = "System disk may be erased"
	summaryResume       = "Waiting for a reinstall that was sent before"
	summaryDrift        = "DevServer has drifted"
	summaryImported     = "Imported DevServer differs from the configuration"
	summaryAbsorbed     = "Imported DevServer is not reinstalled"
	summaryMismatched   = "DevServer is not what the last reinstall asked for"
	summaryCredential   = "Missing credential for the reinstall"
	summaryCredentials  = "Conflicting credentials for the reinstall"
	summaryRefused      = "DevServer not reinstalled"
	summaryNotStarted   = "Reinstall did not start"
	summaryPending      = "Reinstall not finished yet"
	summaryUnknown      = "Unclear whether the reinstall was accepted"
	summaryFailed       = "Reinstall failed"
	summaryAdopted      = "Result of another reinstall was kept"
	summaryStandsStill  = "DevServer does not run after its reinstall"
	summaryRead         = "Unable to read DevServer"
	summaryGone         = "DevServer is not known"
	summaryUnusable     = "DevServer is not usable"
	summaryReimaged     = "DevServer was re-imaged"
	summaryReimagedKept = "Re-imaged DevServer is not reinstalled"
	summaryForgotten    = "DevServer stays as it is"
	summaryInternal     = "Bug in the provider"
)

// postconditionHint is the advice for an apply that warns where it must not fail.
const postconditionHint = "This is a warning and not an error, because Terraform would erase the disk again for a " +
	"failed create. A postcondition on the attribute ready makes the apply fail without that."

// occasion is what an outcome is reported for.
type occasion int

// The occasions.
const (
	duringCreate occasion = iota
	duringUpdate
	duringResume
)

// outcomeDiagnostics say how a run ended: what happened, what that means for the disk, and what to do next.
func outcomeDiagnostics(id string, result *reinstall.Result, when occasion) diag.Diagnostics {
	var diags diag.Diagnostics

	if result.Resumed {
		when = duringResume
	}

	add := diags.AddError
	if when == duringCreate {
		add = func(summary, detail string) { diags.AddWarning(summary, detail+"\n\n"+postconditionHint) }
	}

	switch result.Outcome {
	case reinstall.OutcomeCompleted:
		diags.Append(completedDiagnostics(id, result)...)
	case reinstall.OutcomeRefused:
		diags.AddError(summaryRefused, refusedDetail(id, result, when))
	case reinstall.OutcomeNotStarted:
		diags.AddError(summaryNotStarted, notStartedDetail(id, result, when))
	case reinstall.OutcomeFailed:
		diags.AddError(summaryFailed, failedDetail(id, result, when))
	case reinstall.OutcomePending:
		add(summaryPending, pendingDetail(id, result))
	case reinstall.OutcomeUnknown:
		add(summaryUnknown, unknownDetail(id, result))
	case reinstall.OutcomeMismatched:
		add(summaryMismatched, paragraphs(mismatchDetail(id, result.Differences), requestDetail(result)))
	}

	return diags
}

// completedDiagnostics are the warnings that a success may come with.
func completedDiagnostics(id string, result *reinstall.Result) diag.Diagnostics {
	var diags diag.Diagnostics

	if result.Operation.Adopted {
		diags.Append(adoptedDiagnostic(id))
	}

	if result.Server != nil && result.Server.CurrentStatus() == modelarts.StatusStopped {
		diags.AddWarning(summaryStandsStill, fmt.Sprintf(
			"DevServer %s has a new system disk with what was asked for, but it has stayed STOPPED, where the service "+
				"should have started it. Start it in the ModelArts console.", id))
	}

	return diags
}

// adoptedDiagnostic is for a reinstall that may be somebody else's, and was kept.
func adoptedDiagnostic(id string) diag.Diagnostic {
	return diag.NewWarningDiagnostic(summaryAdopted, fmt.Sprintf(
		"DevServer %s was reinstalled, but perhaps not by the request of this resource: a reinstall was in progress before that "+
			"was accepted, or the answer to it was lost. The result was kept, and no other request was sent: image and key pair, as "+
			"far as the service shows them, are what is asked for. Password and user data cannot be compared. If they may be "+
			"others, change triggers to reinstall the server once more.", id))
}

// refusedDetail is for a request that was not sent, or not accepted.
func refusedDetail(id string, result *reinstall.Result, when occasion) string {
	first := fmt.Sprintf("DevServer %s was not reinstalled. The apply got as far as %s; nothing was erased.", id, result.Stage)
	if _, heldBack := errors.AsType[*reinstall.TooManyFailuresError](result.Err); heldBack && result.Power == reinstall.PowerUntouched {
		first = fmt.Sprintf("DevServer %s was not touched: it was neither stopped nor erased.", id)
	}

	next := adviceFor(result.Err)
	if !needsNewPlan(result.Err) {
		next = strings.TrimSpace(next + " " + planAgain(when))
	}

	return paragraphs(first, because(result.Err), powerDetail(result), next)
}

// planAgain says what the next apply does after one that erased nothing.
func planAgain(when occasion) string {
	if when == duringCreate {
		return notInState("its reinstall again")
	}

	return "The state is as before, so the next apply plans the reinstall again."
}

// notInState says what the next apply plans after a Create that failed. Under create_before_destroy Terraform puts the
// object that was to be replaced back into the state, and a provider cannot tell.
func notInState(next string) string {
	return "The server is not in the state, so the next apply plans " + next + ". If this replaces a resource under " +
		"create_before_destroy, Terraform keeps the old one in the state instead, and plans nothing more: change triggers then."
}

// powerDetail says what became of a server that was stopped for a reinstall that did not take place.
func powerDetail(result *reinstall.Result) string {
	switch result.Power {
	case reinstall.PowerRunning:
		return "The server had been stopped for it, was started again, and runs."
	case reinstall.PowerStarting:
		return "The server had been stopped for it, and was told to start again; it was not seen running yet."
	case reinstall.PowerStopping:
		return fmt.Sprintf("The server had been told to stop for it. Its status was still %s, and it was not started again: it "+
			"may stop any time. Start it in the ModelArts console once it has stopped, if it is needed as it is.", lastStatus(result))
	case reinstall.PowerStartRefused:
		return "The server had been stopped for it, and could not be started again: it does not run. " +
			because(result.PowerErr) + " Start it in the ModelArts console."
	case reinstall.PowerUnclear:
		return fmt.Sprintf("The server had been told to stop for it, and it is not clear whether it runs; its status was %q "+
			"when it was last seen.", lastStatus(result))
	case reinstall.PowerUntouched:
	}

	return ""
}

// notStartedDetail is for a request whose answer was lost, and which has had no effect, and for a reinstall that was
// adopted and was not what was asked for.
func notStartedDetail(id string, result *reinstall.Result, when occasion) string {
	next := "The state says so, and the next apply plans the reinstall anew, for the reason not_started."
	if when != duringResume {
		next = planAgain(when)
	}

	if _, untouched := errors.AsType[*reinstall.UntouchedError](result.Err); untouched {
		return paragraphs(
			fmt.Sprintf("DevServer %s was being reinstalled, and not by the request of this resource. That has ended, and the server "+
				"still shows the system disk that it had before: it was most likely given up. Nothing was sent.", id), next)
	}

	if result.Operation.Adopted {
		return paragraphs(
			fmt.Sprintf("DevServer %s was reinstalled, but not as asked: %s. It may have been somebody else's reinstall: one was in "+
				"progress before the request of this resource was accepted, or the answer to it was lost. The system disk was "+
				"erased by it, or is in an unknown state.", id, otherEnd(result)),
			because(result.Err), requestDetail(result), next)
	}

	return paragraphs(
		fmt.Sprintf("The answer to the reinstall request for DevServer %s was lost, and for five minutes the server has shown no "+
			"sign of a reinstall: as far as can be seen, the request was not processed, and nothing was erased.", id),
		because(result.Err), powerDetail(result), next)
}

// otherEnd says how a reinstall ended that was not what was asked for.
func otherEnd(result *reinstall.Result) string {
	_, gone := errors.AsType[*reinstall.GoneError](result.Err)

	switch {
	case gone:
		return "it vanished"
	case len(result.Differences) > 0:
		return describe(result.Differences)
	default:
		return fmt.Sprintf("it ended in status %s", lastStatus(result))
	}
}

// failedDetail is for a reinstall that erased the disk and did not succeed.
func failedDetail(id string, result *reinstall.Result, when occasion) string {
	if _, gone := errors.AsType[*reinstall.GoneError](result.Err); gone {
		first := fmt.Sprintf("DevServer %s vanished during its reinstall: for two minutes the service has not "+
			"known it, or has shown it as deleted. Treat the system disk as erased.", id)
		if result.Operation.State == reinstall.StateUnknown {
			first = fmt.Sprintf("The answer to the reinstall request for DevServer %s was lost, and then the server vanished. "+
				"Whether its system disk was erased is not known.", id)
		}

		return paragraphs(
			first,
			because(result.Err), requestDetail(result),
			"If the server was deleted on purpose, remove it from the configuration. Otherwise the next apply tries to "+
				"reinstall it again, and fails as long as the service does not know it.")
	}

	return paragraphs(
		fmt.Sprintf("The reinstall of DevServer %s ended in status %s. The system disk was erased, and the server is not "+
			"usable.", id, result.Server.CurrentStatus()),
		requestDetail(result),
		failedNext(when)+" If it fails again, check that the image fits the type and architecture "+
			"of the server, and give the request id to the service's support.")
}

// failedNext says what the next apply does after a reinstall that failed.
func failedNext(when occasion) string {
	if when == duringCreate {
		return notInState("another reinstall, for the reason create")
	}

	return "The next apply plans another reinstall, for the reason failed."
}

// lastStatus is the status in which the server was last seen.
func lastStatus(result *reinstall.Result) modelarts.Status {
	if result.Server == nil {
		return ""
	}

	return result.Server.CurrentStatus()
}

// pendingDetail is for a reinstall that was accepted, and whose end was not seen.
func pendingDetail(id string, result *reinstall.Result) string {
	return paragraphs(
		fmt.Sprintf("The service is reinstalling DevServer %s; its system disk is being erased, or was. The apply ended "+
			"first, while %s. The server's status was %s when it was last seen.", id, result.Stage, lastStatus(result)),
		because(result.Err), requestDetail(result),
		"The next apply waits for its end and sends no second request. If the service gives up on it, so that the server is "+
			"no longer being reinstalled and its end is still not seen, `terraform apply -replace` sends a new one.")
}

// unknownDetail is for a request of which nobody knows whether it was accepted.
func unknownDetail(id string, result *reinstall.Result) string {
	return paragraphs(
		fmt.Sprintf("The reinstall request for DevServer %s was sent, and the answer was lost; the apply ended before the "+
			"server showed whether it was accepted. Its system disk may be erased.", id),
		because(result.Err), requestDetail(result),
		"The next apply finds out, and sends no second request unless it is clear that the first had no effect and the "+
			"plan says so. If it cannot find out, `terraform apply -replace` sends a new one, whatever became of this one.")
}

// requestDetail names the request for the service's support, unless its answer is quoted beside it.
func requestDetail(result *reinstall.Result) string {
	answer, _ := errors.AsType[*modelarts.Error](result.Err)
	if id := result.Operation.RequestID; id == "" || answer != nil && answer.RequestID == id {
		return ""
	}

	return "Request id of the reinstall: " + result.Operation.RequestID + "."
}

// because puts an error into words for whoever has to act on it.
func because(err error) string {
	var early string

	switch {
	case errors.Is(err, reinstall.ErrTimedOut):
		early = "The time that timeouts allows was over."
	case errors.Is(err, reinstall.ErrInterrupted):
		early = "The apply was interrupted."
	}

	return strings.TrimSpace(early + " " + trouble(err, early != ""))
}

// trouble is what because says besides an early end; nothing, if that was all.
func trouble(err error, early bool) string {
	if twice, ok := errors.AsType[*reinstall.DuplicateError](err); ok {
		return fmt.Sprintf("Another resource of this configuration has reinstalled DevServer %s in this apply, or is about "+
			"to.", twice.ServerID)
	}

	if other, ok := errors.AsType[*reinstall.OtherDiskError](err); ok {
		return fmt.Sprintf("Its system disk is another one than the plan was made for: %s, not %s. Somebody has reinstalled it "+
			"since, or this plan was applied before.", other.Found, other.Planned)
	}

	if _, ok := errors.AsType[*reinstall.EndedError](err); ok {
		return "The reinstall that the plan was to wait for first had ended before. Nobody can tell whether its system disk was " +
			"replaced again since, by somebody else or by this very plan."
	}

	if _, ok := errors.AsType[*reinstall.PointlessError](err); ok {
		return "What the plan was to reinstall it for is no longer so: the server shows what is configured."
	}

	if errors.Is(err, reinstall.ErrNoServer) {
		return "The service answered the request with a success, but the answer showed no server: it may come from a gateway or " +
			"a proxy."
	}

	if held, ok := errors.AsType[*reinstall.TooManyFailuresError](err); ok {
		return fmt.Sprintf("Other reinstalls of this apply have failed (%d, and failure_tolerance is %d), so no further server "+
			"is stopped or erased.", held.Failures, held.Tolerance)
	}

	if illegal, ok := errors.AsType[*reinstall.StatusError](err); ok {
		return statusDetail(illegal.Status)
	}

	if _, ok := errors.AsType[*reinstall.RunningError](err); ok {
		return "It is RUNNING, the service reinstalls only a stopped server, and stop_before_reinstall is false."
	}

	if apiErr, ok := errors.AsType[*modelarts.Error](err); ok {
		return answer(apiErr)
	}

	if lost, ok := errors.AsType[*modelarts.ConnectionError](err); ok {
		return fmt.Sprintf("The service gave no answer to %s %s: %v.", lost.Method, lost.Path, lost.Err)
	}

	if early || err == nil {
		return ""
	}

	return err.Error() + "."
}

// answer puts an answer of the service into words.
func answer(err *modelarts.Error) string {
	text := fmt.Sprintf("The service answered %s %s with HTTP %s", err.Method, err.Path, err.Status())
	if err.Code != "" {
		text += ", error code " + err.Code
	}

	if err.RequestID != "" {
		text += ", request id " + err.RequestID
	}

	if err.Message == "" {
		return text + "."
	}

	return text + ": " + err.Message
}

// statusDetail says which statuses are legal, and the way there.
func statusDetail(status modelarts.Status) string {
	legal := make([]string, 0, len(reinstall.LegalStatuses()))
	for _, s := range reinstall.LegalStatuses() {
		legal = append(legal, string(s))
	}

	return fmt.Sprintf("Its status is %q, which forbids a reinstall: the service takes one from %s, and a RUNNING server "+
		"is stopped first. Bring it into one of these in the ModelArts console, then apply again.",
		status, strings.Join(legal, ", "))
}

// adviceFor is what to do about an error of the service.
func adviceFor(err error) string {
	_, twice := errors.AsType[*reinstall.DuplicateError](err)
	_, heldBack := errors.AsType[*reinstall.TooManyFailuresError](err)

	switch {
	case needsNewPlan(err):
		return "Plan again, and look at the new plan."
	case heldBack:
		return "Look at the servers that have failed first: the image may be a bad one. If they are to be left behind, raise " +
			"failure_tolerance in the provider block."
	case twice:
		return "Let each server have one resource: look for the id in the configuration, and remove the second one."
	}

	advice := adviceForReading(err, "Check that the credentials may start, stop and reinstall DevServers in this project, "+
		"and the provider's project_id and region.")
	_, answered := errors.AsType[*modelarts.Error](err)
	_, running := errors.AsType[*reinstall.RunningError](err)

	switch {
	case advice != "":
		return advice
	case errors.Is(err, reinstall.ErrTimedOut):
		return "Apply again, with a longer timeout if it is too short for this server."
	case errors.Is(err, reinstall.ErrInterrupted):
		return "Apply again."
	case running:
		return "Stop it in the ModelArts console, or leave stop_before_reinstall out, then apply again."
	case answered:
		return "Check what the request asks for: that image_id is an image for the type and architecture of this server " +
			"(the data source modelarts_devserver_images lists them), that the key pair exists in the region, and that a " +
			"node of a supernode is not given a password."
	default:
		return ""
	}
}

// needsNewPlan reports whether the server is no longer what the plan was made for.
func needsNewPlan(err error) bool {
	_, otherDisk := errors.AsType[*reinstall.OtherDiskError](err)
	_, pointless := errors.AsType[*reinstall.PointlessError](err)
	_, ended := errors.AsType[*reinstall.EndedError](err)

	return otherDisk || pointless || ended
}

// adviceForReading is what to do about an error of the service, or of the way to it; forbidden is the advice for missing
// permissions. Empty: there is none, since it is about what the request asks for.
func adviceForReading(err error, forbidden string) string {
	if _, ok := errors.AsType[*modelarts.ListingError](err); ok {
		return "An incomplete list is not used, since what it lacks may well be there. It can come from DevServers that are " +
			"created or deleted at the same time: run Terraform again. If it stays, give the request id to the service's " +
			"support."
	}

	switch {
	case modelarts.IsRoleRefused(err):
		return "Check the agency and its account in assume_role (HW_ASSUME_ROLE_AGENCY_NAME, HW_ASSUME_ROLE_DOMAIN_NAME, " +
			"HW_ASSUME_ROLE_DOMAIN_ID), and that the credentials may assume it."
	case modelarts.IsNotFound(err):
		return "Check the attribute id: it is the ID of the DevServer, as the list of DevServers shows it, not " +
			"cloud_server.id, the ID of the ECS or bare-metal server under it. Check also the provider's region and " +
			"project_id."
	case modelarts.IsUnauthorized(err):
		return "Check the provider's credentials: access_key and secret_key (HW_ACCESS_KEY, HW_SECRET_KEY), security_token " +
			"(HW_SECURITY_TOKEN), or token (HW_AUTH_TOKEN)."
	case modelarts.IsForbidden(err):
		return forbidden
	case modelarts.IsUnrouted(err):
		return "This is not the service's own word about the server. Check the provider's region, project_id and endpoints."
	case modelarts.IsUnavailable(err):
		return "The service is busy or out of order: try again later. If it stays so, give the request id to the " +
			"service's support."
	}

	if _, ok := errors.AsType[*modelarts.ConnectionError](err); ok {
		return "Check the network and the proxy (HTTPS_PROXY), and the provider's region and endpoints."
	}

	return ""
}

// paragraphs joins what is not empty.
func paragraphs(texts ...string) string {
	var filled []string

	for _, text := range texts {
		if text != "" {
			filled = append(filled, text)
		}
	}

	return strings.Join(filled, "\n\n")
}
