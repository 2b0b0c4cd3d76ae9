package policy_test

import (
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// IDs in the fixture.
const (
	changedID = "00000001-e52a-450a-9f84-f9e705402be8"
	driftedID = "00000003-e52a-450a-9f84-f9e705402be8"
)

// Servers in the fixture, of which each has a change of another kind.
var (
	erasing  = []string{"changed", "created", "drifted", "replaced", "reborn", "undecided"}
	harmless = []string{"removed", "unchanged", "waiting", "watched", "deposed", "forgotten"}
)

// TestRegoTests runs the policy's own tests, which are for users who change it.
func TestRegoTests(t *testing.T) {
	t.Parallel()

	out, err := exec.CommandContext(t.Context(), tool(t, envOPA), "test", folder).CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "PASS: ") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestJqOptions checks rules that are options, and that options which are misunderstood deny every plan.
func TestJqOptions(t *testing.T) {
	t.Parallel()

	program := filepath.Join(folder, "erases.jq")
	jq, two, none := tool(t, envGojq), write(t, planOf(t, "changed", "created")), write(t, planOf(t))
	file := write(t, rules("max_erasures", 1))

	for name, test := range map[string]struct {
		passes bool
		args   []string
	}{
		"defaults":                 {false, []string{"-n", "-f", program, two}},
		"an option":                {true, []string{"-n", "-f", program, "--argjson", "max_erasures", "2", two}},
		"an option before a file":  {true, []string{"-n", "-f", program, "--slurpfile", "rules", file, "--argjson", "max_erasures", "2", two}},
		"a file":                   {false, []string{"-n", "-f", program, "--slurpfile", "rules", file, two}},
		"exit code by the output":  {true, []string{"-n", "-e", "-f", program, none}},
		"an unknown option":        {false, []string{"-n", "-f", program, "--arg", "day", "Monday", none}},
		"a number as text":         {false, []string{"-n", "-f", program, "--arg", "max_erasures", "2", none}},
		"rules that are no file":   {false, []string{"-n", "-f", program, "--argjson", "rules", "null", none}},
		"rules that are an object": {false, []string{"-n", "-f", program, "--argjson", "rules", `{"erasure_rules": {}}`, none}},
		"two plans":                {false, []string{"-n", "-f", program, none, none}},
		"no -n":                    {false, []string{"-f", program, none}},
		"-s":                       {false, []string{"-n", "-s", "-f", program, none}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if passes, printed := succeeds(t, jq, test.args...); passes != test.passes {
				t.Errorf("passes: %v\n%s", passes, printed)
			}
		})
	}
}

// TestRegoFormat checks that the policy is as `opa fmt` writes it, and passes the strict checks of the compiler.
func TestRegoFormat(t *testing.T) {
	t.Parallel()

	opa := tool(t, envOPA)
	for _, args := range [][]string{{"fmt", "--diff", "--fail"}, {"check", "--strict"}} {
		files := []string{filepath.Join(folder, "erases.rego"), filepath.Join(folder, "erases_test.rego")}
		if passes, printed := succeeds(t, opa, append(args, files...)...); !passes {
			t.Errorf("opa %s:\n%s", args[0], printed)
		}
	}
}

// TestWhatErases checks which changes count.
func TestWhatErases(t *testing.T) {
	t.Parallel()

	for _, server := range erasing {
		t.Run(server, func(t *testing.T) {
			t.Parallel()
			expect(t, planOf(t, server), rules("max_erasures", 1, "no_drift_on", []any{}))
			expect(t, planOf(t, server), rules("max_erasures", 0), `["`+server+`"] (server `+server+", 0000000",
				"one of 1 system disks that the plan erases; the rules allow 0.")
		})
	}

	t.Run("none of these", func(t *testing.T) {
		t.Parallel()
		expect(t, planOf(t, harmless...), rules("max_erasures", 0))
	})

	t.Run("all at once", func(t *testing.T) {
		t.Parallel()

		all := planOf(t, slices.Concat(erasing, harmless)...)
		expect(t, all, rules("max_erasures", 6, "no_drift_on", []any{}))
		expect(t, all, rules("max_erasures", 5, "no_drift_on", []any{}),
			`this["changed"] (server changed, `+changedID+"; triggers): one of 6 system disks",
			`this["created"] (server created, 00000002-e52a-450a-9f84-f9e705402be8; create): one of 6`,
			`module.fleet.modelarts_devserver_os_reinstall.canary["reborn"] (server reborn, `,
			`this["undecided"] (server undecided, 00000007-e52a-450a-9f84-f9e705402be8; reasons known after apply): one of 6`)
	})
}

