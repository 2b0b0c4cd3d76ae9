package provider

import (
	"bytes"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

func TestLogger(t *testing.T) {
	t.Parallel()

	var output bytes.Buffer

	ctx := tflogtest.RootLogger(t.Context(), &output)
	logger := newLogger().With("service", "iam").WithGroup("http").With("method", "GET")

	logger.DebugContext(ctx, "request", "status", 200, "duration", 1500*time.Millisecond,
		slog.Group("reply", "id", "r-1"), "secret", modelarts.NewSecret("s3cret"), "err", errors.New("broken"))
	logger.InfoContext(ctx, "info")
	logger.WarnContext(ctx, "warn")
	logger.ErrorContext(ctx, "error")
	logger.Log(ctx, slog.LevelDebug-4, "trace")

	got, err := tflogtest.MultilineJSONDecode(&output)
	if err != nil {
		t.Fatal(err)
	}

	common := func(level, message string) map[string]any {
		return map[string]any{
			"@level": level, "@message": message, "@module": "provider.modelarts", "service": "iam", "http.method": "GET",
		}
	}

	first := common("debug", "request")
	first["http.status"] = 200.0
	first["http.duration"] = "1.5s"
	first["http.reply.id"] = "r-1"
	first["http.secret"] = "***"
	first["http.err"] = "broken"

	want := []map[string]any{
		first, common("info", "info"), common("warn", "warn"), common("error", "error"), common("trace", "trace"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

func TestLoggerWithoutTerraform(t *testing.T) {
	t.Parallel()

	newLogger().ErrorContext(t.Context(), "nobody listens")
}
