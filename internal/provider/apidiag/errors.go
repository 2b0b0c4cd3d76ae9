package apidiag

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// Describe puts an error of the engine or the service into a sentence for users; empty for nil.
func Describe(err error) string {
	var early string

	switch {
	case errors.Is(err, reinstall.ErrTimedOut):
		early = "The configured timeout expired."
	case errors.Is(err, reinstall.ErrInterrupted):
		early = "The apply was interrupted."
	}

	return strings.TrimSpace(early + " " + describeCause(err, early != ""))
}

// describeCause returns what Describe says besides an early end; empty if there is no other cause.
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
		return "The reinstall that the plan was to wait for had already ended. Whether its system disk was replaced again since, by " +
			"somebody else or by this very plan, cannot be determined."
	}

	if _, ok := errors.AsType[*reinstall.PointlessError](err); ok {
		return "The reason for the planned reinstall no longer holds: the server shows what is configured."
	}

	if errors.Is(err, reinstall.ErrNoServer) {
		return "The service answered the request with a success, but the answer showed no server: it may come from a gateway or " +
			"a proxy."
	}

	if held, ok := errors.AsType[*reinstall.TooManyFailuresError](err); ok {
		return describeFailures(held)
	}

	if illegal, ok := errors.AsType[*reinstall.StatusError](err); ok {
		return statusDetail(illegal.Status)
	}

	if image, ok := errors.AsType[*reinstall.ImageError](err); ok {
		return imageDetail(image)
	}

	if _, ok := errors.AsType[*reinstall.RunningError](err); ok {
		return "It is RUNNING, the service reinstalls only a stopped server, and stop_before_reinstall is false."
	}

	if apiErr, ok := errors.AsType[*modelarts.Error](err); ok {
		return describeResponse(apiErr)
	}

	if unknown, ok := errors.AsType[*modelarts.UnknownProjectError](err); ok {
		return describeUnknownProject(unknown)
	}

	if lost := innermostConnectionError(err); lost != nil {
		return describeLost(lost)
	}

	if early || err == nil {
		return ""
	}

	return cmp.Or(describeJournal(err), err.Error()+".")
}

// innermostConnectionError returns the error of the request that was really tried, if that of another one depends on it, such
// as a lookup in IAM; nil: there is none.
func innermostConnectionError(err error) *modelarts.ConnectionError {
	var innermost *modelarts.ConnectionError

	for {
		lost, ok := errors.AsType[*modelarts.ConnectionError](err)
		if !ok {
			return innermost
		}

		innermost, err = lost, lost.Err
	}
}

// describeFailures describes the failures that keep a server from being reinstalled. It names the first ones.
func describeFailures(held *reinstall.TooManyFailuresError) string {
	const most = 3

	failures := "1 reinstall has failed"
	if len(held.Failed) != 1 {
		failures = fmt.Sprintf("%d reinstalls have failed", len(held.Failed))
	}

	named := held.Failed[:min(most, len(held.Failed))]

	names := make([]string, len(named))
	for i, failed := range named {
		names[i] = ServerName(failed.ID, failed.Name)
	}

	text := fmt.Sprintf("%s in this apply and failure_tolerance is %d: %s", failures, held.Tolerance, strings.Join(names, ", "))
	if more := len(held.Failed) - len(named); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}

	return text + "."
}

// describeUnknownProject describes a project that IAM does not know.
func describeUnknownProject(unknown *modelarts.UnknownProjectError) string {
	if unknown.IsRegion {
		return fmt.Sprintf("The region %q is probably misspelled, or project_name is needed: IAM knows no project of that name, and "+
			"neither project_name nor project_id is configured.", unknown.Name)
	}

	return fmt.Sprintf("IAM knows no project named %q in this region.", unknown.Name)
}

// describeLost describes a request without an answer.
func describeLost(lost *modelarts.ConnectionError) string {
	if modelarts.IsUntried(lost) {
		return fmt.Sprintf("The request %s %s was not sent: %v.", lost.Method, lost.Path, lost.Err)
	}

	return fmt.Sprintf("The service gave no answer to %s %s: %v.", lost.Method, lost.Path, lost.Err)
}