// TestDoubtErases checks that a change which does not say that it erases nothing counts as erasing.
func TestDoubtErases(t *testing.T) {
	t.Parallel()

	for name, edit := range map[string]func(change, after, unknown document){
		"an older provider": func(_, after, _ document) { delete(after, "erases_system_disk") },
		"known after apply": func(_, after, unknown document) {
			delete(after, "erases_system_disk")
			unknown["erases_system_disk"] = true
		},
		"known and unknown": func(_, _, unknown document) { unknown["erases_system_disk"] = true },
		"null":              func(_, after, _ document) { after["erases_system_disk"] = nil },
		"a text":            func(_, after, _ document) { after["erases_system_disk"] = "false" },
		"nothing after":     func(change, _, _ document) { change["after"] = nil },
		"nothing unknown":   func(change, _, _ document) { delete(change, "after_unknown") },
		"all unknown":       func(change, _, _ document) { change["after_unknown"] = true },
		"created, forgotten": func(change, after, _ document) {
			delete(after, "erases_system_disk")

			change["actions"] = []any{"create", "forget"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			plan := planOf(t, "watched")
			change := object(t, plan, "resource_changes", 0, "change")
			edit(change, object(t, change, "after"), object(t, change, "after_unknown"))
			expect(t, plan, rules("max_erasures", 0), "(server watched, ", "the rules allow 0.")
		})
	}
}

// TestRules checks what each rule permits.
func TestRules(t *testing.T) {
	t.Parallel()

	decided := func(value any) document {
		plan := planOf(t, "changed")
		object(t, plan, "resource_changes", 0, "change", "after")["reinstall_protection"] = value

		return plan
	}
	two := planOf(t, "drifted", "changed")
	reasons := func(list any) document {
		plan := planOf(t, "drifted")
		object(t, plan, "resource_changes", 0, "change", "after", "last_reinstall")["reasons"] = list

		return plan
	}
	drifted := `this["drifted"] (server drifted, ` + driftedID + "; drift: image_id is "

	for name, test := range map[string]struct {
		plan, rules document
		want        []string
	}{
		"two are allowed":       {plan: two, rules: rules()},
		"two, and one is":       {two, rules("max_erasures", 1), []string{"one of 2 system disks that the plan erases; the rules allow 1."}},
		"one by default":        {two, document{"erasure_rules": document{"today": "2026-11-28"}}, []string{"the rules allow 1."}},
		"drift on a Saturday":   {plan: two, rules: rules("today", "2026-11-28")},
		"drift on a Sunday":     {plan: two, rules: rules("today", "2026-11-29")},
		"drift on a Monday":     {two, rules("today", "2026-11-30"), []string{drifted, "by drift, on a Monday."}},
		"drift on a Friday":     {two, rules("today", "2026-11-27"), []string{drifted, "by drift, on a Friday."}},
		"drift on a leap day":   {two, rules("today", "2028-02-29"), []string{drifted, "by drift, on a Tuesday."}},
		"another list of days":  {two, rules("no_drift_on", []any{"Saturday"}), []string{drifted, "by drift, on a Saturday."}},
		"an empty list of days": {plan: two, rules: rules("no_drift_on", []any{}, "today", "2026-11-27")},
		"no drift on a Friday":  {plan: decided(nil), rules: rules("today", "2026-11-27")},
		"maybe drift on a Friday": {
			planOf(t, "undecided"), rules("today", "2026-11-27"),
			[]string{"reasons known after apply): erased by drift, or perhaps by drift, on a Friday."},
		},
		"drift among others":       {reasons([]any{"triggers", "drift: x"}), rules("today", "2026-11-27"), []string{"triggers, drift: x): erased by drift"}},
		"no reasons":               {reasons([]any{}), rules("today", "2026-11-27"), []string{"erased by drift"}},
		"a reason that is no text": {reasons([]any{[]any{"drift"}}), rules("today", "2026-11-27"), []string{"erased by drift"}},
		"reasons that are a text":  {reasons("create"), rules("today", "2026-11-27"), []string{"erased by drift"}},
		"protection not decided": {
			decided(nil), rules("require_protection_decision", true),
			[]string{`this["changed"] (server changed, ` + changedID + "; triggers): reinstall_protection is not configured"},
		},
		"protection decided":       {plan: decided(false), rules: rules("require_protection_decision", true)},
		"protection is a text":     {decided("false"), rules("require_protection_decision", true), []string{"reinstall_protection is not configured"}},
		"protection is no matter":  {plan: decided(nil), rules: rules("require_protection_decision", false)},
		"listed":                   {plan: two, rules: rules("allowed_ids", []any{changedID, driftedID})},
		"listed in upper case":     {plan: two, rules: rules("allowed_ids", []any{strings.ToUpper(changedID), strings.ToUpper(driftedID)})},
		"not listed":               {two, rules("allowed_ids", []any{changedID}), []string{drifted, "not one of the servers that may be erased."}},
		"an empty list of servers": {two, rules("allowed_ids", []any{}), []string{"triggers): not one of the servers"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expect(t, test.plan, test.rules, test.want...)
		})
	}

	t.Run("an ID known after apply", func(t *testing.T) {
		t.Parallel()

		plan := planOf(t, "changed")
		delete(object(t, plan, "resource_changes", 0, "change", "after"), "id")
		object(t, plan, "resource_changes", 0, "change", "after_unknown")["id"] = true
		expect(t, plan, rules("allowed_ids", []any{changedID}), "(server changed, "+changedID, "not one of the servers")
	})
}

