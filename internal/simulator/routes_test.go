package simulator_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

var statuses = []string{
	simulator.StatusCreateFailed, simulator.StatusCreating, simulator.StatusDeleted, simulator.StatusDeleteFailed,
	simulator.StatusDeleting, simulator.StatusError, simulator.StatusRunning, simulator.StatusStarting,
	simulator.StatusStartFailed, simulator.StatusStopped, simulator.StatusStopping, simulator.StatusStopFailed,
	simulator.StatusRebooting, simulator.StatusRebootFailed, simulator.StatusChangingOS, simulator.StatusChangingOSFailed,
	simulator.StatusReinstallingOS, simulator.StatusReinstallOS, simulator.StatusReinstallingOSFailed, "UNHEARD_OF",
}

func TestLegalStarts(t *testing.T) {
	t.Parallel()
	osStart := []string{simulator.StatusStopped, simulator.StatusReinstallingOSFailed, simulator.StatusChangingOSFailed}
	for _, test := range []struct {
		name, method, action, body string
		behavior                   simulator.Behavior
		legal                      []string
	}{
		{name: "start", method: http.MethodPut, action: "start", body: "{}", legal: []string{simulator.StatusStopped, simulator.StatusStartFailed}},
		{name: "stop", method: http.MethodPut, action: "stop", legal: []string{simulator.StatusRunning}},
		{name: "reboot", method: http.MethodPut, action: "reboot", legal: []string{simulator.StatusRunning}},
		{
			name: "changeos", method: http.MethodPost, action: "changeos", legal: osStart,
			body: `{"key_pair_name":"k","image_id":"` + simulator.UbuntuImageID + `"}`,
		},
		{name: "reinstallos", method: http.MethodPost, action: "reinstallos", body: goodPass, legal: osStart},
		{
			name: "reinstallos accepting running", method: http.MethodPost, action: "reinstallos", body: goodPass,
			behavior: simulator.Behavior{AcceptRunning: true}, legal: append([]string{simulator.StatusRunning}, osStart...),
		},
		{
			name: "reinstallos accepting twice", method: http.MethodPost, action: "reinstallos", body: goodPass,
			behavior: simulator.Behavior{AcceptDuringReinstall: true},
			legal:    append([]string{simulator.StatusReinstallingOS, simulator.StatusReinstallOS}, osStart...),
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cloud := simulator.New(simulator.Config{Behavior: test.behavior})
			c := newClient(t, cloud)
			for _, status := range statuses {
				id := cloud.AddServer(simulator.Server{Status: status}).ID
				c.ok(http.MethodGet, path(id), "")
				a := c.do(test.method, path(id, test.action), test.body)
				legal := slices.Contains(test.legal, status)
				if legal && a.status != 200 || !legal && (a.status != 400 || a.code() != simulator.CodeIllegalStatus) {
					t.Errorf("%s: %d %s", status, a.status, a.raw)
				}
			}
			if got, want := len(cloud.Violations()), len(statuses)-len(test.legal); got != want {
				t.Errorf("%d violations, want %d", got, want)
			}
		})
	}
}

func TestIllegalStatusIsInnocentOnlyAsARace(t *testing.T) {
	t.Parallel()
	cloud := simulator.New(simulator.Config{})
	c := newClient(t, cloud)
	id := cloud.AddServer(simulator.Server{Status: simulator.StatusStopped}).ID
	c.status(id)
	cloud.PowerOn(id)
	c.refused(400, simulator.CodeIllegalStatus, http.MethodPost, path(id, "reinstallos"), goodPass)
	if len(cloud.Violations()) != 0 || len(cloud.Innocent()) != 1 {
		t.Fatalf("a race: violations %q, innocent %q", cloud.Violations(), cloud.Innocent())
	}
	cloud.PowerOff(id)
	c.reinstall(id, goodPass)
	c.refused(400, simulator.CodeIllegalStatus, http.MethodPost, path(id, "reinstallos"), goodPass)
	if len(cloud.Violations()) != 1 {
		t.Fatalf("a second POST: violations %q", cloud.Violations())
	}
}

