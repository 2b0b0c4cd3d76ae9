package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// contextOfProcess is the context of a process that is ended by its parent.
func contextOfProcess() context.Context { return context.Background() }

// commands are what a script can say besides the usual.
func commands() map[string]func(*testscript.TestScript, bool, []string) {
	all := map[string]func(*testscript.TestScript, bool, []string){
		"server":    plain(cmdServer),
		"servers":   plain(cmdServers),
		"requests":  plain(cmdRequests),
		"behavior":  plain(cmdBehavior),
		"fault":     plain(cmdFault),
		"outside":   plain(cmdOutside),
		"rival":     plain(cmdRival),
		"paced":     plain(cmdPaced),
		"crowded":   plain(cmdCrowded),
		"peak":      plain(cmdPeak),
		"await":     plain(cmdAwait),
		"running":   plain(cmdRunning),
		"tf":        plain(cmdTerraform),
		"processes": plain(cmdProcesses),
		"sends":     plain(cmdSends),
		"planned":   plain(cmdPlanned),
		"also":      plain(cmdAlso),
		"says":      plain(cmdSays),
		"omits":     plain(cmdOmits),
		"sent":      plain(cmdSent),
		"total":     plain(cmdTotal),
		"body":      plain(cmdBody),
		"lawful":    plain(cmdLawful),
		"replace":   plain(cmdReplace),
	}
	maps.Copy(all, processCommands())

	return all
}

// plain is a command that cannot be negated.
func plain(run func(*testscript.TestScript, *world, []string)) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg {
			ts.Fatalf("cannot be negated")
		}

		w, ok := ts.Value(worldKey{}).(*world)
		if !ok {
			ts.Fatalf("no world")
		}

		run(ts, w, args)
	}
}

// cmdServer adds a server: server NAME [JSON of simulator.Server]. Its id is ${NAME} in the script, and var.NAME in the
// configuration.
func cmdServer(ts *testscript.TestScript, w *world, args []string) {
	name := args[0]

	var server simulator.Server

	unmarshal(ts, args[1:], &server)

	if server.Name == "" {
		server.Name = name
	}

	server = w.cloud.AddServer(server)
	w.ids[name] = server.ID
	ts.Setenv(name, server.ID)
	ts.Check(os.WriteFile(ts.MkAbs("server_"+name+".tf"),
		fmt.Appendf(nil, "variable %q {\n  default = %q\n}\n", name, server.ID), 0o600))
}

// cmdServers adds several servers that are alike: servers NAME COUNT [JSON of simulator.Server]. They are NAME0, NAME1 ...
// in the script, and their ids the list var.NAME in the configuration.
func cmdServers(ts *testscript.TestScript, w *world, args []string) {
	count, err := strconv.Atoi(args[1])
	ts.Check(err)

	ids := make([]string, count)

	for i := range ids {
		server := simulator.Server{Name: fmt.Sprintf("%s%d", args[0], i)}
		unmarshal(ts, args[2:], &server)

		server = w.cloud.AddServer(server)
		ids[i], w.ids[server.Name] = server.ID, server.ID
	}

	list, err := json.Marshal(ids)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("servers_"+args[0]+".tf"),
		fmt.Appendf(nil, "variable %q {\n  default = %s\n}\n", args[0], list), 0o600))
}

// cmdRequests compares how often servers were read one by one and by a listing, or begins to count anew:
// requests get=N list<=N, requests reset.
func cmdRequests(ts *testscript.TestScript, w *world, args []string) {
	if args[0] == "reset" {
		w.cloud.ResetLog()

		return
	}

	compareCounts(ts, args, map[string]int{
		"get":  w.cloud.Count("GET", "/dev-servers/{id}"),
		"list": w.cloud.Count("GET", "/dev-servers"),
	})
}

// compareCounts compares counts with key=N (exactly so many), key<=N (at most) and key=OTHER (as many as another count).
func compareCounts(ts *testscript.TestScript, wants []string, got map[string]int) {
	for _, want := range wants {
		key, value, _ := strings.Cut(want, "=")
		key, atMost := strings.CutSuffix(key, "<")

		number, ok := got[value]
		if !ok {
			var err error

			number, err = strconv.Atoi(value)
			ts.Check(err)
		}

		count, ok := got[key]
		if !ok {
			ts.Fatalf("%s is not counted", key)
		}

		if count != number && (!atMost || count > number) {
			ts.Fatalf("the cloud has counted %v, want %s", got, want)
		}
	}
}

