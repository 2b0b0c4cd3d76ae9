package provider

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-log/tflog"
	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

func TestLogTry(t *testing.T) {
	t.Parallel()

	var output bytes.Buffer

	ctx := tflog.SetField(tflogtest.RootLogger(t.Context(), &output), "tf_req_id", "1")
	logTry(ctx, modelarts.Try{Method: "GET", Path: "/v1", Duration: 1500 * time.Millisecond, Status: 200})
	logTry(ctx, modelarts.Try{Method: "POST", Path: "/v1", Duration: time.Second, Err: errors.New("broken")})

	got, err := tflogtest.MultilineJSONDecode(&output)
	if err != nil {
		t.Fatal(err)
	}

	want := []map[string]any{{
		"@level": "debug", "@message": "request", "@module": "provider.modelarts", "tf_req_id": "1",
		"method": "GET", "path": "/v1", "duration": "1.5s", "status": 200.0, "request_id": "",
	}, {
		"@level": "debug", "@message": "request", "@module": "provider.modelarts", "tf_req_id": "1",
		"method": "POST", "path": "/v1", "duration": "1s", "error": "broken",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

func TestLogTryWithoutTerraform(t *testing.T) {
	t.Parallel()

	logTry(t.Context(), modelarts.Try{Err: errors.New("no logger")})
}
