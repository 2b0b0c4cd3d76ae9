package policy_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// mutation is a document with one part removed or replaced.
type mutation struct {
	what  string // path and new value
	value any
}

// removed is the part that stands for no part at all.
type removed struct{}

// mutations returns what becomes of a document if any one part of it is missing, or is something else.
func mutations(path string, value any, rebuild func(any) any) []mutation {
	var all []mutation

	for _, other := range []any{removed{}, nil, false, "other", []any{}} {
		all = append(all, mutation{fmt.Sprintf("%s: %T %v", path, other, other), rebuild(other)})
	}

	switch value := value.(type) {
	case document:
		for key, part := range value {
			all = append(all, mutations(path+"."+key, part, func(other any) any {
				changed := document{}

				for name, part := range value {
					if name != key {
						changed[name] = part
					}
				}

				if _, gone := other.(removed); !gone {
					changed[key] = other
				}

				return rebuild(changed)
			})...)
		}
	case []any:
		for i, part := range value {
			all = append(all, mutations(fmt.Sprintf("%s[%d]", path, i), part, func(other any) any {
				if _, gone := other.(removed); gone {
					return rebuild(slices.Delete(slices.Clone(value), i, i+1))
				}

				changed := slices.Clone(value)
				changed[i] = other

				return rebuild(changed)
			})...)
		}
	}

	return all
}

// small returns a plan that erases the disk of one server, without what the gates do not read.
func small(t *testing.T) document {
	t.Helper()

	plan := planOf(t, "changed")
	resource := object(t, plan, "resource_changes", 0)

	for _, key := range []string{"resource_drift", "timestamp", "applyable", "complete"} {
		delete(plan, key)
	}

	for _, key := range []string{"name", "index"} {
		delete(resource, key)
	}

	plan["planned_values"], plan["configuration"] = document{}, document{}
	plan["resource_changes"] = []any{resource}

	change := object(t, resource, "change")
	after := object(t, change, "after")
	change["before"] = document{}
	change["after"] = document{
		"id": changedID, "name": "changed", "erases_system_disk": true, "reinstall_protection": false,
		"last_reinstall": document{"number": 2, "reasons": at(t, after, "last_reinstall", "reasons")},
	}
	change["after_unknown"] = document{"image": true, "last_reinstall": document{"state": true}}

	for _, key := range []string{"before_sensitive", "after_sensitive", "before_identity", "after_identity"} {
		delete(change, key)
	}

	return plan
}

// TestMutations breaks a plan in every place. Under rules that permit no erasure, it passes only where it erases nothing any
// longer. Under all rules, the gates agree.
func TestMutations(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		rules document
		want  []string // what passes; nil: whatever the gates agree on
	}{
		"nothing may be erased": {rules("max_erasures", 0), []string{
			"plan.resource_changes: []interface {} []",
			"plan.resource_changes: policy_test.removed {}",
			"plan.resource_changes[0].change.after.erases_system_disk: bool false",
			"plan.resource_changes[0]: policy_test.removed {}",
		}},
		"this may be erased": {rules(
			"max_erasures", 1, "today", "2026-11-27", "require_protection_decision", true, "allowed_ids", []any{changedID},
		), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			plan := small(t)
			all := mutations("plan", plan, func(other any) any { return other })[1:]
			inRego, inJq := passInRego(t, all, test.rules), passInJq(t, all, test.rules)

			if diff := cmp.Diff(inRego, inJq); diff != "" {
				t.Errorf("what passes (-rego +jq):\n%s", diff)
			}

			if test.want == nil {
				expect(t, plan, test.rules)
			} else if diff := cmp.Diff(test.want, inRego); diff != "" {
				t.Errorf("what passes (-want +got):\n%s", diff)
			}
		})
	}
}

// passInRego returns the mutations that the policy lets pass, in one run of OPA.
func passInRego(t *testing.T, all []mutation, rules document) []string {
	t.Helper()

	cases := document{}
	for _, one := range all {
		cases[one.what] = one.value
	}

	ran, printed := succeeds(t, tool(t, envOPA), "eval", "--format=raw", "--data="+filepath.Join(folder, "erases.rego"),
		"--data="+write(t, document{"cases": cases}), "--data="+write(t, rules),
		"[what | some what, plan in data.cases; data.main.allow with input as plan]")
	if !ran {
		t.Fatal(printed)
	}

	var pass []string
	if err := json.Unmarshal([]byte(printed), &pass); err != nil {
		t.Fatalf("%v: %s", err, printed)
	}

	slices.Sort(pass)

	return pass
}

// passInJq returns the mutations that the jq program lets pass.
func passInJq(t *testing.T, all []mutation, rules document) []string {
	t.Helper()

	check := checkWithJq(tool(t, envGojq))
	rulesFile := write(t, rules)

	var pass []string

	for _, one := range all {
		if passes, _ := check(t, write(t, one.value), rulesFile); passes {
			pass = append(pass, one.what)
		}
	}

	slices.Sort(pass)

	return pass
}