// describeResponse quotes a response of the service, with status, code and request id.
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

// statusDetail lists the statuses from which a reinstall is legal, and says how to get there.
func statusDetail(status modelarts.Status) string {
	legal := make([]string, 0, len(reinstall.LegalStatuses()))
	for _, s := range reinstall.LegalStatuses() {
		legal = append(legal, string(s))
	}

	return fmt.Sprintf("Its status is %q, which forbids a reinstall: the service accepts one only from %s, and a RUNNING server "+
		"is stopped first. Bring it into one of these in the ModelArts console, then run Terraform again.",
		status, strings.Join(legal, ", "))
}

// imageDetail says why an image cannot be installed.
func imageDetail(err *reinstall.ImageError) string {
	switch err.Field {
	case "arch":
		return fmt.Sprintf("Image %s is for the architecture %s, and the server's is %s.", err.ImageID, err.Found, err.Needed)
	case "server_type":
		return fmt.Sprintf("Image %s is for servers of the type %s, and this one has the type %s.", err.ImageID, err.Found, err.Needed)
	default:
		return fmt.Sprintf("Image %s has the status %s, and only one that is %s can be installed.", err.ImageID, err.Found, err.Needed)
	}
}

// adviceFor returns what to do about an error of a reinstall.
func adviceFor(err error) string {
	_, twice := errors.AsType[*reinstall.DuplicateError](err)
	_, heldBack := errors.AsType[*reinstall.TooManyFailuresError](err)
	_, unrecorded := errors.AsType[*reinstall.JournalError](err)

	switch {
	case needsNewPlan(err):
		return "Plan again and review the new plan."
	case unrecorded:
		return "Check the folder (the argument journal of the provider block, or MODELARTS_JOURNAL), or set journal_required to false."
	case heldBack:
		return "Check the failed servers: the image may be broken. To continue without them, raise failure_tolerance in the " +
			"provider block."
	case twice:
		return "Manage each server with one resource: find the duplicate id and remove one of the two."
	}

	advice := AdviceForReading(err, "Check that the credentials may start, stop and reinstall DevServers in this project, "+
		"and the provider's project_id and region.")
	_, answered := errors.AsType[*modelarts.Error](err)
	_, running := errors.AsType[*reinstall.RunningError](err)
	_, wrongImage := errors.AsType[*reinstall.ImageError](err)

	switch {
	case advice != "":
		return advice
	case errors.Is(err, reinstall.ErrTimedOut):
		return "Apply again, with a longer timeout if it is too short for this server."
	case errors.Is(err, reinstall.ErrInterrupted):
		return "Apply again."
	case running:
		return "Stop it in the ModelArts console, or leave stop_before_reinstall out, then apply again."
	case wrongImage:
		return "Choose another image_id: the data source modelarts_devserver_images lists the images."
	case answered:
		return "Check what the request asks for: that image_id is an image for the type and architecture of this server " +
			"(the data source modelarts_devserver_images lists them), that the key pair exists in the region, and that a " +
			"node of a supernode is not given a password."
	default:
		return ""
	}
}

// needsNewPlan reports whether the server has changed since the plan was made.
func needsNewPlan(err error) bool {
	_, otherDisk := errors.AsType[*reinstall.OtherDiskError](err)
	_, pointless := errors.AsType[*reinstall.PointlessError](err)
	_, ended := errors.AsType[*reinstall.EndedError](err)

	return otherDisk || pointless || ended
}

