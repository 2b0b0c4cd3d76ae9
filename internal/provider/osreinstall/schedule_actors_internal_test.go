package osreinstall

import (
	"slices"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// actorRule is an actor as a rule of the cloud: it acts at the moment of a request.
func (w *world) actorRule(actor scheduleActor) simulator.Fault {
	act := func(*simulator.Cloud, string) { w.act(actor) }
	rule := simulator.Fault{Action: actor.on, ServerID: w.ids[actor.server], After: actor.after, Times: 1}

	if actor.reply {
		rule.Name, rule.OnReply = "somebody after "+actor.on, act
	} else {
		rule.Name, rule.OnMatch = "somebody before "+actor.on, act
	}

	return rule
}

// act lets an actor do something, unless that would leave a request without any outcome that a client could know.
func (w *world) act(actor scheduleActor) {
	w.mu.Lock()
	defer w.mu.Unlock()

	id := w.ids[actor.server]
	if !w.mayAct(actor) {
		return
	}

	w.trace.acts = append(w.trace.acts, traceAct{actor, time.Now()})

	switch actor.kind {
	case actReimage:
		w.cloud.Reimage(id, actor.image)
	case actReinstall:
		w.cloud.BeginReinstall(id, actor.image, actor.key)
	case actImage:
		w.cloud.SetImage(id, actor.image)
	case actKeyPair:
		w.cloud.SetKeyPair(id, actor.key)
	case actPutRight:
		if actor.image != "" {
			w.cloud.SetImage(id, actor.image)
		}

		if actor.key != "" {
			w.cloud.SetKeyPair(id, actor.key)
		}
	case actPowerOn:
		w.cloud.PowerOn(id)
	case actPowerOff:
		w.cloud.PowerOff(id)
	case actDelete:
		w.cloud.Delete(id)
	}
}

// mayAct reports whether an actor may act now.
//
// Nobody acts on a machine in a transitional status: the service refuses that, but for a reinstall during a reinstall, where
// it allows it. Nor does anybody start or stop a machine whose reinstall has failed: it cannot be started; or one that stops
// for a moment in its reinstall.
//
// Where the system disk is shown, people do what they like at any other time: it tells what they have done. Where it is
// hidden, nobody else erases a disk while a request of ours has been sent and its end is not in the state: the machine would
// then show just what the request leads one to expect. Nor does anybody start, stop or change the machine then, but in meddling
// schedules: it may never show again what it showed before, nor its end, and only -replace leads out of that.
func (w *world) mayAct(actor scheduleActor) bool {
	if actor.kind == actDelete {
		return true // a machine that is gone is gone, whatever it was doing
	}

	truth, ok := w.cloud.Server(w.ids[actor.server])
	power := actor.kind == actPowerOn || actor.kind == actPowerOff
	again := actor.kind == actReinstall && transitionalReinstall(truth.Status) && w.schedule.behavior.AcceptDuringReinstall

	switch {
	case !ok, transitional(truth.Status) && !again, actor.kind == actImage && actor.image == "":
		return false
	case power && failedEnd(truth.Status) && truth.Status != simulator.StatusStartFailed, power && w.reinstalling(actor.server):
		return false
	case !w.schedule.rootHidden(), !w.requestOpen(actor.server):
		return true
	default:
		return w.schedule.meddling && actor.kind != actReimage && actor.kind != actReinstall && !failedEnd(truth.Status)
	}
}

// reinstalling reports whether a reinstall of a server has not come to its last status yet.
func (w *world) reinstalling(server int) bool {
	d := w.schedule.durations
	all := d.Reinstall + time.Duration(len(w.schedule.behavior.Via))*d.Start

	return slices.ContainsFunc(w.cloud.WipesOf(w.ids[server]), func(wipe simulator.Wipe) bool { return time.Since(wipe.Time) < all })
}

// requestOpen reports whether a request for a server has been sent, or may have been, and its end is in no state.
func (w *world) requestOpen(server int) bool {
	return slices.ContainsFunc(w.workspaces, func(space *workspace) bool {
		b := space.busy[server]

		return b.applying && (b.ambiguous || w.cloud.ReinstallPosts(w.ids[server]) > b.posts) || w.openIn(space, server)
	})
}

// openIn reports whether a request for a server may still change it, as a state or its journal has it.
func (w *world) openIn(space *workspace, server int) bool {
	if space.known[server].open() {
		return true
	}

	record := recordOf(space.disk, w.ids[server])
	op, asked := space.known[server].operation()

	return record != nil && record.Operation.State.Open() && (!asked || !op.SubmittedAt.Equal(record.Operation.SubmittedAt))
}

// transitional reports whether a status is transitional.
func transitional(status string) bool {
	switch status {
	case simulator.StatusCreating, simulator.StatusStarting, simulator.StatusStopping, simulator.StatusRebooting,
		simulator.StatusChangingOS, simulator.StatusReinstallingOS, simulator.StatusReinstallOS:
		return true
	default:
		return false
	}
}
