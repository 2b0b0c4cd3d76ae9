// Package apidiag puts errors of the service, and what became of a reinstall, into diagnostics: what happened, what it means
// for the disk, and what to do next.
package apidiag

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// The summaries are constant: Terraform groups diagnostics by them.
const (
	SummaryMismatched = "DevServer is not what the last reinstall asked for"
	summaryRefused    = "DevServer not reinstalled"
	SummaryNotStarted = "Reinstall did not start"
	summaryPending    = "Reinstall not finished yet"
	summaryUnknown    = "Unclear whether the reinstall was accepted"
	summaryFailed     = "Reinstall failed"
	summaryAdopted    = "Result of another reinstall was kept"
	summaryNotRunning = "DevServer did not start after its reinstall"
	summaryKept       = "Earlier reinstall was kept"
	summaryJournal    = "Journal could not be written"
	SummaryRecord     = "Record in the journal cannot be used"
	SummaryRead       = "Unable to read DevServer"
)

// postconditionHint tells users how to make an apply fail that only warns.
const postconditionHint = "This is a warning and not an error, because Terraform would erase the disk again for a " +
	"failed create. A postcondition on the attribute ready makes the apply fail without that."

// occasion is the operation that an outcome is reported for. It decides what the next apply does.
type occasion int

// The occasions.
const (
	DuringCreate occasion = iota
	DuringUpdate
	duringResume
)

// Outcome returns diagnostics for how a run ended: what happened, what that means for the disk, and what to do next. name is
// the name of the server in the state, for a run that has read none; empty: it is not known.
func Outcome(id, name string, result *reinstall.Result, when occasion) diag.Diagnostics {
	var diags diag.Diagnostics

	server := ServerName(id, cmp.Or(result.Server.CurrentName(), name))

	if result.Resumed {
		when = duringResume
	}

	add := diags.AddError
	if when == DuringCreate {
		add = func(summary, detail string) { diags.AddWarning(summary, detail+"\n\n"+postconditionHint) }
	}

	if result.JournalErr != nil {
		diags.AddWarning(summaryJournal, journalDetail(server, result))
	}

	switch result.Outcome {
	case reinstall.OutcomeCompleted:
		diags.Append(completedDiagnostics(server, result)...)
	case reinstall.OutcomeRefused:
		diags.AddError(summaryRefused, refusedDetail(server, result, when))
	case reinstall.OutcomeNotStarted:
		diags.AddError(SummaryNotStarted, notStartedDetail(server, result, when))
	case reinstall.OutcomeFailed:
		diags.AddError(summaryFailed, failedDetail(server, result, when))
	case reinstall.OutcomePending:
		add(summaryPending, pendingDetail(server, result))
	case reinstall.OutcomeUnknown:
		add(summaryUnknown, unknownDetail(server, result))
	case reinstall.OutcomeMismatched:
		add(SummaryMismatched, Paragraphs(MismatchDetail(server, result.Differences), requestDetail(result)))
	}

	return diags
}

// completedDiagnostics returns the warnings for a success.
func completedDiagnostics(server string, result *reinstall.Result) diag.Diagnostics {
	var diags diag.Diagnostics

	switch {
	case result.Kept():
		diags.AddWarning(summaryKept, keptDetail(server, result))
	case result.Operation.Adopted:
		diags.Append(Adopted(server))
	}

	if result.Server != nil && result.Server.CurrentStatus() == modelarts.StatusStopped {
		diags.AddWarning(summaryNotRunning, fmt.Sprintf(
			"DevServer %s has a new system disk with what was asked for, but it has stayed STOPPED, where the service "+
				"should have started it. Start it in the ModelArts console.", server))
	}

	return diags
}

// Adopted warns that the result of a reinstall was kept that may be somebody else's.
func Adopted(server string) diag.Diagnostic {
	return diag.NewWarningDiagnostic(summaryAdopted, fmt.Sprintf(
		"DevServer %s was reinstalled, but perhaps not by the request of this resource: a reinstall was in progress before that "+
			"was accepted, or the answer to it was lost. The result was kept, and no other request was sent: image and key pair, as "+
			"far as the service shows them, are what is asked for. Password and user data cannot be compared. If they may be "+
			"others, change triggers to reinstall the server once more.", server))
}