func TestReinstallBody(t *testing.T) {
	t.Parallel()
	const none = ""
	data := func(n int) string {
		return `{"key_pair_name":"k","user_data":"` + base64.StdEncoding.EncodeToString(make([]byte, n)) + `"}`
	}
	for name, test := range map[string]struct{ body, code string }{
		"password":            {goodPass, none},
		"key":                 {goodKey, none},
		"key with all signs":  {`{"key_pair_name":"-_.aZ9"}`, none},
		"image":               {`{"key_pair_name":"k","image_id":"` + simulator.UbuntuImageID + `"}`, none},
		"user data, largest":  {data(32 << 10), none},
		"user data, empty":    {data(0), none},
		"user data too big":   {data(32<<10 + 1), simulator.CodeInvalid},
		"user data plain":     {`{"key_pair_name":"k","user_data":"#!/bin/sh"}`, simulator.CodeInvalid},
		"user data unpadded":  {`{"key_pair_name":"k","user_data":"YQ"}`, simulator.CodeInvalid},
		"user data loose":     {`{"key_pair_name":"k","user_data":"YR=="}`, simulator.CodeInvalid},
		"user data wrapped":   {`{"key_pair_name":"k","user_data":"YW\nJj"}`, simulator.CodeInvalid},
		"user data url-safe":  {`{"key_pair_name":"k","user_data":"-_-_"}`, simulator.CodeInvalid},
		"both":                {`{"admin_pass":"@Admin_pass1","key_pair_name":"k"}`, simulator.CodeInvalid},
		"neither":             {`{}`, simulator.CodeInvalid},
		"no body":             {``, simulator.CodeInvalid},
		"null":                {`null`, simulator.CodeInvalid},
		"list":                {`[]`, simulator.CodeInvalid},
		"broken":              {`{"key_pair_name":"k"`, simulator.CodeInvalid},
		"two objects":         {goodKey + goodKey, simulator.CodeInvalid},
		"key given twice":     {`{"key_pair_name":"k","key_pair_name":"l"}`, simulator.CodeInvalid},
		"unknown key":         {`{"key_pair_name":"k","force":true}`, simulator.CodeInvalid},
		"key in other case":   {`{"Key_Pair_Name":"k"}`, simulator.CodeInvalid},
		"null value":          {`{"key_pair_name":"k","admin_pass":null}`, simulator.CodeInvalid},
		"number":              {`{"key_pair_name":1}`, simulator.CodeInvalid},
		"key name, space":     {`{"key_pair_name":"a b"}`, simulator.CodeInvalid},
		"key name, empty":     {`{"key_pair_name":""}`, simulator.CodeInvalid},
		"key name, too long":  {`{"key_pair_name":"` + strings.Repeat("k", 65) + `"}`, simulator.CodeInvalid},
		"image, short":        {`{"key_pair_name":"k","image_id":"ubuntu"}`, simulator.CodeInvalid},
		"image, unknown":      {`{"key_pair_name":"k","image_id":"00000000-0000-4000-8000-000000000000"}`, simulator.CodeInvalid},
		"image, inactive":     {`{"key_pair_name":"k","image_id":"11111111-1111-4111-8111-111111111111"}`, simulator.CodeInvalid},
		"password, too short": {`{"admin_pass":"@Adm1np"}`, simulator.CodeInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := simulator.New(simulator.Config{})
			cloud.AddImage(simulator.Image{ID: "11111111-1111-4111-8111-111111111111", Status: "INACTIVE"})
			id := cloud.AddServer(simulator.Server{Status: simulator.StatusStopped}).ID
			a := newClient(t, cloud).do(http.MethodPost, path(id, "reinstallos"), test.body)
			if a.code() != test.code || (test.code == none) != (a.status == 200) {
				t.Fatalf("%d %s", a.status, a.raw)
			}
			if got, want := len(cloud.Wipes()), map[bool]int{true: 1}[test.code == none]; got != want {
				t.Errorf("%d wipes, want %d", got, want)
			}
		})
	}
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	for password, good := range map[string]bool{
		"Abcdef1!":                       true,
		"Abcdefg1":                       true,
		"abcdefg1!":                      true,
		"ABCDEF1 ":                       true,
		"Abcdef1$^":                      true,
		"Äbcdef1A":                       true,
		"Root1234!":                      true,
		strings.Repeat("Aa1!", 6) + "Aa": true,
		strings.Repeat("Aa1!", 7):        false,
		"Abcde1!":                        false,
		"abcdefgh":                       false,
		"Abcdefgh":                       false,
		"abcdefg1":                       false,
		"Abcdef1\x00":                    false,
		"Abcd1!root":                     false,
		"Abcd1!toor":                     false,
		"1!Aadministrator":               false,
		"1!Arotartsinimda":               false,
	} {
		cloud := simulator.New(simulator.Config{})
		id := cloud.AddServer(simulator.Server{Status: simulator.StatusStopped}).ID
		a := newClient(t, cloud).do(http.MethodPost, path(id, "reinstallos"), fmt.Sprintf(`{"admin_pass":%s}`, quote(password)))
		if (a.status == 200) != good {
			t.Errorf("%q: %d %s", password, a.status, a.raw)
		}
		if strings.Contains(a.raw, password) {
			t.Errorf("%q is in the reply %s", password, a.raw)
		}
	}
	cloud := simulator.New(simulator.Config{Behavior: simulator.Behavior{PasswordWordsAnyCase: true}})
	id := cloud.AddServer(simulator.Server{Status: simulator.StatusStopped}).ID
	newClient(t, cloud).refused(400, simulator.CodeInvalid, http.MethodPost, path(id, "reinstallos"), `{"admin_pass":"Root1234!"}`)
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`"`, `\"`, `\`, `\\`, "\x00", `\u0000`).Replace(s) + `"`
}

