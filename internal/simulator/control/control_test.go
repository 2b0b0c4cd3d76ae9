package control_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator/control"
)

const body = `{"key_pair_name":"kp-1"}`

// reinstall has a client of the API reinstall a server.
func reinstall(t *testing.T, cloud *simulator.Cloud, id string) {
	t.Helper()
	path := "/v1/" + simulator.DefaultProjectID + "/dev-servers/" + id + "/reinstallos"
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://modelarts.example.com"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Auth-Token", simulator.DefaultToken)
	resp, err := cloud.RoundTripper().RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("the reinstall is answered with %s", resp.Status)
	}
}

// call calls a control route.
func call(t *testing.T, h http.Handler, method, name, body string, into any) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://127.0.0.1/_simulator/"+name, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	if into != nil {
		if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
			t.Fatalf("%s: %s: %s", name, err, w.Body)
		}
	}
	return w.Code
}

func TestHandler(t *testing.T) {
	t.Parallel()
	cloud := simulator.New(simulator.Config{})
	ended := false
	h := control.Handler(cloud, func() { ended = true })
	var server simulator.Server
	if status := call(t, h, "POST", "add-server", `{"name":"a","status":"STOPPED"}`, &server); status != 200 || server.Name != "a" {
		t.Fatalf("%d %+v", status, server)
	}
	for _, step := range []struct {
		name, body string
		want       int
	}{
		{"reimage", `{"server_id":"` + server.ID + `","image_id":"` + simulator.UbuntuImageID + `"}`, 200},
		{"reimage", `{"server_id":"x"}`, 400},
		{"reimage", `{"id":"x"}`, 400},
		{"set-status", `{"server_id":"` + server.ID + `","status":"STOPPED"}`, 200},
		{"add-fault", `{"name":"f","action":"get","status":500,"times":1,"delay":"1ns"}`, 200},
		{"add-fault", `{"delay":1}`, 400},
		{"add-fault", `{"when":"now"}`, 400},
		{"remove-fault", `{"id":1}`, 200},
		{"remove-fault", `{"id":2}`, 400},
		{"add-image", `{"name":"i"}`, 200},
		{"add-server", `{"id":"x"}`, 400},
		{"add-server", `{"id":"` + server.ID + `"}`, 400},
		{"sync", ``, 200},
		{"power-off", `{"server_id":"` + server.ID + `"}`, 200},
		{"unknown", `{}`, 404},
	} {
		if got := call(t, h, "POST", step.name, step.body, nil); got != step.want {
			t.Errorf("%s %s: %d, want %d", step.name, step.body, got, step.want)
		}
	}
	reinstall(t, cloud, server.ID)
	var wipes []simulator.Wipe
	var requests []simulator.Request
	var violations, innocent []string
	var servers []simulator.Server
	var hits map[string]int
	for name, into := range map[string]any{
		"wipes": &wipes, "requests": &requests, "violations": &violations, "innocent": &innocent, "servers": &servers, "faults-hit": &hits,
	} {
		call(t, h, "GET", name, "", into)
	}
	if len(wipes) != 2 || !wipes[0].Outside || wipes[1].RequestN != 1 || len(requests) != 1 || string(requests[0].Body) != body ||
		len(servers) != 1 || violations == nil || len(violations) != 0 {
		t.Errorf("wipes %+v, requests %+v, servers %+v, violations %v", wipes, requests, servers, violations)
	}
	call(t, h, "POST", "reset-log", "", nil)
	call(t, h, "POST", "shutdown", "", nil)
	if !ended || len(cloud.Requests()) != 0 {
		t.Error("not reset, or not ended")
	}
}
