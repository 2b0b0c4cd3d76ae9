package simulator_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

func header(name, value string) func(*http.Request) {
	return func(req *http.Request) {
		if value == "" {
			req.Header.Del(name)
			return
		}
		req.Header.Set(name, value)
	}
}

func authorization(old, replacement string) func(*http.Request) {
	return func(req *http.Request) {
		req.Header.Set("Authorization", strings.Replace(req.Header.Get("Authorization"), old, replacement, 1))
	}
}

func TestSignatureIsVerifiedInEveryPart(t *testing.T) {
	t.Parallel()
	for name, tamper := range map[string]func(*http.Request){
		"no authorization":      header("Authorization", ""),
		"other algorithm":       authorization("SDK-HMAC-SHA256", "SDK-HMAC-SHA1"),
		"no access key":         authorization("Access=", "Axs="),
		"part given twice":      authorization("Access=", "Access=x, Access="),
		"one part more":         authorization("Access=", "More=x, Access="),
		"part without value":    authorization("Access=", "Access, x="),
		"no signature":          authorization("Signature=", "Signature=, x="),
		"signature cut":         func(r *http.Request) { a := r.Header.Get("Authorization"); r.Header.Set("Authorization", a[:len(a)-1]) },
		"upper case name":       authorization("host;", "Host;"),
		"names not sorted":      authorization("host;x-project-id", "x-project-id;host"),
		"name twice":            authorization("host;", "host;host;"),
		"host not signed later": authorization("SignedHeaders=host;", "SignedHeaders="),
		"date not signed":       authorization(";x-sdk-date", ""),
		"project not signed":    authorization("x-project-id;", ""),
		"no date":               header("X-Sdk-Date", ""),
		"other date":            header("X-Sdk-Date", time.Now().Add(time.Minute).UTC().Format("20060102T150405Z")),
		"malformed date":        header("X-Sdk-Date", time.Now().UTC().Format(time.RFC3339)),
		"stray session token":   header("X-Security-Token", "x"),
		"other method":          func(r *http.Request) { r.Method = http.MethodDelete },
		"other host":            func(r *http.Request) { r.Host = "elsewhere.example.com" },
		"other query":           func(r *http.Request) { setQuery(r, "limit", "6") },
		"query dropped":         func(r *http.Request) { r.URL.RawQuery = "" },
		"other path":            func(r *http.Request) { r.URL.Path += "/all" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := simulator.New(simulator.Config{})
			c := newClient(t, cloud)
			c.edit = func(r *http.Request) { setQuery(r, "limit", "5") }
			c.tamper = tamper
			a := c.do(http.MethodGet, path(), "")
			if name == "other method" {
				if a.status != http.StatusNotFound || a.code() != simulator.CodeNoRoute {
					t.Fatalf("%d %s", a.status, a.raw)
				}
				return
			}
			if a.status != http.StatusUnauthorized || a.code() != simulator.CodeUnauthorized || a.text("request_id") == "" {
				t.Fatalf("%d %s", a.status, a.raw)
			}
			if len(cloud.Violations())+len(cloud.Innocent()) != 1 {
				t.Fatalf("violations %q, innocent %q", cloud.Violations(), cloud.Innocent())
			}
		})
	}
}

func TestSignatureCoversBody(t *testing.T) {
	t.Parallel()
	cloud := simulator.New(simulator.Config{})
	id := cloud.AddServer(simulator.Server{Status: simulator.StatusStopped}).ID
	c := newClient(t, cloud)
	c.tamper = func(r *http.Request) { *r = *tampered(r, goodKey) }
	c.refused(http.StatusUnauthorized, simulator.CodeUnauthorized, http.MethodPost, path(id, "reinstallos"), goodPass)
	if n := len(cloud.Wipes()); n != 0 {
		t.Fatalf("%d wipes", n)
	}
}

