package e2e_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// The names of the files that a scene leaves. They tell the search the formats.
const (
	stateJSON      = ".state.json"
	planJSONSuffix = ".plan.json"
	traceLog       = "trace.log"
)

// values are the secrets of a scene. Those of user data are words within a script; the literal user data is base64.
type values struct {
	passWO, dataWO               secret // write-only, through ephemeral variables
	literalPassWO, literalDataWO secret // write-only, as text in the configuration
	pass, data                   secret
	secretKey, securityToken     secret
	token                        secret
}

// newValues returns values with characters that nearly every encoding writes differently. Each version has its own values.
func newValues(version int) *values {
	v := fmt.Sprint(version)

	return &values{
		passWO:        secret{name: "admin_pass_wo " + v, value: `Wq` + v + `<"e\é%2B+&x'Zk>/9=Ü`},
		dataWO:        secret{name: "user_data_wo " + v, value: `Jd` + v + `<"u\ß%2C+&join'tok>/7=Å`},
		literalPassWO: secret{name: "literal admin_pass_wo " + v, value: "Tm90UGxhaW5UZXh0MTI" + v},
		literalDataWO: secret{name: "literal user_data_wo " + v, value: `Lu` + v + `<"l\ö%2D+&join'lit>/5=Ä`},
		pass:          secret{name: "admin_pass " + v, value: `Ap` + v + `<"g\ñ%2F+&z'Yk>/3=Ö`, stored: true},
		data:          secret{name: "user_data " + v, value: `Ud` + v + `<"d\î%2G+&join'dat>/1=Ø`, stored: true},
		secretKey:     secret{name: "secret_key", value: `Sk<"k\%2H+&secret'key>/2=aB3`},
		securityToken: secret{name: "security_token", value: "MQoZc2VjdXJpdHk+dG9rZW4/Zm9ydGVzdHM="},
		token:         secret{name: "token", value: `Tk<"t\%2J+&iam'token>/4=cD5`},
	}
}

func (v *values) secrets() []*secret {
	return []*secret{
		&v.passWO, &v.dataWO, &v.literalPassWO, &v.literalDataWO, &v.pass, &v.data, &v.secretKey, &v.securityToken, &v.token,
	}
}

// userScript returns user data that contains a secret word.
func userScript(word string) string { return "#!/bin/sh\necho '" + word + "' > /run/token\n" }

// body returns the body of a request with the write-only values.
func (v *values) body(html bool) string {
	return `{"admin_pass":"` + jsonText(v.passWO.value, html) + `","user_data":"` +
		base64.StdEncoding.EncodeToString([]byte(userScript(v.dataWO.value))) + `"}`
}

// hcl returns value as a literal of a configuration.
func hcl(value string) string { return `"` + jsonText(value, false) + `"` }

// scene is a working directory and a cloud, in which a test drives the CLI and then searches for secrets.
type scene struct {
	t         *testing.T
	cli, dir  string
	cloud     *simulator.Cloud
	url       string
	values    *values
	secrets   []*secret
	variables map[string]string
	env       map[string]string
	inputs    map[string]bool
	steps     int
	problems  []string
}

// newScene returns a scene that has the provider and its variables. The cloud accepts the secret key and the token of its
// values.
func newScene(t *testing.T, cli string, cfg simulator.Config) *scene {
	t.Helper()

	v := newValues(1)
	cfg.SecretKey, cfg.SecurityToken, cfg.Token = v.secretKey.value, v.securityToken.value, v.token.value

	if cfg.Durations == (simulator.Durations{}) {
		cfg.Durations = simulator.Durations{
			Start: simulator.Instant, Stop: simulator.Instant, Reinstall: 10 * time.Millisecond,
		}
	}

	s := &scene{
		t: t, cli: cli, dir: t.TempDir(), cloud: simulator.New(cfg), values: v, secrets: v.secrets(), inputs: map[string]bool{},
		variables: map[string]string{}, env: map[string]string{},
	}

	server := httptest.NewServer(s.cloud.Handler())
	t.Cleanup(server.Close)

	s.url = server.URL

	for _, name := range []string{"work", "data", "out", "home", "tmp"} {
		if err := os.Mkdir(filepath.Join(s.dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}

	s.use(v)
	s.set("secret_key", v.secretKey.value)
	s.set("security_token", v.securityToken.value)
	s.write("cli.tfrc", cliConfig(os.Getenv("PATH")))
	s.write("provider.tf", providerOf(s.url, "var.secret_key", "var.security_token", "var.token"))
	s.write("variables.tf", secretVariables("ephemeral"))

	return s
}

// use gives the variables the secrets of v.
func (s *scene) use(v *values) {
	if v != s.values {
		s.values, s.secrets = v, append(s.secrets, v.secrets()...)
	}

	s.set("admin_pass_wo", v.passWO.value)
	s.set("user_data_wo", userScript(v.dataWO.value))
	s.set("admin_pass", v.pass.value)
	s.set("user_data", userScript(v.data.value))
}

func (s *scene) set(variable, value string) { s.variables[variable] = value }

// write writes an input, which is not searched.
func (s *scene) write(name, content string) {
	path := filepath.Join(s.dir, "work", name)
	s.inputs[path] = true

	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		s.problem("%v", err)
	}
}

// problem records what went wrong. Of long output it keeps the end, which says most.
func (s *scene) problem(format string, args ...any) {
	for i, arg := range args {
		if text, ok := arg.(string); ok && len(text) > 4000 {
			args[i] = "..." + text[len(text)-4000:]
		}
	}

	s.problems = append(s.problems, fmt.Sprintf(format, args...))
}

// server adds a stopped server.
func (s *scene) server() string {
	return s.cloud.AddServer(simulator.Server{Name: "leak", Status: "STOPPED"}).ID
}

// command returns a command of the CLI that logs as much as it can.
func (s *scene) command(args ...string) *exec.Cmd {
	env := map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": filepath.Join(s.dir, "home"), "TMPDIR": filepath.Join(s.dir, "tmp"),
		"TF_DATA_DIR": filepath.Join(s.dir, "data"), "TF_CLI_CONFIG_FILE": filepath.Join(s.dir, "work", "cli.tfrc"),
		"TF_LOG": "TRACE", "TF_LOG_PROVIDER": "TRACE", "TF_LOG_PATH": filepath.Join(s.dir, "out", traceLog),
		"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "TF_CLI_ARGS": "-no-color", "GOTRACEBACK": "all",
	}
	maps.Copy(env, s.env)

	for name, value := range s.variables {
		env["TF_VAR_"+name] = value
	}

	run := exec.CommandContext(s.t.Context(), s.cli, args...)
	run.Dir = filepath.Join(s.dir, "work")

	for name, value := range env {
		run.Env = append(run.Env, name+"="+value)
	}

	return run
}