// refusedDetail describes a request that was not sent, or not accepted.
func refusedDetail(server string, result *reinstall.Result, when occasion) string {
	if _, heldBack := errors.AsType[*reinstall.TooManyFailuresError](result.Err); heldBack && result.Power == reinstall.PowerUntouched {
		return untouchedDetail(server, result.Err, when)
	}

	first := fmt.Sprintf("DevServer %s was not reinstalled. The apply got as far as %s; nothing was erased.", server, result.Stage)
	if result.Earlier != nil {
		first = fmt.Sprintf("DevServer %s was not reinstalled by this apply, which got as far as %s. An earlier apply "+
			"sent a reinstall at %s, which the state does not have and the journal does. If that is over and cannot be seen to have ended, remove the file of "+
			"this server from the journal.", server, result.Stage, result.Earlier.SubmittedAt.UTC().Format(time.RFC3339))
	}

	next := adviceFor(result.Err)
	if !needsNewPlan(result.Err) {
		next = strings.TrimSpace(next + " " + planAgain(when))
	}

	return Paragraphs(first, Describe(result.Err), powerDetail(result), next)
}

// untouchedDetail describes a server that was held back after the failures of others. There may be many of them, so each has
// three lines.
func untouchedDetail(server string, err error, when occasion) string {
	next := "The next apply plans its reinstall again."
	if when == DuringCreate {
		next = "The next apply plans its reinstall again, unless this replaces a resource under create_before_destroy: change " +
			"triggers then."
	}

	return fmt.Sprintf("DevServer %s was not touched: it was neither stopped nor erased.\n%s\n%s %s", server, Describe(err), adviceFor(err), next)
}

// planAgain describes the next apply after one that erased nothing.
func planAgain(when occasion) string {
	if when == DuringCreate {
		return notInState("its reinstall again")
	}

	return "The state is as before, so the next apply plans the reinstall again."
}

// notInState describes the next plan after a failed Create. Under create_before_destroy Terraform puts the replaced object
// back into the state, and the provider is not told.
func notInState(next string) string {
	return "The server is not in the state, so the next apply plans " + next + ". If this replaces a resource under " +
		"create_before_destroy, Terraform keeps the old one in the state instead, and plans nothing more: change triggers then."
}

// powerDetail describes the power state of a server that was stopped for a reinstall which did not take place.
func powerDetail(result *reinstall.Result) string {
	switch result.Power {
	case reinstall.PowerRunning:
		return "The server was stopped for it, has been started again, and is running."
	case reinstall.PowerStarting:
		return "The server was stopped for it and has been asked to start again, but is not confirmed to be running yet."
	case reinstall.PowerStopping:
		return fmt.Sprintf("The server was asked to stop for it. Its status was still %s, so it was not started again; it may "+
			"stop at any time. If it is needed as it is, start it in the ModelArts console once it has stopped.", lastStatus(result))
	case reinstall.PowerStartRefused:
		return "The server was stopped for it and could not be started again: it is not running. " +
			Describe(result.PowerErr) + " Start it in the ModelArts console."
	case reinstall.PowerUnclear:
		return fmt.Sprintf("The server was asked to stop for it, and whether it is running is not known; its last known status "+
			"was %q.", lastStatus(result))
	case reinstall.PowerUntouched:
	}

	return ""
}

// notStartedDetail describes a request whose answer was lost and that had no effect, or an adopted reinstall that did not
// install what was asked for.
func notStartedDetail(server string, result *reinstall.Result, when occasion) string {
	next := "The state records that, and the next apply plans the reinstall again, for the reason not_started."
	if when != duringResume {
		next = planAgain(when)
	}

	if _, untouched := errors.AsType[*reinstall.UntouchedError](result.Err); untouched {
		return Paragraphs(
			fmt.Sprintf("DevServer %s was being reinstalled, and not by the request of this resource. That has ended, and the server "+
				"still shows the system disk that it had before: it was most likely given up. Nothing was sent.", server), next)
	}

	if result.Operation.Adopted {
		return Paragraphs(
			fmt.Sprintf("DevServer %s was reinstalled, but not as asked: %s. It may have been somebody else's reinstall: one was in "+
				"progress before the request of this resource was accepted, or the answer to it was lost. The system disk was "+
				"erased by it, or is in an unknown state.", server, otherEnd(result)),
			Describe(result.Err), requestDetail(result), next)
	}

	return Paragraphs(
		fmt.Sprintf("The answer to the reinstall request for DevServer %s was lost, and for five minutes the server has shown no "+
			"sign of a reinstall: as far as can be seen, the request was not processed, and nothing was erased.", server),
		Describe(result.Err), powerDetail(result), next)
}