// TestToday checks that the day is today where no other one is given.
func TestToday(t *testing.T) {
	t.Parallel()

	days := []any{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
	expect(t, planOf(t, "drifted"), document{"erasure_rules": document{"no_drift_on": days}}, "by drift, on a ")
	expect(t, planOf(t, "drifted"), document{"erasure_rules": document{"no_drift_on": []any{}}})
}

// TestUnusableRules checks that no plan passes under rules that are not understood, not even one that erases nothing.
func TestUnusableRules(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		rules any
		want  string
	}{
		"an unknown rule":            {rules("max_erasure", 1), "max_erasure is not a rule"},
		"a negative number":          {rules("max_erasures", -1), "max_erasures is not"},
		"half a server":              {rules("max_erasures", 0.5), "max_erasures is not"},
		"a number as text":           {rules("max_erasures", "1"), "max_erasures is not"},
		"no number":                  {rules("max_erasures", nil), "max_erasures is not"},
		"a day that is none":         {rules("no_drift_on", []any{"monday"}), "no_drift_on is not"},
		"one day":                    {rules("no_drift_on", "Monday"), "no_drift_on is not"},
		"no days":                    {rules("no_drift_on", nil), "no_drift_on is not"},
		"a decision as text":         {rules("require_protection_decision", "true"), "require_protection_decision is"},
		"a decision that is null":    {rules("require_protection_decision", nil), "require_protection_decision is"},
		"one server":                 {rules("allowed_ids", changedID), "allowed_ids is not"},
		"servers by number":          {rules("allowed_ids", []any{1}), "allowed_ids is not"},
		"servers by name":            {rules("allowed_ids", document{"changed": changedID}), "allowed_ids is not"},
		"no date":                    {rules("today", "Monday"), "today is not"},
		"a date that does not exist": {rules("today", "2026-02-30"), "today is not"},
		"a time":                     {rules("today", "2026-11-28T00:00:00Z"), "today is not"},
		"a date that is empty":       {rules("today", ""), "today is not"},
		"a number as date":           {rules("today", 1), "today is not"},
		"a list of rules":            {document{"erasure_rules": []any{}}, "erasure_rules is not an object"},
		"rules that are null":        {document{"erasure_rules": nil}, "erasure_rules is not an object"},
		"rules that are false":       {document{"erasure_rules": false}, "erasure_rules is not an object"},
		"a list":                     {[]any{}, ""},
		"nothing":                    {"", ""},
		"no JSON":                    {"max_erasures: [", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expect(t, planOf(t, harmless...), test.rules, test.want)
		})
	}
}

