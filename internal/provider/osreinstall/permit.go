package osreinstall

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// permit is what a plan allows an apply to do, and why.
type permit struct {
	number  int64 // counts the reinstalls that this resource has asked for
	reasons []string
}

// erases reports whether the permit is for more than waiting.
func (p *permit) erases() bool { return slices.ContainsFunc(p.reasons, erasing) }

// resumes reports whether the permit is for waiting for a reinstall that was sent before.
func (p *permit) resumes() bool { return slices.Contains(p.reasons, reasonResume) }

// notice puts the permit into words. It has the number in it, so that it never equals the one before: Terraform leaves
// out of a printed plan what does not change, and the reasons may well be the same again.
func (p *permit) notice() string {
	reasons := strings.Join(slices.DeleteFunc(slices.Clone(p.reasons), func(r string) bool { return !erasing(r) }), ", ")

	switch {
	case p.resumes() && p.erases():
		return fmt.Sprintf("waits for reinstall %d, then erases the system disk (reinstall %d): %s",
			p.number-1, p.number, reasons)
	case p.resumes():
		return fmt.Sprintf("waits for reinstall %d", p.number)
	default:
		return fmt.Sprintf("erases the system disk (reinstall %d): %s", p.number, reasons)
	}
}

// limit gives a request what the permit for it allows: which disk it may erase, what it waits for first, and what makes
// it pointless.
func (p *permit) limit(request *reinstall.Request, prior, plan *model, known marks) {
	request.KnownUpdate = prior.UpdateAt.ValueInt64()
	request.RootVolumeID = prior.rootVolumeID()
	request.Pointless = p.pointless(prior, plan, known.reimaged)
	request.WaitOnly = !p.erases()

	if p.resumes() {
		op := readLastReinstall(prior.LastReinstall).op
		request.Open = &op

		// What is configured by now has to be there as well, or the wait would end with less than that.
		if request.WaitOnly {
			op.ImageID = cmp.Or(op.ImageID, request.Body.ImageID)
			op.KeyPairName = cmp.Or(op.KeyPairName, request.Body.KeyPairName)
		}
	}
}

// planned is last_reinstall in a plan that will reinstall the server, or wait for op: the permit is known, so that people
// and policies see it, and nothing else is. When the disk was erased is known too, if the plan does not erase it again
// and it is clear that op was accepted.
func (p *permit) planned(op reinstall.Operation) types.Object {
	attributeTypes := lastReinstallTypes()
	values := make(map[string]attr.Value, len(attributeTypes))

	for name, attributeType := range attributeTypes {
		values[name] = unknownValue(attributeType)
	}

	values["number"] = types.Int64Value(p.number)
	values["notice"] = types.StringValue(p.notice())
	values["reasons"] = reasonsValue(p.reasons)

	if !p.erases() && op.State == reinstall.StateSubmitted {
		values["system_disk_erased_at"] = erasedAt(op)
	}

	return types.ObjectValueMust(attributeTypes, values)
}

// readPermit returns the permit of a planned last_reinstall, and reports whether it is one: that of a plan which sends
// nothing is known as a whole, or null.
func readPermit(object types.Object) (permit, bool) {
	state, ok := object.Attributes()["state"].(types.String)

	return readLastReinstall(object).permit, ok && state.IsUnknown()
}

// pointless returns what reports whether a server no longer needs the reinstall that the permit is for: each of the reasons
// can be looked up in the server, and none of them holds any longer. It is nil where there is another reason. What cannot be
// looked up in a server that was reimaged may have been served by an apply that was killed, unless it can be seen that it was not.
func (p *permit) pointless(prior, plan *model, reimaged bool) func(*modelarts.Server) bool {
	op := readLastReinstall(prior.LastReinstall).op
	holds := make([]func(*modelarts.Server) bool, 0, len(p.reasons))

	for _, reason := range p.reasons {
		switch {
		case reason == reasonFailed, reason == reasonNotStarted:
			holds = append(holds, func(server *modelarts.Server) bool { return !op.Recovered(server) })
		case reason == "image_id", strings.HasPrefix(reason, reasonDrift+"image_id"):
			holds = append(holds, func(server *modelarts.Server) bool {
				return !strings.EqualFold(server.InstalledImageID(), plan.ImageID.ValueString())
			})
		case reason == "key_pair_name", strings.HasPrefix(reason, reasonDrift+"key_pair_name"):
			holds = append(holds, func(server *modelarts.Server) bool {
				return server.InstalledKeyPairName() != plan.KeyPairName.ValueString()
			})
		case reimaged && reason != reasonResume:
			holds = append(holds, func(server *modelarts.Server) bool {
				status := server.CurrentStatus()

				return !usable(string(status)) || reinstall.InTransition(status) || len(reinstall.Compare(
					plan.ImageID.ValueString(), plan.KeyPairName.ValueString(), server.ShownImageID(), server.KeyPairName)) > 0
			})
		default:
			return nil
		}
	}

	return func(server *modelarts.Server) bool {
		return !slices.ContainsFunc(holds, func(holds func(*modelarts.Server) bool) bool { return holds(server) })
	}
}
