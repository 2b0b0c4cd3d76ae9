package osreinstall

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// permit says what a plan allows an apply to do, and why.
type permit struct {
	number  int64 // counts the reinstalls that this resource has asked for
	reasons []string
}

// erases reports whether the permit allows a reinstall, and not only waiting.
func (p *permit) erases() bool { return slices.ContainsFunc(p.reasons, erasing) }

// resumes reports whether the apply first waits for an earlier reinstall.
func (p *permit) resumes() bool { return slices.Contains(p.reasons, reasonResume) }

// notice describes what the permit allows on the server of m, in words that hold before and after the apply. The number makes
// it differ from the one before: Terraform does not print unchanged values, and the reasons may be the same again. A first
// reinstall may follow another one, if it is a replacement, so it has the beginning of the id of the disk, which is planned too.
func (p *permit) notice(m *model) types.String {
	name := cmp.Or(m.Name.ValueString(), m.ID.ValueString())
	reasons := strings.Join(slices.DeleteFunc(slices.Clone(p.reasons), func(r string) bool { return !erasing(r) }), ", ")

	switch {
	case p.resumes() && p.erases():
		return types.StringValue(fmt.Sprintf("waits for reinstall %d of %s, then erases its system disk (reinstall %d): %s",
			p.number-1, name, p.number, reasons))
	case p.resumes():
		return types.StringValue(fmt.Sprintf("waits for reinstall %d of %s", p.number, name))
	case slices.Contains(p.reasons, reasonCreate):
		disk, _ := m.plannedDisk()
		if disk, _, _ = strings.Cut(disk, "-"); disk != "" {
			disk = ", disk " + disk
		}

		return types.StringValue(fmt.Sprintf("erases the system disk of %s (reinstall %d%s): %s", name, p.number, disk, reasons))
	default:
		return types.StringValue(fmt.Sprintf("erases the system disk of %s (reinstall %d): %s", name, p.number, reasons))
	}
}

// limit restricts a request to the permit: which disk it may erase, what it waits for first, and what makes it pointless.
func (p *permit) limit(request *reinstall.Request, prior, plan *model, reimaged bool) {
	request.KnownUpdate = prior.UpdateAt.ValueInt64()
	request.RootVolumeID = prior.rootVolumeID()
	request.Pointless = p.pointless(prior, plan, reimaged)
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

// planned returns last_reinstall for a plan that reinstalls the server or waits for op. Only the permit is known, so that
// people and policies see it; and the time of the erasure, if the plan does not erase again and op is known to be accepted.
// disk is the system disk that the plan is made for.
func (p *permit) planned(op reinstall.Operation, disk types.String) types.Object {
	values := unknownValues(lastReinstallTypes())
	evidence := unknownValues(evidenceTypes())
	evidence["planned_root_volume_id"] = disk

	values["number"] = types.Int64Value(p.number)
	values["reasons"] = reasonsValue(p.reasons)
	values["evidence"] = types.ObjectValueMust(evidenceTypes(), evidence)

	if !p.erases() && op.State == reinstall.StateSubmitted {
		values["system_disk_erased_at"] = erasedAt(op)
	}

	return types.ObjectValueMust(lastReinstallTypes(), values)
}

// readPermit returns the permit in a planned last_reinstall, and reports whether there is one. In a plan that sends nothing,
// last_reinstall is null or wholly known.
func readPermit(object types.Object) (permit, bool) {
	state, ok := object.Attributes()["state"].(types.String)

	return readLastReinstall(object).permit, ok && state.IsUnknown()
}

// pointless returns a function that reports whether a server no longer needs the permitted reinstall: each reason can be
// checked against the server, and none still holds. It is nil if there is a reason that cannot be checked. For a reimaged
// server such a reason counts as served, by an apply that was killed, unless the server shows that it was not.
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
