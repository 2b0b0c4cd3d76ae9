package osreinstall

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/apidiag"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// write writes the decision into the plan: the permit, and what a reinstall changes as unknown. Everything else stays
// known, or resources that depend on it would be replaced.
func (d *decision) write(in *planInput, seen *lookup) {
	if in.prior == nil {
		d.writeCreate(in.plan, seen)
	} else {
		d.writeUpdate(in)
	}
}

// writeCreate writes a first reinstall. Terraform plans it again in the apply, and refuses it if a known value has changed: so
// the disk is known, and of the rest only what stays as it is.
func (d *decision) writeCreate(plan *model, seen *lookup) {
	first := permit{number: 1, reasons: d.reasons}

	plan.ErasesSystemDisk = types.BoolValue(true)
	plan.ReinstallNotice = types.StringUnknown()
	plan.LastReinstall = first.planned(reinstall.Operation{}, seen.disk())

	if seen.found() {
		plan.ShowFixed(seen.model())
		plan.Region, plan.ProjectID = seen.region, seen.projectID
		plan.ReinstallNotice = first.notice(plan)
	}
}

// writeUpdate writes what is done to a server in the state. It goes by the state alone, so that the plan that Terraform makes
// again in the apply is the same.
func (d *decision) writeUpdate(in *planInput) {
	plan, prior := in.plan, in.prior

	plan.Model = prior.Model
	plan.Region, plan.ProjectID = prior.Region, prior.ProjectID
	plan.InstalledKeyPairName = prior.InstalledKeyPairName
	plan.LastReinstall, plan.Ready = prior.LastReinstall, prior.Ready
	plan.ErasesSystemDisk, plan.ReinstallNotice = prior.ErasesSystemDisk, prior.ReinstallNotice

	switch {
	case d.undecided:
		plan.setUnknownAfterReinstall()
		plan.LastReinstall = types.ObjectUnknown(lastReinstallTypes())
		plan.ErasesSystemDisk, plan.ReinstallNotice = types.BoolUnknown(), types.StringUnknown()
	case len(d.reasons) > 0:
		allowed := d.permit(&in.last)

		plan.setUnknownAfterReinstall()
		plan.LastReinstall = allowed.planned(in.last.op, d.plannedDisk(in))
		plan.ErasesSystemDisk, plan.ReinstallNotice = types.BoolValue(d.erases()), allowed.notice(plan)
	case d.settled:
		d.writeSettled(in)
		d.keepsDisk(plan)
	case plan.hasUnknownSetting(): // which may turn out to be as it was, and then the plan has no change
		plan.ErasesSystemDisk, plan.ReinstallNotice = types.BoolUnknown(), types.StringUnknown()
	case !plan.sameArguments(prior):
		d.keepsDisk(plan)
	}
}

// hasUnknownSetting reports whether an argument that is no reason for a reinstall is known only at apply.
func (m *model) hasUnknownSetting() bool {
	return m.StopBeforeReinstall.IsUnknown() || m.OnDrift.IsUnknown() || m.ReinstallProtection.IsUnknown() ||
		m.Timeouts.IsUnknown() || slices.ContainsFunc(slices.Collect(maps.Values(m.Timeouts.Attributes())), attr.Value.IsUnknown)
}

// setUnknownAfterReinstall makes unknown what a reinstall changes.
func (m *model) setUnknownAfterReinstall() {
	installed := m.InstalledKeyPairName.ValueString()

	m.SetUnknownAfterReinstall(installed != "" && m.KeyPairName.ValueString() == installed)
	m.InstalledKeyPairName = types.StringUnknown()
	m.Ready = types.BoolUnknown()
}

// plannedDisk returns the system disk that the plan is made for. It is unknown if the plan waits for another reinstall first.
func (d *decision) plannedDisk(in *planInput) types.String {
	switch {
	case !d.erases():
		return in.last.plannedDisk
	case in.last.asked && in.last.op.State.Open():
		return types.StringUnknown()
	default:
		return textValue(in.prior.rootVolumeID())
	}
}

// writeSettled writes that the last reinstall counts as completed, whatever it was.
func (d *decision) writeSettled(in *planInput) {
	last := in.last
	last.op.State = reinstall.StateCompleted

	if in.reimaged { // by somebody else, or by an apply that was killed
		last.op.Adopted, last.with = true, withArguments(in.plan)
	}

	in.plan.setLastReinstall(last)

	if in.last.op.State == reinstall.StateCompleted {
		in.plan.Ready = in.prior.Ready // false where the refresh did not find the server
	}
}

// keepsDisk writes that the apply sends nothing.
func (d *decision) keepsDisk(plan *model) {
	notice := "keeps the system disk of " + cmp.Or(plan.Name.ValueString(), plan.ID.ValueString())
	if len(d.drift) > 0 {
		notice += fmt.Sprintf(", although %s", apidiag.DescribeDifferences(d.drift))
	}

	plan.ErasesSystemDisk, plan.ReinstallNotice = types.BoolValue(false), types.StringValue(notice)
}

// sameArguments reports whether two models have the same arguments.
func (m *model) sameArguments(other *model) bool {
	return m.ImageID.Equal(other.ImageID) && m.KeyPairName.Equal(other.KeyPairName) &&
		m.AdminPass.Equal(other.AdminPass) && m.AdminPassWOVersion.Equal(other.AdminPassWOVersion) &&
		m.UserData.Equal(other.UserData) && m.UserDataWOVersion.Equal(other.UserDataWOVersion) &&
		m.Triggers.Equal(other.Triggers) && m.StopBeforeReinstall.Equal(other.StopBeforeReinstall) &&
		m.OnDrift.Equal(other.OnDrift) && m.ReinstallProtection.Equal(other.ReinstallProtection) &&
		m.Timeouts.Equal(other.Timeouts)
}
