package provider

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// The reasons for a reinstall that are not the name of an argument.
const (
	reasonCreate     = "create"
	reasonFailed     = "failed"
	reasonNotStarted = "not_started"
	reasonResume     = "resume"
	reasonDrift      = "drift: "
)

// planInput is what a plan is decided from.
type planInput struct {
	prior *osReinstallModel // nil: there is no state
	plan  *osReinstallModel
	// keyConfigured tells whether key_pair_name is configured; where it is not, the plan has the server's.
	keyConfigured bool
	// imported tells whether no apply has come after an import yet.
	imported bool
}

// newPlanInput returns what a plan is decided from. prior is nil where there is no state. The state of another server says
// nothing about this one.
func newPlanInput(config, plan, prior *osReinstallModel, imported bool) planInput {
	in := planInput{plan: plan, keyConfigured: !config.KeyPairName.IsNull()}

	if prior != nil && prior.ID.Equal(plan.ID) {
		in.prior, in.imported = prior, imported
	}

	return in
}

// decision is what a plan decides.
type decision struct {
	reasons []string // why an apply acts; none: it sends nothing
	// undecided tells that a value which is known only at apply decides whether there is a reason.
	undecided bool
	// absorbed are the changes that an import takes over without a reinstall.
	absorbed []string
	// drift are the differences that are no reason, but worth a warning.
	drift []reinstall.Difference
	// mismatch are the differences that a mismatched reinstall left behind.
	mismatch []reinstall.Difference
	// settled tells that nothing contradicts a mismatched reinstall any more.
	settled bool
}

// erases tells whether an apply of the plan erases the system disk.
func (d *decision) erases() bool {
	return slices.ContainsFunc(d.reasons, erasing)
}

// permit is what the decision allows, after what prior has.
func (d *decision) permit(prior *osReinstallModel) *permit {
	p := &permit{number: permitOf(prior.LastReinstall).number, reasons: d.reasons}
	if p.erases() {
		p.number++
	}

	return p
}

// erasing tells whether reason asks for a reinstall, and not only for waiting.
func erasing(reason string) bool { return reason != reasonResume }

// decide says what an apply of the plan is to do, and why. It is the only place that says so: an apply acts on what
// the plan has written down, and decides nothing again.
func decide(in *planInput) decision {
	if in.prior == nil {
		return decision{reasons: []string{reasonCreate}}
	}

	differences := in.contradictions()

	if in.imported {
		return decision{drift: differences, absorbed: in.changes()}
	}

	if in.undecided() {
		return decision{undecided: true}
	}

	op, asked := operation(in.prior.LastReinstall)
	d := decision{reasons: in.changes()}

	switch {
	case asked && op.State.Open():
		d.reasons = append([]string{reasonResume}, d.reasons...)
	case asked && op.State == reinstall.StateFailed:
		d.reasons = append(d.reasons, reasonFailed)
	case asked && op.State == reinstall.StateNotStarted:
		d.reasons = append(d.reasons, reasonNotStarted)
	case asked && op.State == reinstall.StateMismatched && len(differences) == 0:
		d.settled = len(d.reasons) == 0
	case asked && op.State == reinstall.StateMismatched:
		var since []reinstall.Difference

		d.mismatch, since = sinceMismatch(op, differences)
		d.drifted(in, since)
	default:
		d.drifted(in, differences)
	}

	return d
}

// drifted adds what on_drift makes of the differences between unchanged arguments and the server.
func (d *decision) drifted(in *planInput, differences []reinstall.Difference) {
	differences = slices.DeleteFunc(slices.Clone(differences), func(difference reinstall.Difference) bool {
		return slices.Contains(d.reasons, difference.Attribute)
	})

	switch in.plan.OnDrift.ValueString() {
	case onDriftIgnore:
	case onDriftWarn:
		d.drift = differences
	default:
		for _, difference := range differences {
			d.reasons = append(d.reasons, fmt.Sprintf(
				"%s%s is %s, not %s", reasonDrift, difference.Attribute, difference.Found, difference.Asked))
		}
	}
}

// contradictions are the configured values that the server does not show. A value that is not known yet contradicts
// nothing.
func (in *planInput) contradictions() []reinstall.Difference {
	wantKeyPair := ""
	if in.keyConfigured {
		wantKeyPair = in.plan.KeyPairName.ValueString()
	}

	return reinstall.Compare(
		in.plan.ImageID.ValueString(), wantKeyPair,
		in.prior.installedImageID().ValueString(), in.prior.InstalledKeyPairName.ValueString())
}

