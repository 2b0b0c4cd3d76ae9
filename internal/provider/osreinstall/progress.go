package osreinstall

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/apidiag"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// logProgress returns a callback that logs the progress of a run.
func logProgress(ctx context.Context) func(reinstall.Progress) {
	return func(p reinstall.Progress) {
		fields := map[string]any{
			"server_id": p.ServerID, "server_name": p.ServerName, "status": string(p.Status),
			"elapsed": p.Elapsed.Round(time.Second).String(),
		}
		if p.Limit > 0 {
			fields["limit"] = p.Limit.String()
		}

		tflog.Info(ctx, progressMessage(p), fields)
	}
}

// progressMessage describes the progress of a run in one line, whose parts are always in the same order, such as
// "trainer-1 (62383738-e52a-450a-9f84-f9e705402be8): waiting for the reinstall to end, REINSTALLINGOS, 12m of 60m".
func progressMessage(p reinstall.Progress) string {
	message := fmt.Sprintf("%s: %s", apidiag.ServerName(p.ServerID, p.ServerName), p.Stage)
	if p.Status != "" {
		message += ", " + string(p.Status)
	}

	elapsed := p.Elapsed.Round(time.Second)
	if elapsed > time.Minute {
		elapsed = elapsed.Truncate(time.Minute)
	}

	message += ", " + shortDuration(elapsed)
	if p.Limit > 0 {
		message += " of " + shortDuration(p.Limit.Round(time.Second))
	}

	return message
}

// shortDuration formats a duration of whole seconds: in minutes if there are no seconds besides, as Terraform's timeouts are
// usually written.
func shortDuration(d time.Duration) string {
	minutes, seconds := d/time.Minute, d%time.Minute/time.Second

	switch {
	case minutes == 0:
		return fmt.Sprintf("%ds", seconds)
	case seconds == 0:
		return fmt.Sprintf("%dm", minutes)
	default:
		return fmt.Sprintf("%dm%ds", minutes, seconds)
	}
}