// cmdBehavior sets the behaviour of the cloud: behavior JSON of simulator.Behavior.
func cmdBehavior(ts *testscript.TestScript, w *world, args []string) {
	var behavior simulator.Behavior

	unmarshal(ts, args, &behavior)
	w.cloud.SetBehavior(behavior)
}

// cmdFault adds a fault rule: fault JSON of simulator.Fault.
func cmdFault(ts *testscript.TestScript, w *world, args []string) {
	var fault simulator.Fault

	unmarshal(ts, args, &fault)
	w.cloud.AddFault(fault)
}

// cmdOutside has somebody else act on a server: outside reimage|image|key|status|delete|begin NAME [VALUE ...]. With
// finish, the time has come for all that is under way there.
func cmdOutside(ts *testscript.TestScript, w *world, args []string) {
	id := w.ids[args[1]]

	switch args[0] {
	case "reimage":
		w.cloud.Reimage(id, args[2])
	case "image":
		w.cloud.SetImage(id, args[2])
	case "key":
		w.cloud.SetKeyPair(id, args[2])
	case "status":
		w.cloud.SetStatus(id, args[2])
	case "delete":
		w.cloud.Delete(id)
	case "begin":
		w.cloud.BeginReinstall(id, args[2], args[3])
	case "finish":
		w.cloud.Finish(id)
	default:
		ts.Fatalf("nobody does %q", args[0])
	}
}

// cmdRival has somebody else begin a reinstall just before the next request of a kind for a server is handled:
// rival NAME ACTION IMAGE KEY_PAIR [STATUS]. The request is answered with that status, else as the cloud does.
func cmdRival(ts *testscript.TestScript, w *world, args []string) {
	status := 0

	if len(args) > 4 {
		var err error

		status, err = strconv.Atoi(args[4])
		ts.Check(err)
	}

	w.cloud.AddFault(simulator.Fault{
		Name: "rival", ServerID: w.ids[args[0]], Action: args[1], Times: 1, Status: status,
		OnMatch: func(cloud *simulator.Cloud, id string) { cloud.BeginReinstall(id, args[2], args[3]) },
	})
}

// cmdPaced makes reinstalls end with the second look that is taken at them, however long they would last otherwise, so
// that no script depends on how fast the machine is that it runs on: paced [off]. The look of a refresh counts as well.
func cmdPaced(_ *testscript.TestScript, w *world, args []string) {
	if len(args) > 0 && args[0] == "off" {
		w.unpaced()

		return
	}

	var (
		mu    sync.Mutex
		looks = map[string]int{}
	)

	w.unpaced = w.cloud.AddFault(simulator.Fault{Name: "paced", Action: "get", OnMatch: func(cloud *simulator.Cloud, id string) {
		server, ok := cloud.Server(id)
		if !ok || server.Status != simulator.StatusReinstallingOS {
			return
		}

		mu.Lock()
		looks[id]++
		ends := looks[id]%2 == 0
		mu.Unlock()

		if ends {
			cloud.Finish(id)
		}
	}})
}

// crowd counts the servers that are at work: those with a request to stop or to reinstall them whose reinstall has not
// ended yet.
type crowd struct {
	all    int // how many there are
	wanted int // how many are to be at work at a time
	left   int // how many are still to be reinstalled

	mu     sync.Mutex
	looked map[string]bool
	looks  map[string]int // while everybody wanted is there
	atWork map[string]bool
	peak   int
}

// cmdCrowded makes reinstalls end only once COUNT servers are at work at a time, after every server of the script has
// been looked at, and two more looks: whoever does not wait for its turn has had the time to act. It begins to count how
// many are at work: crowded COUNT.
func cmdCrowded(ts *testscript.TestScript, w *world, args []string) {
	wanted, err := strconv.Atoi(args[0])
	ts.Check(err)

	c := &crowd{all: len(w.ids), wanted: wanted, left: len(w.ids), looked: map[string]bool{}, looks: map[string]int{}, atWork: map[string]bool{}}
	w.crowd = c

	for _, action := range []string{"stop", "reinstallos"} {
		w.cloud.AddFault(simulator.Fault{
			Name: "crowded", Action: action, OnMatch: func(_ *simulator.Cloud, id string) { c.begins(id) },
		})
	}

	w.cloud.AddFault(simulator.Fault{Name: "crowded", Action: "get", OnMatch: func(cloud *simulator.Cloud, id string) {
		if server, ok := cloud.Server(id); ok && c.ends(id, server.Status) {
			cloud.Finish(id)
		}
	}})
}

