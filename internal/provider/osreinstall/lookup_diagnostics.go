package osreinstall

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/apidiag"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/providerdata"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// The summaries about a server that a plan erases.
const (
	summaryUnread         = "DevServer was not read"
	summaryIllegal        = "DevServer cannot be reinstalled as it is"
	summaryImage          = "Image cannot be installed on the DevServer"
	summaryImageUnlisted  = "Image is not listed"
	summaryImageUnchecked = "Image was not checked"
	summaryProtected      = "DevServer is protected"
	summaryDuplicate      = "Two resources reinstall the same DevServer"
	summaryTooMany        = "Too many DevServers to reinstall"
)

// endedInBetween says what becomes of a plan that was made while a system disk was being replaced. Whether the new one is what is
// asked for cannot be known then.
const endedInBetween = " If it is over before the apply begins, the apply is refused and sends nothing: plan again then."

const nothingSent = "Nothing was sent, and nothing was erased."

// nothingSentHere is for an error that may come in an apply which has reinstalled the server for another resource, or other
// servers, because their ids were not known before.
const nothingSentHere = "Nothing was sent for this resource."

// diagnostics returns what is wrong with a server that the plan erases, or with its image. A status that forbids a reinstall is
// an error for a server that is new to the state. For others it is a warning: the plan is made for the state, and the status
// may change until the apply. So it is if the apply first takes up an earlier reinstall, which may have left that status: an
// error would keep it from being judged, and who changes the status by hand hides how that reinstall has ended.
func (l *lookup) diagnostics(in *planInput, label string) diag.Diagnostics {
	switch {
	case l == nil:
		return nil
	case l.server == nil:
		return diag.Diagnostics{l.unread(label)}
	}

	var diags diag.Diagnostics

	if problem := l.statusProblem(in.plan.request(writeOnlyValues{}).StopFirst); problem != "" {
		detail := fmt.Sprintf("DevServer %s cannot be reinstalled. %s", label, problem)

		switch {
		case l.earlier != nil:
			diags.AddAttributeWarning(path.Root("id"), summaryIllegal, detail+" The apply first finds out what became of the earlier "+
				"reinstall: leave the server as it is until then. If it has to be reinstalled after that, the apply fails, and sends nothing.")
		case in.prior == nil:
			diags.AddAttributeError(path.Root("id"), summaryIllegal, detail+" "+nothingSent)
		default:
			diags.AddAttributeWarning(path.Root("id"), summaryIllegal, detail+" Otherwise the apply fails, and sends nothing.")
		}
	}

	diags.Append(l.imageDiagnostics(in, label)...)

	return diags
}

// unread says that the server could not be read. Without permission to read it, or while the provider is not configured, the
// plan goes on.
func (l *lookup) unread(label string) diag.Diagnostic {
	if l.err == nil || modelarts.IsDenied(l.err) {
		why := "The provider's configuration depends on values that are known only after apply."
		if l.err != nil {
			why = apidiag.Paragraphs(apidiag.Describe(l.err), apidiag.AdviceForReading(l.err, apidiag.CheckMayRead))
		}

		return diag.NewAttributeWarningDiagnostic(path.Root("id"), summaryUnread, apidiag.Paragraphs(fmt.Sprintf(
			"This plan erases the system disk of DevServer %s, and could not read it first: check that it is the right machine.",
			label), why))
	}

	return diag.NewAttributeErrorDiagnostic(path.Root("id"), apidiag.SummaryRead, apidiag.Paragraphs(
		fmt.Sprintf("This plan would erase the system disk of DevServer %s, which could not be read. %s", label, nothingSent),
		apidiag.Describe(l.err), apidiag.AdviceForReading(l.err, apidiag.CheckMayRead)))
}

// statusProblem says why the status of the server forbids a reinstall; empty if it does not.
func (l *lookup) statusProblem(stopFirst bool) string {
	status := l.server.CurrentStatus()

	switch {
	case status == "" || reinstall.Precheck(status, stopFirst) != reinstall.StepRefuse:
		return ""
	case status == modelarts.StatusRunning:
		return apidiag.Describe(&reinstall.RunningError{}) + " Stop it in the ModelArts console, or leave stop_before_reinstall out."
	default:
		return apidiag.Describe(&reinstall.StatusError{Status: status})
	}
}