func tampered(req *http.Request, body string) *http.Request {
	other, err := http.NewRequestWithContext(req.Context(), req.Method, req.URL.String(), strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	other.Header = req.Header
	return other
}

func TestSignatureOfAwkwardQueries(t *testing.T) {
	t.Parallel()
	cloud := simulator.New(simulator.Config{})
	c := newClient(t, cloud)
	for _, name := range []string{"cn-north-4_projektå", "a b+c/d=e&f~g*h", "%2F"} {
		c.edit = func(r *http.Request) { setQuery(r, "name", name) }
		c.ok(http.MethodGet, "/v3/projects", "")
	}
	noViolations(t, cloud)
}

func TestClockSkew(t *testing.T) {
	t.Parallel()
	for off, want := range map[time.Duration]int{
		-16 * time.Minute: 401, -14 * time.Minute: 200, 14 * time.Minute: 200, 16 * time.Minute: 401,
	} {
		cloud := simulator.New(simulator.Config{})
		c := newClient(t, cloud)
		c.edit = header("X-Sdk-Date", time.Now().Add(off).UTC().Format("20060102T150405Z"))
		if a := c.do(http.MethodGet, path(), ""); a.status != want {
			t.Errorf("off by %s: %d, want %d", off, a.status, want)
		}
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	cloud := simulator.New(simulator.Config{SecurityToken: "session"})
	c := newClient(t, cloud)
	c.refused(401, simulator.CodeUnauthorized, http.MethodGet, path(), "")
	c.session = "session"
	c.ok(http.MethodGet, path(), "")
	noViolations(t, cloud)
	c.tamper = authorization(";x-security-token", "")
	c.refused(401, simulator.CodeUnauthorized, http.MethodGet, path(), "")

	c = newClient(t, cloud)
	c.access = "UNKNOWN"
	c.refused(401, simulator.CodeUnauthorized, http.MethodGet, path(), "")
	c.tamper = func(r *http.Request) {
		r.Header.Del("Authorization")
		r.Header.Set("X-Auth-Token", simulator.DefaultToken)
	}
	c.ok(http.MethodGet, path(), "")
	c.tamper = func(r *http.Request) { r.Header.Del("Authorization"); r.Header.Set("X-Auth-Token", "wrong") }
	c.refused(401, simulator.CodeUnauthorized, http.MethodGet, path(), "")
}

func TestProjectMustBeTheRightOne(t *testing.T) {
	t.Parallel()
	cloud := simulator.New(simulator.Config{})
	c := newClient(t, cloud)
	other := "ffffffffffffffffffffffffffffffff"
	c.edit = header("X-Project-Id", "")
	c.refused(401, simulator.CodeUnauthorized, http.MethodGet, path(), "")
	c.edit = header("X-Project-Id", other)
	c.refused(403, simulator.CodeNotAllowed, http.MethodGet, path(), "")
	violations := len(cloud.Violations())
	c.refused(403, simulator.CodeNotAllowed, http.MethodGet, "/v1/"+other+"/dev-servers", "")
	if violations != 2 || len(cloud.Violations()) != 2 {
		t.Errorf("violations: %q", cloud.Violations())
	}
}

func TestAssumedRoleExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cloud := simulator.New(simulator.Config{Agencies: []simulator.Agency{{Name: "ops", Lifetime: time.Minute}}})
		c := newClient(t, cloud)
		const body = `{"auth":{"identity":{"methods":["assume_role"],"assume_role":{"agency_name":"ops","domain_name":"simulator-domain","duration_seconds":3600}}}}`
		const assume = "/v3.0/OS-CREDENTIAL/securitytokens"
		a := c.do(http.MethodPost, assume, body)
		if a.status != http.StatusCreated || a.header.Get("X-IAM-Trace-Id") == "" {
			t.Fatalf("%d %s", a.status, a.raw)
		}
		role := newClient(t, cloud)
		role.access, role.secret, role.session = a.text("credential", "access"), a.text("credential", "secret"), a.text("credential", "securitytoken")
		role.ok(http.MethodGet, path(), "")
		time.Sleep(time.Minute)
		role.refused(401, simulator.CodeUnauthorized, http.MethodGet, path(), "")
		noViolations(t, cloud)

		for name, bad := range map[string]string{
			"agency":   strings.Replace(body, `"ops"`, `"dev"`, 1),
			"domain":   strings.Replace(body, "simulator-domain", "other", 1),
			"duration": strings.Replace(body, "3600", "60", 1),
			"method":   strings.Replace(body, `["assume_role"]`, `["token"]`, 1),
			"key":      strings.Replace(body, `"auth"`, `"outh"`, 1),
		} {
			if a := c.do(http.MethodPost, assume, bad); a.status < 400 || a.text("error", "message") == "" {
				t.Errorf("%s: %d %s", name, a.status, a.raw)
			}
		}
	})
}

func TestProjects(t *testing.T) {
	t.Parallel()
	rows := func(cfg simulator.Config, query string) int {
		a := newClient(t, simulator.New(cfg)).ok(http.MethodGet, "/v3/projects"+query, "")
		projects, _ := a.body["projects"].([]any)
		return len(projects)
	}
	two := []simulator.Project{{ID: "1", Name: "p"}, {ID: "2", Name: "p"}, {ID: "3", Name: "q"}}
	for _, test := range []struct {
		cfg   simulator.Config
		query string
		want  int
	}{
		{simulator.Config{}, "?name=cn-north-4", 1},
		{simulator.Config{}, "?name=cn-south-1", 0},
		{simulator.Config{Projects: []simulator.Project{}}, "", 0},
		{simulator.Config{Projects: two}, "?name=p", 2},
		{simulator.Config{Projects: two}, "", 3},
	} {
		if got := rows(test.cfg, test.query); got != test.want {
			t.Errorf("%s: %d projects, want %d", test.query, got, test.want)
		}
	}
}

func TestPasswordToken(t *testing.T) {
	t.Parallel()
	cloud := simulator.New(simulator.Config{UserName: "u", UserPassword: "pw"})
	c := newClient(t, cloud)
	const body = `{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"u","password":"pw","domain":{"name":"simulator-domain"}}}},"scope":{"project":{"name":"cn-north-4"}}}}`
	c.tamper = header("Authorization", "")
	a := c.do(http.MethodPost, "/v3/auth/tokens", body)
	if a.status != http.StatusCreated {
		t.Fatalf("%d %s", a.status, a.raw)
	}
	if bad := c.do(http.MethodPost, "/v3/auth/tokens", strings.Replace(body, `"pw"`, `"no"`, 1)); bad.status != 401 {
		t.Errorf("%d %s", bad.status, bad.raw)
	}
	c.tamper = func(r *http.Request) {
		r.Header.Del("Authorization")
		r.Header.Set("X-Auth-Token", a.header.Get("X-Subject-Token"))
	}
	c.ok(http.MethodGet, path(), "")
}