func TestSupernodeChildren(t *testing.T) {
	t.Parallel()
	cloud := simulator.New(simulator.Config{})
	s := cloud.AddServer(simulator.Server{Status: simulator.StatusStopped, ServerType: simulator.TypeHPS})
	c := newClient(t, cloud)
	c.refused(400, simulator.CodeUnsupported, http.MethodPost, path(s.ID, "reinstallos"), goodPass)
	a := c.reinstall(s.ID, goodKey)
	if a.text("category") != "HPS" || a.text("server_hps", "id") != s.HPSID || a.text("cloud_server", "hps_ecs_id") != s.HPSECSID {
		t.Errorf("reply: %s", a.raw)
	}
}

func TestCredentialOptional(t *testing.T) {
	t.Parallel()
	cloud := simulator.New(simulator.Config{Behavior: simulator.Behavior{CredentialOptional: true}})
	id := cloud.AddServer(simulator.Server{Status: simulator.StatusStopped}).ID
	newClient(t, cloud).reinstall(id, `{}`)
}

func TestIDs(t *testing.T) {
	t.Parallel()
	cloud := simulator.New(simulator.Config{})
	c := newClient(t, cloud)
	s := cloud.AddServer(simulator.Server{Status: simulator.StatusStopped})
	for _, id := range []string{"x", strings.ToUpper(s.ID), s.ID + "0", "0" + s.ID[1:14] + "6" + s.ID[15:]} {
		c.refused(400, simulator.CodeInvalid, http.MethodGet, path(id), "")
	}
	for _, id := range []string{s.CloudServerID, "00000000-0000-4000-8000-000000000000"} {
		a := c.refused(400, simulator.CodeNotFound, http.MethodPost, path(id, "reinstallos"), goodPass)
		if want := "LiteServer instance '" + id + "' not found."; a.text("error_msg") != want {
			t.Errorf("message %q, want %q", a.text("error_msg"), want)
		}
	}
	cloud.Delete(s.ID)
	c.refused(400, simulator.CodeNotFound, http.MethodGet, path(s.ID), "")
	c.refused(400, simulator.CodeNotFound, http.MethodPut, path(s.ID, "stop"), "")
}

func TestUnknownRoutesAndBodies(t *testing.T) {
	t.Parallel()
	cloud := simulator.New(simulator.Config{})
	id := cloud.AddServer(simulator.Server{}).ID
	c := newClient(t, cloud)
	for _, test := range []struct {
		method, path, body, code string
	}{
		{http.MethodDelete, path(id), "", simulator.CodeNoRoute},
		{http.MethodPost, path("action"), "{}", simulator.CodeNoRoute},
		{http.MethodGet, path(id, ""), "", simulator.CodeNoRoute},
		{http.MethodGet, path(id, "reinstallos"), "", simulator.CodeNoRoute},
		{http.MethodGet, "/v1/a_b/dev-servers", "", simulator.CodeNoRoute},
		{http.MethodGet, "/", "", simulator.CodeNoRoute},
		{http.MethodGet, path(id), "{}", simulator.CodeInvalid},
		{http.MethodPut, path(id, "start"), "", simulator.CodeInvalid},
		{http.MethodPut, path(id, "start"), `{"x":1}`, simulator.CodeInvalid},
		{http.MethodPut, path(id, "stop"), `{"x":1}`, simulator.CodeInvalid},
		{http.MethodGet, path(id) + "?x=1", "", simulator.CodeInvalid},
	} {
		a := c.do(test.method, test.path, test.body)
		if a.code() != test.code {
			t.Errorf("%s %s %s: %d %s", test.method, test.path, test.body, a.status, a.raw)
		}
	}
	c.edit = header("Content-Type", "text/plain")
	c.refused(400, simulator.CodeInvalid, http.MethodPost, path(id, "reinstallos"), goodPass)
	if n := len(cloud.Violations()); n != 12 {
		t.Errorf("%d violations, want 12: %q", n, cloud.Violations())
	}
}

