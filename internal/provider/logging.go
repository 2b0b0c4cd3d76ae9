package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// logSubsystem is the name of the API client in Terraform's log.
const logSubsystem = "modelarts"

// logTry writes a try of a request to Terraform's log, which is in ctx.
func logTry(ctx context.Context, try modelarts.Try) {
	fields := map[string]any{"method": try.Method, "path": try.Path, "duration": try.Duration.String()}

	if try.Err != nil {
		fields["error"] = try.Err.Error()
	} else {
		fields["status"] = try.Status
		fields["request_id"] = try.RequestID()
	}

	ctx = tflog.NewSubsystem(ctx, logSubsystem, tflog.WithRootFields())
	tflog.SubsystemDebug(ctx, logSubsystem, "request", fields)
}