// begins notes that a server is at work.
func (c *crowd) begins(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()

	c.atWork[id] = true
	c.peak = max(c.peak, len(c.atWork))
}

// ends notes a look at a server, and tells whether it finds a reinstall at its end.
func (c *crowd) ends(id, status string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()

	c.looked[id] = true

	if status != simulator.StatusReinstallingOS || len(c.looked) < c.all || len(c.atWork) < min(c.wanted, c.left) {
		return false
	}

	c.looks[id]++
	if c.looks[id] < 2 {
		return false
	}

	delete(c.atWork, id)
	c.left--

	return true
}

// cmdPeak compares how many servers were at work at a time at most: peak COUNT.
func cmdPeak(ts *testscript.TestScript, w *world, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)

	w.crowd.mu.Lock()
	defer w.crowd.mu.Unlock()

	if w.crowd.peak != want {
		ts.Fatalf("%d servers were at work at a time, want %d", w.crowd.peak, want)
	}
}

// cmdAwait waits until the cloud has a server in a status: await NAME STATUS.
func cmdAwait(ts *testscript.TestScript, w *world, args []string) {
	w.await(ts, args[0], args[1])
}

// cmdRunning waits until all of several servers are running: running NAME COUNT.
func cmdRunning(ts *testscript.TestScript, w *world, args []string) {
	count, err := strconv.Atoi(args[1])
	ts.Check(err)

	for i := range count {
		w.await(ts, fmt.Sprintf("%s%d", args[0], i), simulator.StatusRunning)
	}
}

// await waits until the cloud has a server in a status.
func (w *world) await(ts *testscript.TestScript, name, status string) {
	if !sooner(func() bool {
		server, ok := w.cloud.Server(w.ids[name])

		return ok && server.Status == status
	}) {
		ts.Fatalf("%s is not %s", name, status)
	}
}

// patience is for how long a test waits for what has to come, on the slowest of machines.
const patience = 10 * time.Minute

// sooner waits for a condition, and tells whether it comes true before patience is at an end. The last look is taken after
// that: in between, the machine may have stood still.
func sooner(condition func() bool) bool {
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		late := time.Now().After(deadline)

		if condition() {
			return true
		}

		if late {
			return false
		}
	}
}

// cmdTerraform runs the CLI and expects an exit code: tf CODE ARGS.
func cmdTerraform(ts *testscript.TestScript, w *world, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)

	if got := w.run(ts, args[1:]); got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// run runs the CLI and returns its exit code.
func (w *world) run(ts *testscript.TestScript, args []string) int {
	err := w.exec(ts, args...)

	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}

	ts.Check(err)

	return 0
}

// mostRuns bounds how often a run is repeated whose timeout was over too early.
const mostRuns = 20

// cmdSends runs the CLI as tf does, and again as long as it has sent less than N requests for a reinstall of a server that
// is named: sends NAME=N ... CODE ARGS. A timeout that is to be over during a reinstall is over before it on a machine
// that is slow enough. Such a run has sent nothing to a server that is stopped, so that only the last one is judged.
func cmdSends(ts *testscript.TestScript, w *world, args []string) {
	first := slices.IndexFunc(args, func(arg string) bool { return !strings.Contains(arg, "=") })
	want, err := strconv.Atoi(args[first])
	ts.Check(err)

	for range mostRuns {
		code := w.run(ts, args[first+1:])

		if !w.haveSent(ts, args[:first]) {
			cmdSays(ts, w, []string{"The configured timeout expired"})

			continue
		}

		if code != want {
			ts.Fatalf("exit code %d, want %d", code, want)
		}

		return
	}

	ts.Fatalf("%d runs have not sent %v", mostRuns, args[:first])
}

// haveSent tells whether so many requests for a reinstall have been sent, by NAME=N.
func (w *world) haveSent(ts *testscript.TestScript, wants []string) bool {
	for _, want := range wants {
		name, value, _ := strings.Cut(want, "=")
		number, err := strconv.Atoi(value)
		ts.Check(err)

		if w.cloud.ReinstallPosts(w.ids[name]) < number {
			return false
		}
	}

	return true
}

// said is all that the last run of the CLI has printed, on one line: how the CLI wraps and frames its lines is not the
// scripts' business.
func said(ts *testscript.TestScript) string {
	printed := ts.ReadFile("stdout") + "\n" + ts.ReadFile("stderr")

	return strings.Join(strings.Fields(strings.NewReplacer("│", " ", "╷", " ", "╵", " ").Replace(printed)), " ")
}

