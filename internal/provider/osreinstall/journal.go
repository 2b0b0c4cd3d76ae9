package osreinstall

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/apidiag"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// summaryEarlier is the summary of a plan for a server of which the journal has a request that the state does not.
const summaryEarlier = "This plan takes up an earlier reinstall"

// site returns where the provider works.
func (r *reinstallResource) site(ctx context.Context) (reinstall.Site, error) {
	projectID, err := r.data.Client.ProjectID(ctx)

	return reinstall.Site{Endpoint: r.data.Client.Host(), Region: r.data.Region, ProjectID: projectID}, err
}

// record completes a request with what the journal records of it. prior is nil if there is no state.
func (r *reinstallResource) record(
	ctx context.Context, request *reinstall.Request, allowed permit, plan, prior *model,
) diag.Diagnostics {
	site, err := r.site(ctx)
	if err != nil {
		return diag.Diagnostics{apidiag.ProjectUnknown(err)}
	}

	request.Site = site
	request.Permit = reinstall.Permit{Number: allowed.number, Reasons: allowed.reasons, Inputs: inputsDigest(plan)}

	if prior != nil {
		request.Last = prior.lastOperation()
	}

	return nil
}

// lastOperation returns the last operation in the state; nil if there is none.
func (m *model) lastOperation() *reinstall.Operation {
	last := readLastReinstall(m.LastReinstall)
	if !last.asked {
		return nil
	}

	return &last.op
}

// inputsDigest returns a digest of what a request made from m installs. Passwords are not in it: a digest would give away a weak
// one to whoever reads the journal.
func inputsDigest(m *model) string {
	with := withArguments(m)

	text, err := json.Marshal(takenFrom(&with))
	if err != nil {
		return ""
	}

	sum := sha256.Sum256(append([]byte("inputs\n"), text...))

	return hex.EncodeToString(sum[:])
}

// acknowledge removes the record of an operation that the state has from the journal. One that cannot be removed does no harm
// while the state has the operation.
func (r *reinstallResource) acknowledge(ctx context.Context, state *model) {
	op := state.lastOperation()
	if op == nil || !r.data.Configured() {
		return
	}

	if err := r.data.Engine.Acknowledge(ctx, state.ID.ValueString(), *op); err != nil {
		tflog.Warn(ctx, "the record of a reinstall that the state has stays in the journal", map[string]any{"error": err.Error()})
	}
}

// acknowledgeInputs removes the record of a request whose inputs the state has taken in without a reinstall.
func (r *reinstallResource) acknowledgeInputs(ctx context.Context, state *model) {
	if err := r.data.Engine.AcknowledgeInputs(ctx, state.ID.ValueString(), inputsDigest(state)); err != nil {
		tflog.Warn(ctx, "the record of a reinstall that the state has stays in the journal", map[string]any{"error": err.Error()})
	}
}

// earlier returns the request of an earlier apply that an apply of the plan takes up first; nil if there is none. root is the system
// disk of the server; empty: it is not known.
func (r *reinstallResource) earlier(ctx context.Context, in *planInput, root string) (*reinstall.Record, error) {
	site, err := r.site(ctx)
	if err != nil {
		return nil, nil //nolint:nilerr // the diagnostics of the server say so
	}

	var last *reinstall.Operation
	if in.prior != nil {
		last = in.prior.lastOperation()
	}

	return r.data.Engine.Earlier(in.plan.ID.ValueString(), site, last, root)
}

// recorded reports whether the journal has a request of an earlier apply that the state does not have. One that cannot be used
// counts.
func (r *reinstallResource) recorded(ctx context.Context, in *planInput) bool {
	record, err := r.earlier(ctx, in, "")
	_, unusable := errors.AsType[*reinstall.RecordError](err)

	return record != nil || unusable
}

// earlierDiagnostics says what the plan does about the request of an earlier apply, and whether that may spare the disk.
func (l *lookup) earlierDiagnostics(in *planInput, label string) (diags diag.Diagnostics, same bool) {
	if l == nil {
		return nil, false
	}

	if record, unusable := errors.AsType[*reinstall.RecordError](l.earlierErr); unusable {
		return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("id"), apidiag.SummaryRecord, apidiag.Paragraphs(
			fmt.Sprintf("This plan would erase the system disk of DevServer %s. %s", label, nothingSent), apidiag.Describe(record)))}, false
	}

	if l.earlier == nil {
		return nil, false
	}

	same = l.earlier.Permit.Inputs == inputsDigest(in.plan)
	detail := fmt.Sprintf("The journal has a reinstall of DevServer %s, sent at %s, that the state does not have: the apply was "+
		"killed, lost its state, or is still in progress (%s).", label, timeValue(l.earlier.Operation.SubmittedAt).ValueString(), l.earlier.Path)

	if same {
		detail += " This plan asks for the same. It waits for the end of that reinstall, and if it ended as asked, keeps its result " +
			"and erases nothing."
		if !in.plan.AdminPass.IsNull() {
			detail += " The journal has no passwords: if admin_pass was changed since, the server has the old one."
		}

		detail += " If it ended otherwise or never started, the system disk is erased."
	} else {
		detail += " This plan asks for something else. It waits for the end of that reinstall first, and then erases the system disk. If " +
			"that is another one by then than this plan was made for, the apply is refused: plan again."
	}

	return diag.Diagnostics{diag.NewAttributeWarningDiagnostic(path.Root("last_reinstall"), summaryEarlier, detail)}, same
}

// describeErasure says what the plan does to the disk.
func describeErasure(label string, reasons []string, spared bool) string {
	if spared {
		return fmt.Sprintf("Unless the earlier reinstall is kept, this plan reinstalls DevServer %s, which erases its system disk. "+
			"Reasons: %s.", label, strings.Join(reasons, ", "))
	}

	return fmt.Sprintf("This plan reinstalls DevServer %s, which erases its system disk. Reasons: %s.", label, strings.Join(reasons, ", "))
}