// AdviceForReading returns what to do about an error of a read, or of the connection; forbidden is the advice for missing
// permissions. It is empty for errors about what the request asks for.
func AdviceForReading(err error, forbidden string) string {
	if _, ok := errors.AsType[*modelarts.ListingError](err); ok {
		return "An incomplete list is not used: servers missing from it may still exist. DevServers that are created or deleted " +
			"at the same time can cause this: run Terraform again. If it persists, give the request id to the service's " +
			"support."
	}

	if unknown, ok := errors.AsType[*modelarts.UnknownProjectError](err); ok {
		return adviceForProject(unknown)
	}

	switch {
	case modelarts.IsRoleRefused(err):
		return "Check the agency and its account in assume_role (HW_ASSUME_ROLE_AGENCY_NAME, HW_ASSUME_ROLE_DOMAIN_NAME, " +
			"HW_ASSUME_ROLE_DOMAIN_ID), and that " + cmp.Or(credentialsOf(err), "the credentials") + " may assume it."
	case modelarts.IsNotFound(err):
		return "Check the attribute id: it is the ID of the DevServer, as the list of DevServers shows it, not " +
			"cloud_server.id, the ID of the ECS or bare-metal server under it. Check also the provider's region and " +
			"project_id."
	case modelarts.IsUnauthorized(err):
		return adviceForCredentials(err)
	case modelarts.IsForbidden(err):
		return forbidden
	case modelarts.IsUnrouted(err):
		return "This response did not come from the ModelArts service itself. Check the provider's region, project_id and endpoints."
	case modelarts.IsUnavailable(err):
		return "The service is busy or unavailable: try again later. If it persists, give the request id to the " +
			"service's support."
	}

	return adviceForConnection(err)
}

// credentialsOf says which credentials an answer refused and where they are from; empty if it is not known.
func credentialsOf(err error) string {
	answer, ok := errors.AsType[*modelarts.Error](err)
	if !ok {
		return ""
	}

	return answer.Credentials
}

// adviceForCredentials returns what to do about credentials that were refused.
func adviceForCredentials(err error) string {
	source := credentialsOf(err)
	if source == "" {
		return "Check the provider's credentials: access_key and secret_key (HW_ACCESS_KEY, HW_SECRET_KEY), security_token " +
			"(HW_SECURITY_TOKEN), or token (HW_AUTH_TOKEN)."
	}

	return strings.ToUpper(source[:1]) + source[1:] + " was refused. It may be wrong, incomplete, expired or deleted, or may not " +
		"belong to what is configured with it."
}

// adviceForProject returns what to do about a project that IAM does not know.
func adviceForProject(unknown *modelarts.UnknownProjectError) string {
	if unknown.IsRegion {
		return "Check region (HW_REGION_NAME). If it is right, the project has another name than the region: configure " +
			"project_name (HW_PROJECT_NAME) or project_id (HW_PROJECT_ID)."
	}

	return "Check project_name (HW_PROJECT_NAME) and region (HW_REGION_NAME), or configure project_id (HW_PROJECT_ID) instead."
}

// adviceForConnection returns what to do about a request without an answer; empty for other errors, and for a request that was
// not tried.
func adviceForConnection(err error) string {
	if unresolved, ok := errors.AsType[*modelarts.UnknownHostError](err); ok {
		return fmt.Sprintf("The region %q may be misspelled: the name of the host is derived from it, and no such host was found. "+
			"If it is right, check the network and the proxy (HTTPS_PROXY), and the provider's cloud and endpoints.", unresolved.Region)
	}

	lost := innermostConnectionError(err)
	if lost == nil || modelarts.IsUntried(lost) {
		return ""
	}

	return "Check the network and the proxy (HTTPS_PROXY), and the provider's region and endpoints."
}

// Paragraphs joins the texts that are not empty.
func Paragraphs(texts ...string) string {
	var filled []string

	for _, text := range texts {
		if text != "" {
			filled = append(filled, text)
		}
	}

	return strings.Join(filled, "\n\n")
}

// CheckMayRead is the advice for a server that the credentials may not read.
const CheckMayRead = "Check that the credentials may read DevServers in this project (modelarts:devserver:get), and the " +
	"provider's project_id and region."

// ProjectUnknown reports that the project id could not be looked up.
func ProjectUnknown(err error) diag.Diagnostic {
	advice := AdviceForReading(err, "Check that "+cmp.Or(credentialsOf(err), "the credentials")+" may list the projects in IAM.")
	if _, unknown := errors.AsType[*modelarts.UnknownProjectError](err); !unknown {
		advice = strings.TrimSpace(advice + " Configure project_id in the provider block, or set HW_PROJECT_ID, to do without the lookup.")
	}

	return diag.NewErrorDiagnostic("Unable to find the project", Paragraphs(
		"The project id of the region could not be looked up.", Describe(err), advice))
}