func TestAnotherUser(t *testing.T) {
	t.Parallel()
	cloud := simulator.New(simulator.Config{OtherToken: "other"})
	id := cloud.AddServer(simulator.Server{}).ID
	c := newClient(t, cloud)
	c.edit = func(r *http.Request) { r.Header.Del("Authorization"); r.Header.Set("X-Auth-Token", "other") }
	c.tamper = c.edit
	c.refused(400, simulator.CodeNotFound, http.MethodGet, path(id), "")
	c.refused(400, simulator.CodeNotFound, http.MethodPut, path(id, "stop"), "")
	for _, list := range []string{path(), path("all")} {
		if n := len(names(c.ok(http.MethodGet, list, ""))); n != 0 {
			t.Errorf("%s: %d servers", list, n)
		}
	}
	c.edit, c.tamper = nil, nil
	if s := c.status(id); s != simulator.StatusRunning {
		t.Errorf("status %s", s)
	}
	noViolations(t, cloud)
}

func TestEmptyKeyPair(t *testing.T) {
	t.Parallel()
	for empty, want := range map[bool]any{true: "", false: nil} {
		cloud := simulator.New(simulator.Config{Behavior: simulator.Behavior{EmptyKeyPair: empty}})
		id := cloud.AddServer(simulator.Server{}).ID
		if got := newClient(t, cloud).ok(http.MethodGet, path(id), "").body["key_pair_name"]; got != want {
			t.Errorf("%v: key pair %v", empty, got)
		}
	}
}

func TestPaging(t *testing.T) {
	t.Parallel()
	cloud := simulator.New(simulator.Config{})
	c := newClient(t, cloud)
	for i := range 25 {
		cloud.AddServer(simulator.Server{Name: fmt.Sprint(i), CreateAt: int64(1000 + i), UpdateAt: int64(2000 + (i+7)%25)})
	}
	cloud.AddServer(simulator.Server{Name: "other", Owner: "somebody"})
	for _, test := range []struct {
		query       string
		first, last string
		size, total int
	}{
		{"", "0", "9", 10, 25},
		{"?limit=1024", "0", "24", 25, 25},
		{"?limit=10&offset=20", "20", "24", 5, 25},
		{"?limit=10&offset=25", "", "", 0, 25},
		{"?limit=0", "", "", 0, 25},
		{"?sort_dir=DESC&limit=3", "24", "22", 3, 25},
		{"?sort_key=updateTime&limit=2", "18", "19", 2, 25},
		{"?owner=simulator-user&limit=1", "0", "0", 1, 25},
	} {
		a := c.ok(http.MethodGet, path()+test.query, "")
		names := names(a)
		first, last := "", ""
		if len(names) > 0 {
			first, last = names[0], names[len(names)-1]
		}
		if len(names) != test.size || first != test.first || last != test.last || a.body["total"] != float64(test.total) ||
			a.body["size"] != float64(test.size) {
			t.Errorf("%s: %v, total %v", test.query, names, a.body["total"])
		}
	}
	if n := len(names(c.ok(http.MethodGet, path("all"), ""))); n != 26 {
		t.Errorf("all: %d servers, want 26", n)
	}
	noViolations(t, cloud)
	for _, query := range []string{"limit=-1", "limit=1025", "limit=x", "limit=", "offset=-1", "sort_dir=asc", "sort_key=name", "owner=", "limit=1&limit=2"} {
		c.refused(400, simulator.CodeInvalid, http.MethodGet, path()+"?"+query, "")
	}
	c.refused(403, simulator.CodeForbidden, http.MethodGet, path()+"?owner=somebody", "")
}

func names(a answer) []string {
	rows, _ := a.body["data"].([]any)
	var names []string
	for _, row := range rows {
		m, _ := row.(map[string]any)
		name, _ := m["name"].(string)
		names = append(names, name)
	}
	return names
}

