package reinstall

import "github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"

// Step is what to do with a server before a reinstall can be sent to it.
type Step int

// The steps.
const (
	StepSubmit Step = iota // it can be sent
	StepStop               // stop the server, then look again
	StepWait               // something else is under way: look again
	StepJoin               // a reinstall is under way: wait for its end
	StepRefuse             // nothing that a client may do leads to a legal status
)

// Precheck says what to do with a server in status.
func Precheck(status modelarts.Status, stopFirst bool) Step {
	switch {
	case startable(status):
		return StepSubmit
	case inProgress(status):
		return StepJoin
	}

	switch status {
	case modelarts.StatusRunning:
		if stopFirst {
			return StepStop
		}

		return StepRefuse
	case modelarts.StatusStarting, modelarts.StatusStopping, modelarts.StatusRebooting,
		modelarts.StatusCreating, modelarts.StatusChangingOS:
		return StepWait
	default:
		return StepRefuse
	}
}
