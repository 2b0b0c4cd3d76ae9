package e2e_test

import (
	"encoding/base64"
	"fmt"
	"html"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// envCLIs names several CLIs, as a list of paths.
const envCLIs = "MODELARTS_TEST_MATRIX"

// scenesAtOnce is the number of scenes that run at a time. They mostly wait.
const scenesAtOnce = 6

// endless is a cloud in which no reinstall ends.
var endless = simulator.Config{Durations: simulator.Durations{Reinstall: time.Hour}}

// leakScenes are all ways of a secret through the provider.
var leakScenes = []struct {
	name      string
	cloud     simulator.Config
	play      func(*scene)
	excluding []*exclusion
}{
	{name: "success", play: leakSuccess},
	{name: "update", play: leakUpdate},
	{name: "import", play: leakImport},
	{name: "refused", play: leakRefused},
	{name: "failed", play: leakFailed},
	{name: "timeout", play: leakTimeout, cloud: endless},
	{name: "interrupted", play: leakInterrupted, cloud: endless},
	{name: "invalid", play: leakInvalid},
	{name: "panic", play: leakPanic, cloud: endless},
	{name: "literal", play: leakLiteral, excluding: []*exclusion{configSnapshot}},
	{name: "variables", play: leakVariables, excluding: []*exclusion{planVariables, loggedArguments}},
}

// TestLeaks sends every secret every way through the provider, with everything logged, and then searches all files for it.
func TestLeaks(t *testing.T) {
	t.Parallel()

	for _, cli := range clis(t) {
		t.Run(filepath.Base(cli), func(t *testing.T) {
			t.Parallel()

			slots := make(chan struct{}, scenesAtOnce)

			var files, size, leaks, records atomic.Int64

			t.Cleanup(func() {
				t.Logf("in total, %d files and parts of files with %.1f MB, among them %d records of the journal: %d leaks",
					files.Load(), float64(size.Load())/1e6, records.Load(), leaks.Load())

				if !t.Skipped() && records.Load() == 0 {
					t.Error("no scene has left a record in the journal")
				}
			})

			for _, leak := range leakScenes {
				s := newScene(t, cli, leak.cloud)
				played := make(chan struct{})

				go func() {
					defer close(played)

					slots <- struct{}{}
					defer func() { <-slots }()

					leak.play(s)
				}()

				t.Run(leak.name, func(t *testing.T) {
					t.Parallel()
					<-played

					found := s.search(leak.excluding)
					t.Logf("%d runs of the CLI left %v", s.steps, found)
					s.report(t, found)
					files.Add(int64(found.files))
					size.Add(int64(found.bytes))
					leaks.Add(int64(len(found.leaks)))
					records.Add(int64(s.records()))

					for _, e := range leak.excluding {
						if found.excluded[e] == 0 {
							t.Errorf("there is nothing to exclude in %s", e.what)
						}
					}
				})
			}
		})
	}
}

// clis returns the paths of the CLIs to test with.
func clis(t *testing.T) []string {
	t.Helper()

	if matrix := os.Getenv(envCLIs); matrix != "" {
		return filepath.SplitList(matrix)
	}

	return []string{requireCLI(t)}
}

// report reports each leak and each problem as an error.
func (s *scene) report(t *testing.T, found *searched) {
	t.Helper()

	for i, leak := range found.leaks {
		if i == 20 {
			t.Errorf("and %d more leaks", len(found.leaks)-i)

			break
		}

		t.Errorf("leak: %v", leak)
	}

	for _, problem := range s.problems {
		t.Error(problem)
	}
}

// leakSuccess uses a saved plan, a module, and everything that prints a plan or a state.
func leakSuccess(s *scene) {
	s.write("main.tf", resourceOf("wo", s.server(), writeOnlyPair)+resourceOf("stored", s.server(), storedPair)+`
module "more" {
  source        = "./more"
  admin_pass_wo = var.admin_pass_wo
  admin_pass    = var.admin_pass
}

output "admin_pass" {
  value     = modelarts_devserver_os_reinstall.stored.admin_pass
  sensitive = true
}
`)

	if err := os.Mkdir(filepath.Join(s.dir, "work", "more"), 0o700); err != nil {
		s.problem("%v", err)
	}

	s.write("more/main.tf", `terraform {
  required_providers {
    modelarts = {
      source = "`+providerSource+`"
    }
  }
}
variable "admin_pass_wo" {
  ephemeral = true
}
variable "admin_pass" {
  sensitive = true
}
`+resourceOf("wo", s.server(), "admin_pass_wo = var.admin_pass_wo\n  admin_pass_wo_version = 1")+
		resourceOf("stored", s.server(), "admin_pass = var.admin_pass"))

	s.tf(0, "get")
	s.tf(0, "plan", "-out=plan.out")
	s.tf(0, "show", "plan.out")
	s.show(planJSONSuffix, "show", "-json", "plan.out")
	s.tf(0, "apply", "plan.out")
	s.sent(2, &s.values.passWO, &s.values.pass)
	s.sent(1, &s.values.dataWO, &s.values.data)
	s.show(stateJSON, "show", "-json")
	s.show(stateJSON, "state", "pull")
	s.tf(0, "show")
	s.tf(0, "plan", "-json", "-detailed-exitcode")
	s.cloud.AddFault(simulator.Fault{Action: "get", Odd: func(reply map[string]any) { reply["name"] = "renamed" }})
	s.tf(0, "plan", "-refresh-only", "-out=refresh.out")
	s.show(planJSONSuffix, "show", "-json", "refresh.out")
	s.tf(0, "apply", "-refresh-only", "-auto-approve")
}

// leakUpdate changes versions and values, and replaces the stored arguments by the write-only ones. The provider uses a
// token.
func leakUpdate(s *scene) {
	stored := s.server()
	s.set("token", s.values.token.value)
	s.write("main.tf", resourceOf("wo", s.server(), writeOnlyPair)+resourceOf("stored", stored, storedPair))
	s.tf(0, "apply", "-auto-approve")
	s.sent(1, &s.values.passWO, &s.values.dataWO, &s.values.pass, &s.values.data)

	first := s.values
	s.use(newValues(2))
	s.set("version_wo", "2")
	s.tf(0, "plan", "-out=plan.out")
	s.show(planJSONSuffix, "show", "-json", "plan.out")
	s.tf(0, "apply", "-json", "plan.out")
	s.sent(1, &s.values.passWO, &s.values.dataWO, &s.values.pass, &s.values.data)

	s.write("main.tf", strings.ReplaceAll(resourceOf("stored", stored, storedPair), storedPair, writeOnlyPair))
	s.tf(0, "apply", "-auto-approve")
	s.sent(2, &s.values.passWO, &s.values.dataWO)

	s.secrets = append(first.secrets(), s.values.secrets()...)

	if s.stateHas("terraform.tfstate", &first.pass, &s.values.pass, &s.values.data) {
		s.problem("the state still has what is no longer configured")
	}

	if !s.stateHas("terraform.tfstate.backup", &s.values.pass) {
		s.problem("the backup of the state lacks the password, which it keeps according to the documentation")
	}
}

// stateHas reports whether a state contains any of the secrets.
func (s *scene) stateHas(name string, secrets ...*secret) bool {
	data, err := os.ReadFile(filepath.Join(s.dir, "work", name))
	if err != nil {
		s.problem("%v", err)
	}

	return len(newMatcher(secrets).find(&artifact{name: name, data: data})) > 0
}

// leakImport imports in both ways, and has the CLI write a configuration.
func leakImport(s *scene) {
	one, two := s.server(), s.server()
	s.write("main.tf", fmt.Sprintf("import {\n  to = modelarts_devserver_os_reinstall.one\n  id = %q\n}\n", one))
	s.tf(0, "plan", "-generate-config-out=generated.tf", "-out=plan.out")
	s.show(planJSONSuffix, "show", "-json", "plan.out")
	s.tf(0, "apply", "-auto-approve")

	s.write("main.tf", resourceOf("two", two, storedPair))
	s.tf(0, "import", "modelarts_devserver_os_reinstall.two", two)
	s.tf(0, "apply", "-auto-approve")

	s.write("main.tf", resourceOf("two", two, writeOnlyPair))
	s.tf(0, "plan")
	s.sent(0, &s.values.passWO, &s.values.pass)
}

// leakRefused has the service refuse requests with answers that repeat their secrets in every known way. None may be quoted.
func leakRefused(s *scene) {
	v := s.values
	keys := v.secretKey.value + " " + v.securityToken.value
	message := func(text string) string {
		return `{"error_code":"ModelArts.6400","error_msg":"` + jsonText(text, false) + `"}`
	}

	// It breaks off after two thirds of the password.
	cut := `{"error_msg":"` + v.passWO.value[:len(v.passWO.value)*2/3]
	cut += strings.Repeat("-", len(cut))

	faults := map[string]simulator.Fault{
		"message":  {EchoBody: true},
		"plain":    {Body: "bad request: " + v.body(true), ContentType: "text/plain"},
		"html":     {Body: "<html><p>" + html.EscapeString(v.body(false)) + "</p></html>", ContentType: "text/html"},
		"rawhtml":  {Body: "<html><p>" + v.passWO.value + "</p></html>", ContentType: "text/html"},
		"nested":   {Body: `{"error":{"code":"IAM.0001","message":"` + jsonText(v.body(true), true) + `"}}`},
		"odd":      {Body: `{"detail":[{"input":` + v.body(true) + `}]}`},
		"ascii":    {Body: message(`{"admin_pass": "` + asciiJSON(v.passWO.value, `\u%04x`) + `"}`)},
		"upper":    {Body: message(`{"admin_pass": "` + asciiJSON(v.passWO.value, `\u%04X`) + `"}`)},
		"quoted":   {Body: message(fmt.Sprintf("%q", v.passWO.value))},
		"query":    {Body: message("admin_pass=" + encodings["query"](v.passWO.value) + "&x=" + encodings["path"](v.passWO.value))},
		"percent":  {Body: message("admin_pass=" + percent(v.passWO.value))},
		"hex":      {Body: message(encodings["hex of raw"](v.passWO.value) + " " + encodings["HEX of raw"](v.passWO.value))},
		"base64":   {Body: message(base64.StdEncoding.EncodeToString([]byte(v.body(true))))},
		"decoded":  {Body: message(userScript(v.dataWO.value))},
		"line":     {Body: message("in line 2 of user_data: echo '" + v.dataWO.value + "'")},
		"code":     {Body: `{"error_code":"` + jsonText(v.passWO.value, true) + `","error_msg":"x"}`},
		"cut":      {Body: cut, CutBody: true},
		"ellipsis": {Body: message("invalid admin_pass: " + v.passWO.value[:len(v.passWO.value)*2/3] + "...")},
		"id":       {Status: http.StatusForbidden, Header: map[string]string{"X-Request-Id": v.secretKey.value}},
		"redirect": {Status: http.StatusFound, Header: map[string]string{"Location": "https://example.com/" + encodings["query"](v.passWO.value)}},
		"keys":     {Status: http.StatusUnauthorized, Body: message(keys)},
		"get":      {Action: "get", Status: http.StatusForbidden, Body: "not allowed: " + keys, ContentType: "text/plain"},
		"unusable": {Action: "get", Status: http.StatusOK, Body: "hello " + keys, ContentType: "text/plain"},
	}

	var posts, gets strings.Builder

	for name, fault := range faults {
		config := &gets

		if fault.Action == "" {
			fault.Action, config = "reinstallos", &posts
		}

		if fault.Status == 0 {
			fault.Status = http.StatusBadRequest
		}

		fault.ServerID = s.server()
		s.cloud.AddFault(fault)
		config.WriteString(resourceOf(name, fault.ServerID, writeOnlyPair))
	}

	s.write("main.tf", gets.String())
	s.says(s.tf(1, "apply", "-auto-approve"), "could not be read", "is not shown: it repeats a value that was sent as a secret")
	s.sent(0, &v.passWO, &v.dataWO)

	s.write("main.tf", posts.String())
	s.says(s.tf(1, "apply", "-auto-approve", "-parallelism=30"), "is not shown: it repeats a value that was sent as a secret")
	s.sent(len(faults)-2, &v.passWO, &v.dataWO)

	s.cloud.ClearFaults()
	s.cloud.AddFault(simulator.Fault{Status: http.StatusUnauthorized, Body: message("X-Auth-Token: " + v.token.value)})
	s.set("token", v.token.value)
	s.write("main.tf", resourceOf("token", s.server(), writeOnlyPair))
	s.says(s.tf(1, "apply", "-auto-approve"), "HTTP 401", "is not shown: it repeats a value that was sent as a secret")
}

// leakFailed has the first and a later reinstall end in a failed status.
func leakFailed(s *scene) {
	s.cloud.SetBehavior(simulator.Behavior{EndStatus: "REINSTALLINGOS_FAILED"})
	s.write("main.tf", resourceOf("wo", s.server(), writeOnlyPair)+resourceOf("stored", s.server(), storedPair))
	s.says(s.tf(1, "apply", "-auto-approve"), "ended in status REINSTALLINGOS_FAILED")

	s.cloud.SetBehavior(simulator.Behavior{})
	s.tf(0, "apply", "-auto-approve")
	s.cloud.SetBehavior(simulator.Behavior{EndStatus: "REINSTALLINGOS_FAILED"})
	s.use(newValues(2))
	s.set("version_wo", "2")

	// One at a time: after a failure, others may be held back.
	for _, name := range []string{"wo", "stored"} {
		s.says(s.tf(1, "apply", "-auto-approve", "-target=modelarts_devserver_os_reinstall."+name), "ended in status REINSTALLINGOS_FAILED")
	}

	s.sent(1, &s.values.passWO, &s.values.dataWO, &s.values.pass, &s.values.data)
	s.show(stateJSON, "show", "-json")
}

// leakTimeout has timeouts expire after an answer, after an error that repeats the request, and after a lost answer. The
// credentials come from the environment.
func leakTimeout(s *scene) {
	const timeouts = "\n  timeouts = { create = \"3s\", update = \"3s\" }"

	lost, ambiguous := s.server(), s.server()
	s.cloud.AddFault(simulator.Fault{Action: "reinstallos", ServerID: ambiguous, Status: http.StatusInternalServerError, EchoBody: true})
	s.cloud.AddFault(simulator.Fault{Action: "reinstallos", ServerID: lost, DropBefore: true, Reset: true})

	provider := providerOf(s.url, "null", "null", "null")
	s.write("provider.tf", strings.Replace(provider, "max_retries", "failure_tolerance = 9\n  max_retries", 1))
	s.env["HW_ACCESS_KEY"], s.env["HW_SECRET_KEY"] = simulator.DefaultAccessKey, s.values.secretKey.value
	s.env["HW_SECURITY_TOKEN"] = s.values.securityToken.value
	s.write("main.tf", resourceOf("wo", s.server(), writeOnlyPair+timeouts)+resourceOf("stored", s.server(), storedPair+timeouts)+
		resourceOf("ambiguous", ambiguous, writeOnlyPair+timeouts)+resourceOf("lost", lost, writeOnlyPair+timeouts))

	// On a slow machine the timeout may expire before all requests have been sent.
	for range mostRuns {
		s.says(s.tf(anyCode, "apply", "-auto-approve"), "The configured timeout expired")

		if s.cloud.Count(http.MethodPost, "/reinstallos") == 4 {
			break
		}
	}

	s.sent(3, &s.values.passWO, &s.values.dataWO)
	s.sent(1, &s.values.pass, &s.values.data)
	s.tf(1, "apply", "-auto-approve")
	s.show(stateJSON, "show", "-json")
}

// leakInterrupted interrupts an apply with ctrl-C in the middle of a reinstall.
func leakInterrupted(s *scene) {
	wo, stored := s.server(), s.server()
	s.write("main.tf", resourceOf("wo", wo, writeOnlyPair)+resourceOf("stored", stored, storedPair))

	printed := s.run(1, func(cli *os.Process) {
		s.erased(wo, stored)

		if err := cli.Signal(syscall.SIGINT); err != nil {
			s.problem("%v", err)
		}
	}, "", "apply", "-auto-approve")

	s.says(printed, "The apply was interrupted")
	s.sent(1, &s.values.passWO, &s.values.pass)
	s.show(stateJSON, "state", "pull")
}

// leakInvalid makes every secret invalid in every way, as a literal in the configuration and as a variable. The CLI prints the
// lines of the configuration to which a diagnostic points, so none may point to a secret.
func leakInvalid(s *scene) {
	var literal strings.Builder

	v, long := s.values, strings.Repeat("x", 40000)
	n := 0
	add := func(lines ...string) {
		n++
		literal.WriteString(resourceOf(fmt.Sprintf("invalid%d", n), s.server(), lines...))
	}

	for _, pass := range []string{v.passWO.value + strings.Repeat("z", 20), "root" + v.passWO.value[:18], v.passWO.value + "\n\nrootrootroot"} {
		add("admin_pass_wo = "+hcl(pass), "admin_pass_wo_version = 1")
		add("admin_pass = " + hcl(pass))
	}

	add("user_data_wo = "+hcl(v.dataWO.value+long), "user_data_wo_version = 1")
	add("user_data = <<-EOT\n" + v.data.value + "\n" + long + "\nEOT")

	add("admin_pass = "+hcl(v.pass.value), "admin_pass_wo = "+hcl(v.passWO.value), "admin_pass_wo_version = 1")
	add("user_data = "+hcl(v.data.value), "user_data_wo = "+hcl(v.dataWO.value), "user_data_wo_version = 1")
	add("admin_pass_wo = " + hcl(v.passWO.value))
	add("user_data_wo = " + hcl(v.dataWO.value))
	add("user_data = "+hcl(v.data.value), "timeouts = { create = \"soon\" }", "on_drift = \"never\"", "image_id = \"none\"")

	s.write("main.tf", literal.String())
	s.says(s.tf(1, "validate"), "Invalid admin_pass_wo", "Invalid admin_pass ", "Invalid user_data_wo", "Invalid user_data ",
		"Conflicting credentials", "Conflicting user data", "Missing write-only version")
	s.tf(1, "validate", "-json")

	s.write("main.tf", resourceOf("wo", s.server(), writeOnlyPair)+resourceOf("stored", s.server(), storedPair))
	s.set("admin_pass_wo", v.passWO.value+strings.Repeat("z", 20))
	s.set("user_data_wo", v.dataWO.value+long)
	s.set("admin_pass", v.pass.value+strings.Repeat("z", 20))
	s.set("user_data", v.data.value+long)
	s.says(s.tf(1, "plan"), "Invalid admin_pass_wo", "Invalid admin_pass ", "Invalid user_data_wo", "Invalid user_data ")

	s.use(v)
	s.set("security_token", v.securityToken.value+" \n")
	s.says(s.tf(1, "plan"), "Malformed credentials")

	for _, block := range []string{
		providerOf(s.url, hcl(v.secretKey.value+" "), hcl(v.securityToken.value+"\n"), "null"),
		providerOf(s.url, hcl(v.secretKey.value), "null", hcl(v.token.value+"é")),
		strings.ReplaceAll(providerOf(s.url, hcl(v.secretKey.value), hcl(v.securityToken.value), "null"), "access_key", "# access_key"),
		providerOf("https://user:"+v.token.value+"@example.com", "var.secret_key", "null", "null"),
		providerOf("https://user:"+percent(v.token.value)+"@example.com", "var.secret_key", "null", "null"),
	} {
		s.write("provider.tf", block)
		s.says(s.tf(1, "plan"), "Error: ")
	}
}

// leakPanic has the provider panic in the middle of an apply, when Go prints the stacks of all goroutines.
func leakPanic(s *scene) {
	wo, stored := s.server(), s.server()
	cue := filepath.Join(s.dir, "out", "cue")
	s.env[envInject], s.env[envCue] = injectPanic, cue
	s.write("main.tf", resourceOf("wo", wo, writeOnlyPair)+resourceOf("stored", stored, storedPair))

	printed := s.run(1, func(*os.Process) {
		s.erased(wo, stored)
		s.leave(filepath.Base(cue), nil)
	}, "", "apply", "-auto-approve")

	s.sent(1, &s.values.passWO, &s.values.pass)

	// The CLI logs all of it. How much it also prints depends on the CLI and on the moment.
	log, err := os.ReadFile(filepath.Join(s.dir, "out", traceLog))
	if err != nil {
		s.problem("%v", err)
	}

	s.says(printed+string(log), "panic: injected", "goroutine ")
}

// leakLiteral has the write-only values and the credentials in the configuration itself.
func leakLiteral(s *scene) {
	v := s.values
	s.write("provider.tf", providerOf(s.url, hcl(v.secretKey.value), hcl(v.securityToken.value), "null"))
	s.write("main.tf", resourceOf("literal", s.server(), "admin_pass_wo = "+hcl(v.literalPassWO.value), "admin_pass_wo_version = 1",
		"user_data_wo = "+hcl(base64.StdEncoding.EncodeToString([]byte(userScript(v.literalDataWO.value)))), "user_data_wo_version = 1"))
	s.tf(0, "plan", "-out=plan.out")
	s.tf(0, "show", "plan.out")
	s.show(planJSONSuffix, "show", "-json", "plan.out")
	s.tf(0, "apply", "plan.out")
	s.sent(1, &v.literalPassWO, &v.literalDataWO)
	s.show(stateJSON, "show", "-json")
}

// leakVariables has the write-only values in sensitive variables that are not ephemeral, one of them on the command line.
func leakVariables(s *scene) {
	s.write("variables.tf", secretVariables("sensitive"))
	s.write("main.tf", resourceOf("wo", s.server(), writeOnlyPair))
	delete(s.variables, "admin_pass_wo")
	s.tf(0, "plan", "-out=plan.out", "-var=admin_pass_wo="+s.values.passWO.value)
	s.tf(0, "show", "plan.out")
	s.show(planJSONSuffix, "show", "-json", "plan.out")
	s.tf(0, "apply", "plan.out")
	s.sent(1, &s.values.passWO, &s.values.dataWO)
	s.show(stateJSON, "show", "-json")
}
