package modelarts_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

const (
	// olderServer has what the reinstall page of 2025-08 documents.
	olderServer = `{
  "charging_mode":"PRE_PAID","cloud_server":{"id":"2c5261a0","type":"HPS","hps_id":"h1","hps_ecs_id":"e1"},"create_at":1699348284990,
  "endpoints":[{"allowed_access_ips":["192.0.2.1"],"dev_service":"SSH","service":"SSH","ssh_keys":["k1","k2"],"uri":"192.168.0.23"}],
  "endpoints_response":[{"allowed_access_ips":[],"dev_service":"NOTEBOOK","extensions":{"a":"b"},"ssh_keys":["k"]}],
  "flavor":"Si2.large.4","id":"62383738","key_pair_name":"key","order_id":"CS1","category":"HPS",
  "server_image_response":{"arch":"X86","image_id":"c90fb553","name":"Ubuntu","server_type":"ECS","status":"ACTIVE"},
  "server_hps":{"id":"s1","name":"super"},"name":"devserver-name","status":"REINSTALLOS","subnet_id":"sub","update_at":1699348285077,"vpc_id":"vpc"}`
	// newerServer has what differs in the documentation of 2026.
	newerServer = `{"id":"62383738","status":"RUNNING","endpoints":[{"dev_service":"AI_FLOW","key_pair_names":["k"],"service":"SSH","uri":"u"}],
  "image":{"arch":"X86_64","image_id":"c90fb553"},"resource_flavor":"new","volumes":[{"size":150,"type":"ROOT","evs_type":"GPSSD","evs_id":"v1"},{"type":"DATA"}]}`
	serverPage = `{"current":0,"data":[{"id":"a","status":"RUNNING"},{"id":"b"}],"pages":1,"size":2,"total":2}`
)