// cmdSays looks for a pattern in what the CLI has printed: says PATTERN.
func cmdSays(ts *testscript.TestScript, _ *world, args []string) {
	if text := said(ts); !regexp.MustCompile(args[0]).MatchString(text) {
		ts.Fatalf("no match for %q in: %s", args[0], text)
	}
}

// cmdOmits makes sure that a pattern is not in what the CLI has printed: omits PATTERN.
func cmdOmits(ts *testscript.TestScript, _ *world, args []string) {
	if found := regexp.MustCompile(args[0]).FindString(said(ts)); found != "" {
		ts.Fatalf("unexpected match for %q: %s", args[0], found)
	}
}

// planJSON is what of `show -json` the scripts look at.
type planJSON struct {
	ResourceChanges []resourceChange `json:"resource_changes"`
}

type resourceChange struct {
	Address string `json:"address"`
	Change  struct {
		Actions      []string       `json:"actions"`
		Before       map[string]any `json:"before"`
		After        map[string]any `json:"after"`
		AfterUnknown map[string]any `json:"after_unknown"`
	} `json:"change"`
}

// cmdPlanned makes a plan in the file plan.out and looks at one resource in its JSON:
// planned ADDRESS ACTIONS [reasons=A;B] [unknown=X,Y] [known=X,Y] [-- PLAN ARGS]. An action is no-op, create, update or
// delete; several are joined by "+".
func cmdPlanned(ts *testscript.TestScript, w *world, args []string) {
	planArgs := []string{"plan", "-out=plan.out"}
	if i := slices.Index(args, "--"); i >= 0 {
		planArgs, args = append(planArgs, args[i+1:]...), args[:i]
	}

	ts.Check(w.exec(ts, planArgs...))
	w.changes = w.show(ts)
	cmdAlso(ts, w, args)
}

// cmdAlso looks at one more resource in the plan that planned has made last: also ADDRESS ACTIONS [reasons=A;B]
// [unknown=X,Y] [known=X,Y].
func cmdAlso(ts *testscript.TestScript, w *world, args []string) {
	i := slices.IndexFunc(w.changes, func(change resourceChange) bool { return change.Address == args[0] })
	if i < 0 {
		ts.Fatalf("%s is not in the plan", args[0])
	}

	change := w.changes[i]
	if got := strings.Join(change.Change.Actions, "+"); got != args[1] {
		ts.Fatalf("%s: planned %q, want %q", args[0], got, args[1])
	}

	for _, arg := range args[2:] {
		key, value, _ := strings.Cut(arg, "=")
		if problem := change.check(key, value); problem != "" {
			ts.Fatalf("%s: %s", args[0], problem)
		}
	}
}

// show returns the resources in the JSON of plan.out.
func (w *world) show(ts *testscript.TestScript) []resourceChange {
	show := exec.CommandContext(contextOfProcess(), w.cli, "show", "-json", "-no-color", "plan.out")
	show.Dir = ts.MkAbs(".")
	show.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+ts.Getenv("TF_CLI_CONFIG_FILE"), "TF_CLI_ARGS=")

	out, err := show.Output()
	ts.Check(err)

	var plan planJSON

	ts.Check(json.Unmarshal(out, &plan))

	return plan.ResourceChanges
}

// check compares one property of a planned change, and says what is wrong.
func (c *resourceChange) check(key, value string) string {
	switch key {
	case "reasons":
		if got := c.reasons(); got != value {
			return fmt.Sprintf("reasons %q, want %q", got, value)
		}
	case "unknown", "known":
		for name := range strings.SplitSeq(value, ",") {
			unknown := anyTrue(c.Change.AfterUnknown[name])
			if unknown != (key == "unknown") {
				return fmt.Sprintf("%s is not %s: after %v, unknown %v",
					name, key, c.Change.After[name], c.Change.AfterUnknown[name])
			}
		}
	default:
		return "no such property: " + key
	}

	return ""
}

// anyTrue tells whether value, or anything in it, is true.
func anyTrue(value any) bool {
	switch value := value.(type) {
	case bool:
		return value
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(value)), anyTrue)
	case []any:
		return slices.ContainsFunc(value, anyTrue)
	default:
		return false
	}
}