// otherEnd describes how an adopted reinstall ended, if not as asked.
func otherEnd(result *reinstall.Result) string {
	_, gone := errors.AsType[*reinstall.GoneError](result.Err)

	switch {
	case gone:
		return "it vanished"
	case len(result.Differences) > 0:
		return DescribeDifferences(result.Differences)
	default:
		return fmt.Sprintf("it ended in status %s", lastStatus(result))
	}
}

// failedDetail describes a reinstall that erased the disk and failed.
func failedDetail(server string, result *reinstall.Result, when occasion) string {
	if _, gone := errors.AsType[*reinstall.GoneError](result.Err); gone {
		first := fmt.Sprintf("DevServer %s vanished during its reinstall: for two minutes the service has not "+
			"known it, or has shown it as deleted. Treat the system disk as erased.", server)
		if result.Operation.State == reinstall.StateUnknown {
			first = fmt.Sprintf("The answer to the reinstall request for DevServer %s was lost, and then the server vanished. "+
				"Whether its system disk was erased is not known.", server)
		}

		return Paragraphs(
			first,
			Describe(result.Err), requestDetail(result),
			"If the server was deleted on purpose, remove it from the configuration. Otherwise the next apply retries the "+
				"reinstall, and keeps failing until the service finds the server again.")
	}

	return Paragraphs(
		fmt.Sprintf("The reinstall of DevServer %s ended in status %s. The system disk was erased, and the server is not "+
			"usable.", server, result.Server.CurrentStatus()),
		requestDetail(result),
		failedNext(when)+" If it fails again, check that the image fits the type and architecture "+
			"of the server, and give the request id to the service's support.")
}

// failedNext describes the next apply after a failed reinstall.
func failedNext(when occasion) string {
	if when == DuringCreate {
		return notInState("another reinstall, for the reason create")
	}

	return "The next apply plans another reinstall, for the reason failed."
}

// lastStatus returns the last known status of the server; empty if none was seen.
func lastStatus(result *reinstall.Result) modelarts.Status {
	if result.Server == nil {
		return ""
	}

	return result.Server.CurrentStatus()
}

// pendingDetail describes a reinstall that was accepted and has not been seen to end.
func pendingDetail(server string, result *reinstall.Result) string {
	return Paragraphs(
		fmt.Sprintf("The service is reinstalling DevServer %s; its system disk is being erased, or was. The apply ended "+
			"first, while %s. The server's status was %s when it was last seen.", server, result.Stage, lastStatus(result)),
		Describe(result.Err), requestDetail(result),
		"The next apply waits for its end and sends no second request. If the service gives up on it, so that the server is "+
			"no longer being reinstalled and its end is still not seen, `terraform apply -replace` sends a new one.")
}

// unknownDetail describes a request that may or may not have been accepted.
func unknownDetail(server string, result *reinstall.Result) string {
	return Paragraphs(
		fmt.Sprintf("The reinstall request for DevServer %s was sent, and the answer was lost; the apply ended before the "+
			"server showed whether it was accepted. Its system disk may be erased.", server),
		Describe(result.Err), requestDetail(result),
		"The next apply finds out, and sends no second request unless it is clear that the first had no effect and the "+
			"plan says so. If it cannot find out, `terraform apply -replace` sends a new one, whatever became of this one.")
}

// requestDetail names the request for the service's support, unless its answer is quoted anyway.
func requestDetail(result *reinstall.Result) string {
	answer, _ := errors.AsType[*modelarts.Error](result.Err)
	if id := result.Operation.RequestID; id == "" || answer != nil && answer.RequestID == id {
		return ""
	}

	return "Request id of the reinstall: " + result.Operation.RequestID + "."
}

// MismatchDetail says what a mismatched reinstall left, and the ways out.
func MismatchDetail(server string, differences []reinstall.Difference) string {
	return fmt.Sprintf("The reinstall of DevServer %s erased the system disk and ended, but %s. It is not repeated "+
		"automatically: the service may never install what was asked for. Either change the "+
		"configuration to what the server has, or change triggers to reinstall it once more.", server, DescribeDifferences(differences))
}

// DescribeDifferences puts differences into words.
func DescribeDifferences(differences []reinstall.Difference) string {
	texts := make([]string, len(differences))
	for i, d := range differences {
		texts[i] = fmt.Sprintf("%s is %s, not %s", d.Attribute, cmp.Or(d.Found, "empty"), d.Asked)
	}

	return strings.Join(texts, ", ")
}
