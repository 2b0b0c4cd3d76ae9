package osreinstall

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

func TestProgressMessage(t *testing.T) {
	t.Parallel()

	const id = "62383738-e52a-450a-9f84-f9e705402be8"

	for want, progress := range map[string]reinstall.Progress{
		id + ": checking the server, 0s of 60m": {Stage: reinstall.StageCheck, Limit: time.Hour},
		"trainer-1 (" + id + "): stopping the server, RUNNING, 40s of 60m": {
			ServerName: "trainer-1", Stage: reinstall.StageStop, Status: modelarts.StatusRunning,
			Elapsed: 40*time.Second + 300*time.Millisecond, Limit: time.Hour,
		},
		"trainer-1 (" + id + "): waiting for the reinstall to end, REINSTALLINGOS, 1m of 1m30s": {
			ServerName: "trainer-1", Stage: reinstall.StageWait, Status: modelarts.StatusReinstallingOS,
			Elapsed: 59*time.Second + 999*time.Millisecond, Limit: 90 * time.Second,
		},
		"trainer-1 (" + id + "): waiting for the reinstall to end, REINSTALLINGOS, 72m of 120m": {
			ServerName: "trainer-1", Stage: reinstall.StageWait, Status: modelarts.StatusReinstallingOS,
			Elapsed: 72*time.Minute + 59*time.Second, Limit: 2 * time.Hour,
		},
		"trainer-1 (" + id + "): waiting for a slot, STOPPED, 3m": {
			ServerName: "trainer-1", Stage: reinstall.StageQueue, Status: modelarts.StatusStopped, Elapsed: 3 * time.Minute,
		},
	} {
		progress.ServerID = id
		if got := progressMessage(progress); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestLogProgress(t *testing.T) {
	t.Parallel()

	var output bytes.Buffer

	log := logProgress(tflogtest.RootLogger(t.Context(), &output))
	log(reinstall.Progress{
		ServerID: "id", ServerName: "trainer-1", Stage: reinstall.StageWait, Status: modelarts.StatusReinstallingOS,
		Elapsed: 12 * time.Minute, Limit: time.Hour,
	})

	got, err := tflogtest.MultilineJSONDecode(&output)
	if err != nil {
		t.Fatal(err)
	}

	want := []map[string]any{{
		"@level": "info", "@message": "trainer-1 (id): waiting for the reinstall to end, REINSTALLINGOS, 12m of 60m",
		"@module": "provider", "server_id": "id", "server_name": "trainer-1", "status": "REINSTALLINGOS",
		"elapsed": "12m0s", "limit": "1h0m0s",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}
