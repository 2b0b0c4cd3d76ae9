package e2e_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// planJSON is the part of `show -json` that the tests read.
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

// cmdPlanned makes a plan in the file plan.out and checks one resource in its JSON:
// planned ADDRESS ACTIONS [reasons=A;B] [unknown=X,Y] [known=X,Y] [after.NAME=VALUE] [-- PLAN ARGS]. An action is no-op, create, update or
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

// cmdAlso checks one more resource in the last plan that planned has made: also ADDRESS ACTIONS [reasons=A;B]
// [unknown=X,Y] [known=X,Y] [after.NAME=VALUE].
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

// check compares one property of a planned change, and returns what is wrong.
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
		return c.checkValue(key, value)
	}

	return ""
}

// checkValue compares the planned value of an attribute: after.NAME=VALUE.
func (c *resourceChange) checkValue(key, want string) string {
	name, ok := strings.CutPrefix(key, "after.")
	if !ok {
		return "no such property: " + key
	}

	if unknown := c.Change.AfterUnknown[name]; anyTrue(unknown) {
		return fmt.Sprintf("%s is unknown, want %q", name, want)
	}

	if got := fmt.Sprint(c.Change.After[name]); got != want {
		return fmt.Sprintf("%s is %q, want %q", name, got, want)
	}

	return ""
}

// anyTrue reports whether value, or anything in it, is true.
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

// reasons returns the reasons of the plan for a reinstall, joined by ";", and nothing for those of a past reinstall.
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