// sinceMismatch parts the differences into those that a mismatched reinstall left, and those that came up since, which
// are drift.
func sinceMismatch(op reinstall.Operation, differences []reinstall.Difference) (left, since []reinstall.Difference) {
	installed := map[string]string{"image_id": op.InstalledImageID, "key_pair_name": op.InstalledKeyPairName}

	for _, difference := range differences {
		if difference.Found == installed[difference.Attribute] {
			left = append(left, difference)
		} else {
			since = append(since, difference)
		}
	}

	return left, since
}

// undecided tells whether an argument that may be a reason, or says what to do about drift, is known only at apply.
func (in *planInput) undecided() bool {
	plan := in.plan
	if plan.ImageID.IsUnknown() || plan.AdminPass.IsUnknown() || plan.AdminPassWOVersion.IsUnknown() ||
		plan.UserData.IsUnknown() || plan.UserDataWOVersion.IsUnknown() || plan.Triggers.IsUnknown() ||
		in.keyConfigured && plan.KeyPairName.IsUnknown() || plan.OnDrift.IsUnknown() && len(in.contradictions()) > 0 {
		return true
	}

	for _, value := range plan.Triggers.Elements() {
		if value.IsUnknown() {
			return true
		}
	}

	return false
}

// has is the image and the key pair that the server has, or gets by a reinstall whose end was not seen.
func (in *planInput) has() (image, keyPair string) {
	image, keyPair = in.prior.installedImageID().ValueString(), in.prior.InstalledKeyPairName.ValueString()

	if op, _ := operation(in.prior.LastReinstall); op.State.Open() {
		image, keyPair = cmp.Or(op.ImageID, image), cmp.Or(op.KeyPairName, keyPair)
	}

	return image, keyPair
}

// changes are the arguments whose change asks for a reinstall. One that is configured no longer does not, nor does an
// image or a key pair that the server has already.
func (in *planInput) changes() []string {
	prior, plan := in.prior, in.plan
	image, keyPair := in.has()

	var changes []string

	if changed(prior.ImageID, plan.ImageID) && plan.ImageID.ValueString() != image {
		changes = append(changes, "image_id")
	}

	if in.keyConfigured && changed(prior.KeyPairName, plan.KeyPairName) && plan.KeyPairName.ValueString() != keyPair {
		changes = append(changes, "key_pair_name")
	}

	if changed(prior.UserData, plan.UserData) &&
		encodeUserData(prior.UserData.ValueString()) != encodeUserData(plan.UserData.ValueString()) {
		changes = append(changes, "user_data")
	}

	if changed(prior.UserDataWOVersion, plan.UserDataWOVersion) {
		changes = append(changes, "user_data_wo_version")
	}

	if changed(prior.AdminPass, plan.AdminPass) {
		changes = append(changes, "admin_pass")
	}

	if changed(prior.AdminPassWOVersion, plan.AdminPassWOVersion) {
		changes = append(changes, "admin_pass_wo_version")
	}

	if retriggered(prior.Triggers, plan.Triggers) {
		changes = append(changes, "triggers")
	}

	return changes
}

// retriggered tells whether plan has other triggers than prior. None and an empty map are the same.
func retriggered(prior, plan types.Map) bool {
	if plan.IsNull() || len(plan.Elements())+len(prior.Elements()) == 0 {
		return false
	}

	return !plan.Equal(prior)
}

// changed tells whether plan asks for another value than prior.
func changed(prior, plan attr.Value) bool { return !plan.IsNull() && !plan.Equal(prior) }

// write writes the decision into the plan: the permit, and what a reinstall changes as unknown. All that it does not
// change stays known, or what depends on it would be replaced.
func (d *decision) write(in *planInput) {
	plan, prior := in.plan, in.prior

	if prior == nil {
		plan.LastReinstall = (&permit{number: 1, reasons: d.reasons}).planned(reinstall.Operation{})

		return
	}

	plan.serverModel = prior.serverModel
	plan.Region, plan.ProjectID = prior.Region, prior.ProjectID
	plan.InstalledKeyPairName = prior.InstalledKeyPairName
	plan.LastReinstall, plan.Ready = prior.LastReinstall, prior.Ready

	if !in.keyConfigured {
		plan.KeyPairName = prior.KeyPairName
	}

	switch {
	case d.settled:
		op, _ := operation(prior.LastReinstall)
		op.State = reinstall.StateCompleted
		plan.setOperation(permitOf(prior.LastReinstall), op)
	case len(d.reasons) > 0 || d.undecided:
		plan.unknownAfterReinstall()
		plan.InstalledKeyPairName = types.StringUnknown()
		plan.Ready = types.BoolUnknown()
		op, _ := operation(prior.LastReinstall)
		plan.LastReinstall = d.permit(prior).planned(op)

		if d.undecided {
			plan.LastReinstall = types.ObjectUnknown(lastReinstallTypes())
		}

		if !in.keyConfigured {
			plan.KeyPairName = types.StringUnknown()
		}
	}
}