// imageDiagnostics says whether the image can be installed.
func (l *lookup) imageDiagnostics(in *planInput, label string) diag.Diagnostics {
	id := strings.ToLower(in.plan.ImageID.ValueString())
	refused := "The service refuses a wrong image only after a running server was stopped for it."

	switch err := reinstall.CheckImage(l.image, l.server); {
	case !l.checksImage:
		return nil
	case err != nil:
		return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("image_id"), summaryImage, fmt.Sprintf(
			"DevServer %s cannot get the image that is configured. %s The data source modelarts_devserver_images lists the others. %s",
			label, apidiag.Describe(err), nothingSent))}
	case l.imageErr != nil:
		return diag.Diagnostics{diag.NewAttributeWarningDiagnostic(path.Root("image_id"), summaryImageUnchecked, apidiag.Paragraphs(
			fmt.Sprintf("Whether image %s can be installed on DevServer %s was not checked. %s", id, label, refused),
			apidiag.Describe(l.imageErr)))}
	case l.image == nil:
		return diag.Diagnostics{diag.NewAttributeWarningDiagnostic(path.Root("image_id"), summaryImageUnlisted, fmt.Sprintf(
			"The service does not list image %s, which DevServer %s is to get: it may be mistyped, deleted, or an image that "+
				"another account shares. %s", id, label, refused))}
	default:
		return nil
	}
}

// describe says what was on the server when the plan was made; empty if it was not read.
func (l *lookup) describe(stopFirst bool) string {
	if !l.found() {
		return ""
	}

	installed := l.server.InstalledImage()
	parts := []string{"status " + cmp.Or(string(l.server.CurrentStatus()), "not shown")}

	if image := cmp.Or(l.quoted(installed.Name), l.quoted(installed.ImageID)); image != "" {
		parts = append(parts, "image "+image)
	}

	if flavor := l.quoted(l.server.Flavor); flavor != "" {
		parts = append(parts, "flavor "+flavor)
	}

	text := fmt.Sprintf(" When it was planned, the server had %s.", strings.Join(parts, ", "))

	switch reinstall.Precheck(l.server.CurrentStatus(), stopFirst) {
	case reinstall.StepStop:
		text += " The apply stops it first."
	case reinstall.StepAdopt:
		text += " It was being reinstalled: the apply waits for that, and sends its own request only if the result is not as asked." +
			endedInBetween
	case reinstall.StepWait:
		text += " The apply waits until that is over."
		if reinstall.ReplacesDisk(l.server.CurrentStatus()) {
			text += endedInBetween
		}
	case reinstall.StepSubmit, reinstall.StepRefuse:
	}

	return text
}

// quoted returns a text of the reply, which may be absent, as it may be quoted.
func (l *lookup) quoted(text *string) string {
	if text == nil || *text == "" {
		return ""
	}

	return l.quote(*text)
}

// protectionError refuses to erase a protected server.
func protectionError(label string, reasons []string) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("reinstall_protection"), summaryProtected, fmt.Sprintf(
		"This plan would erase the system disk of DevServer %s, and reinstall_protection is true. Reasons: %s. Undo what asks for "+
			"it, or set reinstall_protection to false. %s", label, strings.Join(reasons, ", "), nothingSent))
}

// countErasure counts an erasure of this plan. It refuses a second one of the same server, and one too many.
func (r *reinstallResource) countErasure(in *planInput, d *decision, seen *lookup) diag.Diagnostics {
	if !r.data.Configured() {
		return nil
	}

	label := serverName(in, seen)
	erasure := providerdata.Erasure{ServerID: in.plan.ID.ValueString(), Text: label + ": " + strings.Join(d.reasons, ", ")}

	if d.undecided {
		erasure = providerdata.Erasure{Text: label + ": depends on values that are known only after apply"}
	}

	planned, duplicate := r.data.Erasures.Plan(erasure)

	var diags diag.Diagnostics

	if duplicate {
		diags.AddAttributeError(path.Root("id"), summaryDuplicate, fmt.Sprintf(
			"Another resource of this configuration reinstalls DevServer %s too. Manage each server with one resource: find the "+
				"duplicate id, and remove one of the two. %s", label, nothingSentHere))
	}

	limit := r.data.MaxReinstalls
	if limit == nil || int64(len(planned)) <= *limit {
		return diags
	}

	if int64(len(planned)) > *limit+1 {
		diags.AddError(summaryTooMany, "One more: "+planned[len(planned)-1].Text+".")

		return diags
	}

	lines := make([]string, len(planned))
	for i, erasure := range planned {
		lines[i] = "  - " + erasure.Text
	}

	diags.AddError(summaryTooMany, fmt.Sprintf("This plan would erase the system disks of more servers than max_reinstalls of the "+
		"provider block allows (%d):\n\n%s\n\nTake servers out of the plan, or raise max_reinstalls. %s",
		*limit, strings.Join(lines, "\n"), nothingSentHere))

	return diags
}