// anyCode stands for an exit code that does not matter.
const anyCode = -1

// tf runs the CLI, expects an exit code, and returns the output.
func (s *scene) tf(want int, args ...string) string { return s.run(want, nil, "", args...) }

// show prints a state or a plan as JSON, into a file with that suffix.
func (s *scene) show(suffix string, args ...string) { s.run(0, nil, suffix, args...) }

// run is tf with more: during is called while the CLI runs, and suffix ends the name of the file with the standard output.
func (s *scene) run(want int, during func(*os.Process), suffix string, args ...string) string {
	var stdout, stderr bytes.Buffer

	run := s.command(args...)
	run.Stdout, run.Stderr = &stdout, &stderr

	err := run.Start()
	if err == nil && during != nil {
		during(run.Process)
	}

	if err == nil {
		err = run.Wait()
	}

	s.steps++
	s.leave(fmt.Sprintf("%02d-%s.stdout%s", s.steps, args[0], suffix), stdout.Bytes())
	s.leave(fmt.Sprintf("%02d-%s.stderr", s.steps, args[0]), stderr.Bytes())

	printed := stdout.String() + stderr.String()

	if exit, failed := errors.AsType[*exec.ExitError](err); err != nil && !failed {
		s.problem("%s: %v", args[0], err)
	} else if got := run.ProcessState.ExitCode(); got != want && want != anyCode {
		s.problem("%s: exit code %d, want %d (%v):\n%s", strings.Join(args, " "), got, want, exit, printed)
	}

	// The messages of a CLI about a provider that returns a value which it must not return.
	for _, verdict := range []string{"Provider produced", "Write-only attribute set", "invalid result object"} {
		if strings.Contains(printed, verdict) {
			s.problem("the CLI says %q:\n%s", verdict, printed)
		}
	}

	return printed
}

func (s *scene) leave(name string, content []byte) {
	if err := os.WriteFile(filepath.Join(s.dir, "out", name), content, 0o600); err != nil {
		s.problem("%v", err)
	}
}

// says expects texts in the output, whatever its white space and frames.
func (s *scene) says(printed string, texts ...string) {
	flat := strings.Join(strings.Fields(strings.NewReplacer("│", " ", "|", " ").Replace(printed)), " ")

	for _, text := range texts {
		if !strings.Contains(flat, text) {
			s.problem("the output lacks %q:\n%s", text, printed)
		}
	}
}

// sent expects that as many reinstall requests as wanted have carried each secret so far: what is not sent cannot leak.
func (s *scene) sent(want int, secrets ...*secret) {
	for _, wanted := range secrets {
		got := 0

		for _, request := range s.cloud.Requests() {
			var body map[string]string
			if request.Action != "reinstallos" || json.Unmarshal(request.Body, &body) != nil {
				continue
			}

			data, err := base64.StdEncoding.DecodeString(body["user_data"])
			if err == nil && strings.Contains(body["admin_pass"]+string(data), wanted.value) {
				got++
			}
		}

		if got != want {
			s.problem("%s was sent %d times, want %d", wanted.name, got, want)
		}
	}
}

