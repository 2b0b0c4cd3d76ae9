package apidiag

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// Describe puts an error into words for whoever has to act on it.
func Describe(err error) string {
	var early string

	switch {
	case errors.Is(err, reinstall.ErrTimedOut):
		early = "The time that timeouts allows was over."
	case errors.Is(err, reinstall.ErrInterrupted):
		early = "The apply was interrupted."
	}

	return strings.TrimSpace(early + " " + describeCause(err, early != ""))
}

// describeCause is what because says besides an early end; nothing, if that was all.
func describeCause(err error, early bool) string {
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

	if held, ok := errors.AsType[*reinstall.HeldBackError](err); ok {
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
		return describeResponse(apiErr)
	}

	if lost, ok := errors.AsType[*modelarts.ConnectionError](err); ok {
		return fmt.Sprintf("The service gave no answer to %s %s: %v.", lost.Method, lost.Path, lost.Err)
	}

	if early || err == nil {
		return ""
	}

	return err.Error() + "."
}

// describeResponse puts an answer of the service into words.
func describeResponse(err *modelarts.Error) string {
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
	_, heldBack := errors.AsType[*reinstall.HeldBackError](err)

	switch {
	case needsNewPlan(err):
		return "Plan again, and look at the new plan."
	case heldBack:
		return "Look at the servers that have failed first: the image may be a bad one. If they are to be left behind, raise " +
			"failure_tolerance in the provider block."
	case twice:
		return "Let each server have one resource: look for the id in the configuration, and remove the second one."
	}

	advice := AdviceForReading(err, "Check that the credentials may start, stop and reinstall DevServers in this project, "+
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

// AdviceForReading is what to do about an error of the service, or of the way to it; forbidden is the advice for missing
// permissions. Empty: there is none, since it is about what the request asks for.
func AdviceForReading(err error, forbidden string) string {
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

// Paragraphs joins what is not empty.
func Paragraphs(texts ...string) string {
	var filled []string

	for _, text := range texts {
		if text != "" {
			filled = append(filled, text)
		}
	}

	return strings.Join(filled, "\n\n")
}

// CheckMayRead is the advice for a server that may not be read.
const CheckMayRead = "Check that the credentials may read DevServers in this project (modelarts:devserver:get), and the " +
	"provider's project_id and region."

// ProjectUnknown is for a project id that could not be looked up.
func ProjectUnknown(err error) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Unable to find the project", Paragraphs(
		"The project id of the region could not be looked up.", Describe(err),
		"Configure project_id in the provider block, or set HW_PROJECT_ID."))
}