func TestDecodeServer(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		body string
		want *modelarts.Server
	}{
		"older": {olderServer, &modelarts.Server{
			ChargingMode: new("PRE_PAID"),
			CloudServer:  &modelarts.CloudServer{ID: new("2c5261a0"), Type: new("HPS"), HPSID: new("h1"), HPSECSID: new("e1")},
			CreateAt:     new(int64(1699348284990)),
			Endpoints: []modelarts.Endpoint{{
				AllowedAccessIPs: []string{"192.0.2.1"}, DevService: new("SSH"), Service: new("SSH"), SSHKeys: []string{"k1", "k2"}, URI: new("192.168.0.23"),
			}},
			EndpointsResponse: []modelarts.EndpointResponse{{
				AllowedAccessIPs: []string{}, DevService: new("NOTEBOOK"), Extensions: map[string]string{"a": "b"}, SSHKeys: []string{"k"},
			}},
			Flavor: new("Si2.large.4"), ID: new("62383738"), KeyPairName: new("key"), OrderID: new("CS1"), Category: new("HPS"),
			ServerImageResponse: &modelarts.Image{
				Arch: new("X86"), ImageID: new("c90fb553"), Name: new("Ubuntu"), ServerType: new("ECS"), Status: new("ACTIVE"),
			},
			ServerHPS: &modelarts.ServerHPS{ID: new("s1"), Name: new("super")},
			Name:      new("devserver-name"), Status: new(modelarts.StatusReinstallOS), SubnetID: new("sub"),
			UpdateAt: new(int64(1699348285077)), VPCID: new("vpc"),
		}},
		"newer": {newerServer, &modelarts.Server{
			ID: new("62383738"), Status: new(modelarts.StatusRunning),
			Endpoints: []modelarts.Endpoint{{DevService: new("AI_FLOW"), KeyPairNames: []string{"k"}, Service: new("SSH"), URI: new("u")}},
			Image:     &modelarts.Image{Arch: new("X86_64"), ImageID: new("c90fb553")},
			Volumes: []modelarts.Volume{
				{Size: new(int64(150)), Type: new("ROOT"), EVSType: new("GPSSD"), EVSID: new("v1")}, {Type: new("DATA")},
			},
		}},
		"unknown status": {`{"status":"DANCING"}`, &modelarts.Server{Status: new(modelarts.Status("DANCING"))}},
		"nulls":          {`{"id":"a","name":null,"image":null,"volumes":null,"create_at":null,"endpoints":[null]}`, &modelarts.Server{ID: new("a"), Endpoints: []modelarts.Endpoint{}}},
		"empty strings":  {`{"id":"","key_pair_name":""}`, &modelarts.Server{ID: new(""), KeyPairName: new("")}},
		"empty arrays":   {`{"endpoints":[],"endpoints_response":[],"volumes":[]}`, &modelarts.Server{Endpoints: []modelarts.Endpoint{}, EndpointsResponse: []modelarts.EndpointResponse{}, Volumes: []modelarts.Volume{}}},
		"wrong types":    {`{"id":"a","name":7,"status":true,"image":"x","volumes":{},"create_at":[],"cloud_server":[],"endpoints":"e","flavor":{}}`, &modelarts.Server{ID: new("a")}},
		"odd elements": {
			`{"volumes":[1,{"evs_id":"v"},"x",[]],"endpoints":[{"ssh_keys":[1,"k",null]}],"endpoints_response":[{"extensions":{"a":1,"b":"c"}}]}`,
			&modelarts.Server{
				Volumes: []modelarts.Volume{{EVSID: new("v")}}, Endpoints: []modelarts.Endpoint{{SSHKeys: []string{"k"}}},
				EndpointsResponse: []modelarts.EndpointResponse{{Extensions: map[string]string{"b": "c"}}},
			},
		},
		"empty object":    {`{}`, nil},
		"no known field":  {`{"foo":1}`, nil},
		"array":           {`[{"id":"a"}]`, nil},
		"null":            {`null`, nil},
		"empty":           {``, nil},
		"HTML":            {`<html>`, nil},
		"cut off":         {`{"id":"a"`, nil},
		"something else":  {`{"id":"a"}{}`, nil},
		"absurdly nested": {strings.Repeat(`{"a":`, 20000), nil},
	}

	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if diff := cmp.Diff(tt.want, modelarts.DecodeServer([]byte(tt.body))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEmptyServer(t *testing.T) {
	t.Parallel()

	for _, server := range []*modelarts.Server{nil, {}, {Volumes: []modelarts.Volume{{}}, Image: &modelarts.Image{}}} {
		if server.CurrentStatus() != "" || server.InstalledImageID() != "" || server.InstalledKeyPairName() != "" || server.RootVolumeID() != "" || server.UpdatedAt() != 0 {
			t.Errorf("%+v", server)
		}
	}
}

func TestServerMethods(t *testing.T) {
	t.Parallel()

	older, newer := modelarts.DecodeServer([]byte(olderServer)), modelarts.DecodeServer([]byte(newerServer))

	if older.InstalledImageID() != "c90fb553" || older.InstalledKeyPairName() != "key" || older.UpdatedAt() != 1699348285077 || older.RootVolumeID() != "" {
		t.Errorf("older: %+v", older)
	}

	if newer.InstalledImageID() != "c90fb553" || newer.CurrentStatus() != modelarts.StatusRunning || newer.RootVolumeID() != "v1" {
		t.Errorf("newer: %+v", newer)
	}
}

// A key pair or an image that the reply shows as empty differs from one that it does not show.
func TestShownEmptyIsNotAbsent(t *testing.T) {
	t.Parallel()

	const prefix = `{"id":"a"`

	for rest, want := range map[string]*string{
		`}`: nil, `,"key_pair_name":null}`: nil, `,"key_pair_name":7}`: nil, `,"key_pair_name":[]}`: nil,
		`,"key_pair_name":""}`: new(""), `,"key_pair_name":" "}`: new(" "), `,"key_pair_name":"k"}`: new("k"),
	} {
		server := modelarts.DecodeServer([]byte(prefix + rest))
		if diff := cmp.Diff(want, server.KeyPairName); diff != "" {
			t.Errorf("%s: %s", rest, diff)
		}

		name := ""
		if want != nil {
			name = *want
		}

		if server.InstalledKeyPairName() != name {
			t.Errorf("%s: got %q", rest, server.InstalledKeyPairName())
		}
	}

	for rest, want := range map[string]*string{
		`}`: nil, `,"image":null}`: nil, `,"image":{}}`: nil, `,"image":{"image_id":null}}`: nil, `,"image":{"image_id":7}}`: nil,
		`,"image":"i"}`: nil, `,"image":{"image_id":""}}`: new(""), `,"server_image_response":{"image_id":""}}`: new(""),
		`,"image":{"image_id":"i"}}`:                                              new("i"),
		`,"image":{"image_id":""},"server_image_response":{"image_id":"i"}}`:      new("i"),
		`,"image":{"image_id":"i"},"server_image_response":{"image_id":"older"}}`: new("i"),
		`,"image":{"image_id":"i"},"server_image_response":{"image_id":""}}`:      new("i"),
		`,"image":{},"server_image_response":{"image_id":""}}`:                    new(""),
	} {
		server := modelarts.DecodeServer([]byte(prefix + rest))
		if diff := cmp.Diff(want, server.ShownImageID()); diff != "" {
			t.Errorf("%s: %s", rest, diff)
		}

		id := ""
		if want != nil {
			id = *want
		}

		if server.InstalledImageID() != id {
			t.Errorf("%s: got %q", rest, server.InstalledImageID())
		}
	}

	var none *modelarts.Server
	if none.ShownImageID() != nil {
		t.Error("a server that is not there shows an image")
	}
}

// oddBodies are seeds for the fuzz tests.
var oddBodies = []string{
	"", " ", "null", "{}", "[]", `""`, "0", "<html><body>x</body></html>", olderServer, newerServer, serverPage, serverBody,
	`{"id":1,"create_at":"x","update_at":1.5,"endpoints":[1],"volumes":{}}`, `{"create_at":1e999}`, `{"data":[{}],"total":-1}`,
	`{"error_code":"ModelArts.6404","error_msg":"gone"}`, `{"error":{"code":401,"message":"m"}}`, `{"error":[]}`, "\xff\xfe", `{"id":"\ud800"}`,
}

func FuzzDecodeServer(f *testing.F) {
	for _, body := range oddBodies {
		f.Add([]byte(body))
	}

	f.Fuzz(func(t *testing.T, body []byte) {
		server := modelarts.DecodeServer(body)
		_, _, _, _, _ = server.CurrentStatus(), server.InstalledImageID(), server.InstalledKeyPairName(), server.RootVolumeID(), server.UpdatedAt()

		var members map[string]json.RawMessage
		if err := json.Unmarshal(body, &members); err != nil && server != nil {
			t.Errorf("a server out of %q", body)
		}
	})
}

func FuzzListServers(f *testing.F) {
	for _, body := range oddBodies {
		f.Add([]byte(body))
	}

	f.Add([]byte(serversPage(3, "a", "b")))

	f.Fuzz(func(t *testing.T, body []byte) {
		servers, err := newClient(t, always(http.StatusOK, string(body))).ListAllServers(t.Context())
		if err != nil && servers != nil {
			t.Errorf("%v and %v of %q", servers, err, body)
		}

		wantDistinct(t, servers, func(server modelarts.Server) *string { return server.ID })
	})
}

// wantDistinct checks that no two items of a listing have the same id.
func wantDistinct[T any](t *testing.T, items []T, id func(T) *string) {
	t.Helper()

	seen := map[string]bool{}

	for _, item := range items {
		if id := id(item); id == nil || *id == "" || seen[*id] {
			t.Errorf("%+v has no id, or that of another one", item)
		} else {
			seen[*id] = true
		}
	}
}

func FuzzDecodeError(f *testing.F) {
	for _, body := range oddBodies {
		f.Add(http.StatusBadRequest, []byte(body), "7")
		f.Add(http.StatusFound, []byte(body), "Sun, 23 Nov 2025 12:00:30 GMT")
	}

	f.Fuzz(func(t *testing.T, status int, body []byte, header string) {
		if status >= 200 && status <= 299 {
			return
		}

		client := newClient(t, always(status, string(body), "Retry-After", header, "X-Request-Id", header, "Location", header))

		_, err := reinstall(t.Context(), client)

		var refused *modelarts.Error
		if !errors.As(err, &refused) || refused.StatusCode != status {
			t.Fatalf("got %v", err)
		}

		if text := err.Error(); !utf8.ValidString(text) || strings.ContainsAny(text, "\x1b\n\r\x00") || strings.Contains(text, testPass) {
			t.Errorf("got %q", text)
		}

		if refused.RetryAfter < 0 || len([]rune(refused.Message)) > 2100 {
			t.Errorf("got %+v", refused)
		}
	})
}

func FuzzDecodeProjects(f *testing.F) {
	for _, body := range append([]string{
		`{"projects":[{"id":"p1","name":"cn-north-4"}]}`, `{"projects":[{"id":"p1"},{"id":"p2"}]}`, `{"projects":[{"id":"../x"},7]}`,
	}, oddBodies...) {
		f.Add([]byte(body))
	}

	f.Fuzz(func(t *testing.T, body []byte) {
		transport := always(http.StatusOK, string(body))
		client := newClient(t, transport, withoutProject)

		id, err := client.ProjectID(t.Context())
		if err != nil {
			if text := err.Error(); id != "" || !utf8.ValidString(text) || strings.ContainsAny(text, "\x1b\n\r\x00") {
				t.Errorf("got %q, %q", id, text)
			}

			return
		}

		// The id becomes part of the path that is signed.
		_, _ = client.GetServer(t.Context(), testServer)

		last := transport.all()[1]
		if got, err := url.PathUnescape(last.URI); err != nil || got != "/v1/"+id+"/dev-servers/"+testServer {
			t.Errorf("project %q leads to %q (%v)", id, last.URI, err)
		}

		if last.Header.Get("X-Project-Id") != id {
			t.Errorf("project %q, header %q", id, last.Header.Get("X-Project-Id"))
		}
	})
}

func FuzzDecodeAssumed(f *testing.F) {
	for _, body := range append([]string{
		`{"credential":{"access":"AK","secret":"SK","securitytoken":"token","expires_at":"2026-11-24T12:00:00.000000Z"}}`,
		`{"credential":{"access":"A K","secret":"","securitytoken":"t\n","expires_at":7}}`, `{"credential":[]}`,
	}, oddBodies...) {
		f.Add([]byte(body))
	}

	f.Fuzz(func(t *testing.T, body []byte) {
		transport := &memory{answer: func(n int, _ *http.Request) (*http.Response, error) {
			return response(http.StatusOK, []string{string(body), serverBody}[min(n, 2)-1]), nil
		}}

		_, err := roleClient(t, transport, hourRole).GetServer(t.Context(), testServer)
		asked := transport.all()

		if err != nil {
			// The reply may be secret, in whole or in part: nothing of it is quoted.
			const want = "GET " + testPath + ": not sent: assume role agency: the reply has no credentials (request id )"
			if len(asked) != 1 || err.Error() != want {
				t.Errorf("%d requests, %v", len(asked), err)
			}

			return
		}

		used := asked[1].Header
		if used.Get("X-Security-Token") == "" || !strings.Contains(used.Get("Authorization"), "Access=") {
			t.Errorf("signed with %v", used)
		}
	})
}