func TestListForbidden(t *testing.T) {
	t.Parallel()
	cloud := simulator.New(simulator.Config{Behavior: simulator.Behavior{ListForbidden: true}})
	id := cloud.AddServer(simulator.Server{}).ID
	c := newClient(t, cloud)
	c.refused(403, simulator.CodeForbidden, http.MethodGet, path(), "")
	c.refused(403, simulator.CodeForbidden, http.MethodGet, path("all"), "")
	c.refused(403, simulator.CodeForbidden, http.MethodPut, path("sync"), "")
	c.status(id)
	noViolations(t, cloud)
}

func TestImages(t *testing.T) {
	t.Parallel()
	cloud := simulator.New(simulator.Config{})
	cloud.AddImage(simulator.Image{Name: "special", ServerType: simulator.TypeBMS, Flavors: []string{"f1"}})
	c := newClient(t, cloud)
	for query, want := range map[string]int{
		"": 4, "?server_type=BMS": 2, "?server_type=HPS": 0, "?flavor_name=f1": 4, "?flavor_name=f2": 3, "?resource_flavor_name=f2": 3,
	} {
		if got := len(names(c.ok(http.MethodGet, path("images")+query, ""))); got != want {
			t.Errorf("%s: %d images, want %d", query, got, want)
		}
	}
	if a := c.ok(http.MethodGet, path("images", simulator.EulerImageID), ""); a.text("arch") != "ARM" {
		t.Errorf("image: %s", a.raw)
	}
	noViolations(t, cloud)
	c.refused(400, simulator.CodeNotFound, http.MethodGet, path("images", "00000000-0000-4000-8000-000000000000"), "")
	c.refused(400, simulator.CodeInvalid, http.MethodGet, path("images", "x"), "")
	c.refused(400, simulator.CodeInvalid, http.MethodGet, path("images")+"?server_type=x", "")
}

func TestReplyShapes(t *testing.T) {
	t.Parallel()
	newer := []string{
		"category", "charging_mode", "cloud_server", "create_at", "endpoints", "endpoints_response", "flavor", "id", "image",
		"key_pair_name", "name", "order_id", "status", "subnet_id", "update_at", "volumes", "vpc_id",
	}
	without := func(names ...string) []string {
		return slices.DeleteFunc(slices.Clone(newer), func(n string) bool { return slices.Contains(names, n) })
	}
	for name, test := range map[string]struct {
		behavior simulator.Behavior
		want     []string
	}{
		"newer":     {simulator.Behavior{}, newer},
		"older":     {simulator.Behavior{OlderReplies: true}, append(without("volumes"), "server_image_response")},
		"volumes":   {simulator.Behavior{HideVolumes: true}, without("volumes")},
		"update_at": {simulator.Behavior{HideUpdateAt: true}, without("update_at")},
		"image":     {simulator.Behavior{HideImage: true}, without("image")},
		"key":       {simulator.Behavior{HideKeyPair: true}, without("key_pair_name")},
	} {
		cloud := simulator.New(simulator.Config{})
		id := cloud.AddServer(simulator.Server{KeyPairName: "k", Behavior: &test.behavior}).ID
		a := newClient(t, cloud).ok(http.MethodGet, path(id), "")
		var got []string
		for key := range a.body {
			got = append(got, key)
		}
		slices.Sort(got)
		slices.Sort(test.want)
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
		if name == "older" && !strings.Contains(a.raw, "allowed_access_ips") || name == "key" && strings.Contains(a.raw, `"k"`) {
			t.Errorf("%s: %s", name, a.raw)
		}
	}
}

func TestRequestIDsAreUniqueAndRepeatable(t *testing.T) {
	t.Parallel()
	ids := func() []string {
		cloud := simulator.New(simulator.Config{})
		c := newClient(t, cloud)
		return []string{
			c.ok(http.MethodGet, path(), "").header.Get("X-Request-Id"),
			c.do(http.MethodGet, path("x"), "").header.Get("X-Request-Id"),
			c.ok(http.MethodGet, "/v3/projects", "").header.Get("X-IAM-Trace-Id"),
		}
	}
	first, second := ids(), ids()
	if !slices.Equal(first, second) || first[0] == first[1] || first[1] == first[2] || slices.Contains(first, "") {
		t.Errorf("%v and %v", first, second)
	}
}