// TestUnreadable checks that a plan which is not understood does not pass, and one without any change does.
func TestUnreadable(t *testing.T) {
	t.Parallel()

	empty := func(edits ...any) document {
		plan := planOf(t)
		delete(plan, "resource_changes")

		return set(plan, edits...)
	}
	without := func(key string) document {
		plan := empty()
		delete(plan, key)

		return plan
	}
	other := func(edits ...any) document {
		change := maps.Clone(object(t, planOf(t), "resource_changes", 1))

		return empty("resource_changes", []any{set(change, edits...)})
	}

	for name, plan := range map[string]any{
		"no change":         empty(),
		"an empty list":     empty("resource_changes", []any{}),
		"a later minor":     empty("format_version", "1.99"),
		"an unknown key":    empty("deferred_changes", []any{}),
		"another type":      planOf(t),
		"an unknown action": other("change", document{"actions": []any{"invoke"}}),
	} {
		t.Run("pass "+name, func(t *testing.T) {
			t.Parallel()
			expect(t, plan, rules("max_erasures", 0))
		})
	}

	for name, plan := range map[string]any{
		"an empty file":              "",
		"white space":                " \n",
		"an error message":           "Error: Failed to read the given file as a state or plan file\n",
		"half a plan":                `{"format_version": "1.2", "resource_changes": [`,
		"two plans":                  `{"format_version": "1.2"} {"format_version": "1.2"}`,
		"the log of a plan":          `{"@level":"info","type":"version"}` + "\n" + `{"@level":"info","type":"planned_change"}` + "\n",
		"null":                       "null",
		"a text":                     `"plan"`,
		"a list":                     []any{planOf(t)},
		"a list of documents":        []any{document{"path": "plan.json", "contents": planOf(t)}},
		"an empty object":            document{},
		"no state":                   document{"format_version": "1.0"},
		"a state":                    document{"format_version": "1.0", "terraform_version": "1.16.4", "values": document{"root_module": document{}}},
		"no format":                  without("format_version"),
		"format 2":                   empty("format_version", "2.0"),
		"format 0":                   empty("format_version", "0.2"),
		"format 10":                  empty("format_version", "10.0"),
		"format 1":                   empty("format_version", "1"),
		"a number as format":         empty("format_version", 1.2),
		"no version":                 without("terraform_version"),
		"no planned values":          without("planned_values"),
		"no configuration":           without("configuration"),
		"an error":                   empty("errored", true),
		"an error, perhaps":          without("errored"),
		"an error as text":           empty("errored", "false"),
		"changes that are null":      empty("resource_changes", nil),
		"changes that are an object": empty("resource_changes", document{"a": document{}}),
		"a change that is null":      empty("resource_changes", []any{nil}),
		"a change that is a text":    empty("resource_changes", []any{"create"}),
		"a change that is empty":     empty("resource_changes", []any{document{}}),
		"no type":                    other("type", nil),
		"no address":                 other("address", nil),
		"no provider":                other("provider_name", nil),
		"another type of this provider": other("type", "modelarts_devserver_image",
			"provider_name", "registry.example.com/mirror/modelarts"),
	} {
		t.Run("deny "+name, func(t *testing.T) {
			t.Parallel()
			expect(t, plan, rules("max_erasures", 100), "")
		})
	}

	for name, actions := range map[string]any{
		"no actions": nil, "an empty list of actions": []any{}, "a text as actions": "no-op", "an unknown action": []any{"no-op", "reset"},
		"an object as actions": document{}, "an action that is null": []any{nil},
	} {
		t.Run("deny "+name, func(t *testing.T) {
			t.Parallel()

			plan := planOf(t, "unchanged")
			object(t, plan, "resource_changes", 0, "change")["actions"] = actions
			expect(t, plan, rules("max_erasures", 100), "resource_changes[0] is not as expected")
		})
	}

	t.Run("deny a missing file", func(t *testing.T) {
		t.Parallel()

		for _, gate := range gates(t) {
			if passes, printed := gate.check(t, filepath.Join(t.TempDir(), "plan.json"), write(t, rules())); passes {
				t.Errorf("%s:\n%s", gate.name, printed)
			}
		}
	})
}
