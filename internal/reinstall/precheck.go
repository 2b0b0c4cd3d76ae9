package reinstall

import (
	"slices"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// Step says what to do with a server before a reinstall can be sent to it.
type Step int

// The steps.
const (
	StepSubmit Step = iota // send the request
	StepStop               // stop the server, then read it again
	StepWait               // something else is in progress: read it again
	StepAdopt              // a reinstall is in progress: wait for its end
	StepRefuse             // nothing that a client may do leads to a legal status
)

// Precheck says what to do with a server in status.
func Precheck(status modelarts.Status, stopFirst bool) Step {
	switch {
	case isLegal(status):
		return StepSubmit
	case inProgress(status):
		return StepAdopt
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

// LegalStatuses returns the statuses from which the service accepts a reinstall.
//
// See https://support.huaweicloud.com/intl/en-us/usermanual-server-modelarts/usermanual-server-0020.html
func LegalStatuses() []modelarts.Status {
	return []modelarts.Status{
		modelarts.StatusStopped, modelarts.StatusReinstallingOSFailed, modelarts.StatusChangingOSFailed,
	}
}

// isLegal reports whether the service accepts a reinstall of a server in status.
func isLegal(status modelarts.Status) bool { return slices.Contains(LegalStatuses(), status) }

// inProgress reports whether status is that of a reinstall in progress. The API page's own example has the second form.
func inProgress(status modelarts.Status) bool {
	return status == modelarts.StatusReinstallingOS || status == modelarts.StatusReinstallOS
}

// ReplacesDisk reports whether a server in status is getting another system disk.
func ReplacesDisk(status modelarts.Status) bool {
	return inProgress(status) || status == modelarts.StatusChangingOS
}

// InTransition reports whether status changes without a request. What a server shows in the meantime says nothing about
// what it will be.
func InTransition(status modelarts.Status) bool {
	switch status {
	case modelarts.StatusCreating, modelarts.StatusStarting, modelarts.StatusStopping, modelarts.StatusRebooting,
		modelarts.StatusChangingOS, modelarts.StatusReinstallingOS, modelarts.StatusReinstallOS:
		return true
	default:
		return false
	}
}