// reasons are the reasons that the plan has for acting, joined by ";". Those of a past reinstall do not count.
func (c *resourceChange) reasons() string {
	unknown, _ := c.Change.AfterUnknown["last_reinstall"].(map[string]any)
	if flag, ok := unknown["state"].(bool); !ok || !flag {
		return ""
	}

	after, _ := c.Change.After["last_reinstall"].(map[string]any)
	reasons, _ := after["reasons"].([]any)

	texts := make([]string, len(reasons))
	for i, reason := range reasons {
		texts[i] = fmt.Sprint(reason)
	}

	return strings.Join(texts, ";")
}

// cmdSent compares what the cloud has counted for a server: sent NAME [posts=N] [wipes=N] [stops=N] [starts=N]. What is
// not mentioned must be 0.
func cmdSent(ts *testscript.TestScript, w *world, args []string) {
	id := w.ids[args[0]]
	want := map[string]int{"posts": 0, "wipes": 0, "stops": 0, "starts": 0}

	for _, arg := range args[1:] {
		key, value, _ := strings.Cut(arg, "=")
		number, err := strconv.Atoi(value)
		ts.Check(err)

		want[key] = number
	}

	wipes := 0

	for _, wipe := range w.cloud.WipesOf(id) {
		if !wipe.Outside {
			wipes++
		}
	}

	got := map[string]int{
		"posts":  w.cloud.ReinstallPosts(id),
		"wipes":  wipes,
		"stops":  w.cloud.CountServer("PUT", "stop", id),
		"starts": w.cloud.CountServer("PUT", "start", id),
	}

	if !maps.Equal(want, got) {
		ts.Fatalf("%s: the cloud has counted %v, want %v", args[0], got, want)
	}
}

// cmdTotal compares what the cloud has counted for all servers together: total posts=N wipes<=N stops=N starts=N. What is
// not mentioned may be any number.
func cmdTotal(ts *testscript.TestScript, w *world, args []string) {
	compareCounts(ts, args, map[string]int{
		"posts":  w.cloud.Count("POST", "/reinstallos"),
		"wipes":  len(w.cloud.Wipes()),
		"stops":  w.cloud.Count("PUT", "/stop"),
		"starts": w.cloud.Count("PUT", "/start"),
	})
}

// cmdBody compares the body of the last reinstall request for a server: body NAME JSON. Of what is not mentioned, only
// the image may be there.
func cmdBody(ts *testscript.TestScript, w *world, args []string) {
	var want, got map[string]string

	unmarshal(ts, args[1:], &want)

	for _, request := range w.cloud.Requests() {
		if request.Action == "reinstallos" && request.ServerID == w.ids[args[0]] {
			got = nil

			ts.Check(json.Unmarshal(request.Body, &got))
		}
	}

	if want["image_id"] == "" {
		delete(got, "image_id")
	}

	if !maps.Equal(want, got) {
		ts.Fatalf("%s: the last request was for %v, want %v", args[0], got, want)
	}
}

// cmdLawful fails if anything was sent that a correct client does not send: lawful.
func cmdLawful(ts *testscript.TestScript, w *world, _ []string) {
	if violations := w.cloud.Violations(); len(violations) > 0 {
		ts.Fatalf("illegal calls:\n%s", strings.Join(violations, "\n"))
	}
}

// cmdReplace replaces a text in a file: replace FILE OLD NEW. The text has to be there.
func cmdReplace(ts *testscript.TestScript, _ *world, args []string) {
	path := ts.MkAbs(args[0])
	before, err := os.ReadFile(path)
	ts.Check(err)

	after := strings.ReplaceAll(string(before), args[1], args[2])
	if after == string(before) {
		ts.Fatalf("%s has no %q", filepath.Base(path), args[1])
	}

	ts.Check(os.WriteFile(path, []byte(after), 0o600))
}

// unmarshal reads the one JSON argument of a command, if there is one. Unknown keys are mistakes.
func unmarshal(ts *testscript.TestScript, args []string, into any) {
	if len(args) == 0 {
		return
	}

	decoder := json.NewDecoder(bytes.NewReader([]byte(strings.Join(args, " "))))
	decoder.DisallowUnknownFields()
	ts.Check(decoder.Decode(into))
}

// begun is a program at work.
type begun struct {
	cmd    *exec.Cmd
	output string // path
	done   chan struct{}
	err    error // once done
}

// ended reports whether the program has.
func (b *begun) ended() bool {
	select {
	case <-b.done:
		return true
	default:
		return false
	}
}