// wire returns the requests to the cloud, without the bodies and headers that are made for secrets.
func (s *scene) wire() *artifact {
	var b bytes.Buffer

	for _, request := range s.cloud.Requests() {
		fmt.Fprintf(&b, "%s %s?%s\n", request.Method, request.Path, request.Query)

		for _, name := range slices.Sorted(maps.Keys(request.Header)) {
			if name != "X-Auth-Token" && name != "X-Security-Token" {
				fmt.Fprintf(&b, "%s: %q\n", name, request.Header[name])
			}
		}

		if request.Action != "reinstallos" {
			b.Write(request.Body)
		}
	}

	return &artifact{name: "requests, except the bodies and headers made for secrets", data: b.Bytes()}
}

// searched is the result of a search.
type searched struct {
	leaks    []hit
	stored   map[string]int // by the kind of file
	excluded map[*exclusion]int
	files    int
	bytes    int
	secrets  int
	forms    int
}

// search searches everything that the scene has left for every secret.
func (s *scene) search(excluding []*exclusion) *searched {
	artifacts, err := collect(s.dir, s.inputs)
	if err != nil {
		s.problem("%v", err)
	}

	m := newMatcher(s.secrets)
	found := &searched{
		stored: map[string]int{}, excluded: map[*exclusion]int{}, secrets: m.secrets, forms: m.forms, files: len(artifacts) + 1,
	}

	for _, a := range append(artifacts, s.wire()) {
		found.bytes += len(a.data)

		for _, h := range m.find(a) {
			switch {
			case a.stores && h.secret.stored:
				found.stored[filepath.Base(strings.Split(a.name, ",")[0])]++
			case a.apart != nil && slices.Contains(excluding, a.apart):
				found.excluded[a.apart]++
			default:
				found.leaks = append(found.leaks, h)
			}
		}
	}

	return found
}

func (f *searched) String() string {
	text := fmt.Sprintf("%d files and parts of files, %.1f MB, %d secrets in %d forms (%d encodings): %d leaks",
		f.files, float64(f.bytes)/1e6, f.secrets, f.forms, len(encodings), len(f.leaks))

	if len(f.stored) > 0 {
		text += fmt.Sprintf("; admin_pass and user_data, as documented, in %s", strings.Join(slices.Sorted(maps.Keys(f.stored)), ", "))
	}

	for e, times := range f.excluded {
		text += fmt.Sprintf("; excluded: %s (%d hits; %s)", e.what, times, e.why)
	}

	return text
}

// providerOf returns the configuration of the provider, with the given expressions for its credentials.
func providerOf(url, secretKey, securityToken, token string) string {
	return fmt.Sprintf(`terraform {
  required_providers {
    modelarts = {
      source = %q
    }
  }
}

provider "modelarts" {
  region         = %q
  project_id     = %q
  access_key     = %s == null ? null : %q
  secret_key     = %s
  security_token = %s
  token          = %s
  max_retries    = 0

  endpoints = {
    modelarts = %q
    iam       = %q
  }
}
`, providerSource, simulator.DefaultRegion, simulator.DefaultProjectID, secretKey, simulator.DefaultAccessKey, secretKey, securityToken,
		token, url, url)
}

// secretVariables declares the variables. kind is ephemeral or sensitive; stored arguments cannot be ephemeral, so their
// variables are always sensitive.
func secretVariables(kind string) string {
	var b strings.Builder

	for _, name := range []string{"admin_pass_wo", "user_data_wo", "secret_key", "security_token", "token"} {
		fmt.Fprintf(&b, "variable %q {\n  type    = string\n  %s = true\n  default = null\n}\n", name, kind)
	}

	for _, name := range []string{"admin_pass", "user_data"} {
		fmt.Fprintf(&b, "variable %q {\n  type      = string\n  sensitive = true\n  default   = null\n}\n", name)
	}

	b.WriteString("variable \"version_wo\" {\n  default = 1\n}\n")

	return b.String()
}

// resourceOf returns a resource with the given lines.
func resourceOf(name, id string, lines ...string) string {
	return fmt.Sprintf("resource \"modelarts_devserver_os_reinstall\" %q {\n  id = %q\n  %s\n}\n", name, id, strings.Join(lines, "\n  "))
}

// The arguments of a resource.
const (
	writeOnlyPair = "admin_pass_wo = var.admin_pass_wo\n  admin_pass_wo_version = var.version_wo\n" +
		"  user_data_wo = var.user_data_wo\n  user_data_wo_version = var.version_wo"
	storedPair = "admin_pass = var.admin_pass\n  user_data = var.user_data"
)

// erased waits until the disks of all servers have been erased.
func (s *scene) erased(ids ...string) {
	if !eventually(func() bool {
		return !slices.ContainsFunc(ids, func(id string) bool { return len(s.cloud.WipesOf(id)) == 0 })
	}) {
		s.problem("the disks have not been erased")
	}
}

// records returns the number of records in the journal.
func (s *scene) records() int {
	s.t.Helper()

	records, err := filepath.Glob(filepath.Join(s.dir, "data", "modelarts-journal", "*.json"))
	if err != nil {
		s.t.Fatal(err)
	}

	return len(records)
}
