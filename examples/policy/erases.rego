# Denies a plan that erases system disks which the rules do not allow, or that cannot be read. README.md has the rules.
#
#   terraform show -json plan.out > plan.json && conftest test --policy erases.rego --data rules.json plan.json

package main

import rego.v1

weekdays := ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]

defaults := {
	"max_erasures": 1,
	"no_drift_on": weekdays,
	"require_protection_decision": false,
	"allowed_ids": null,
	"today": null,
}

# In Rego, a denial whose condition is undefined is lost. So every condition below is what permits something, and is negated
# where it is used: undefined then denies.

# Undefined, and not false, where something is denied: `opa eval --fail` fails only where a query is undefined.
allow if count(deny) == 0

deny contains sprintf("The plan cannot be read: %s.", [problem]) if some problem in unreadable

deny contains sprintf("The rules cannot be used: %s.", [problem]) if some problem in unusable

deny contains sprintf("%s: one of %d system disks that the plan erases, of which %v may be.", [
	described(resource), count(erased), rules.max_erasures,
]) if {
	some resource in erased
	not few_enough
}

deny contains sprintf("%s: erased by drift, or perhaps by drift, on a %s.", [described(resource), day]) if {
	some resource in erased
	not drift_allowed
	not without_drift(resource)
}

deny contains sprintf("%s: reinstall_protection is not configured, so nobody has decided about it.", [described(resource)]) if {
	some resource in erased
	not protection_decided(resource)
}

deny contains sprintf("%s: not one of the servers that may be erased.", [described(resource)]) if {
	some resource in erased
	not listed(resource)
}

# What is erased with permission, for the log of the pipeline.
warn contains sprintf("%s: its system disk is erased.", [described(resource)]) if some resource in erased

few_enough if count(erased) <= rules.max_erasures

drift_allowed if {
	every weekday in rules.no_drift_on { weekday != day }
}

without_drift(resource) if {
	every reason in known_reasons(resource) { not startswith(reason, "drift") }
}

protection_decided(_) if rules.require_protection_decision == false

protection_decided(resource) if is_boolean(resource.change.after.reinstall_protection)

listed(_) if rules.allowed_ids == null

listed(resource) if {
	some id in rules.allowed_ids
	lower(id) == lower(resource.change.after.id)
}

# The changes that erase a system disk, or may.
erased := [resource |
	some resource in input.resource_changes
	resource.type == "modelarts_devserver_os_reinstall"
	not spared(resource.change)
]

# A change of another kind keeps erases_system_disk as it was, so there it says nothing of this plan.
spared(change) if {
	count(change.actions) > 0
	every action in change.actions { action in {"no-op", "read", "delete", "forget"} }
}

spared(change) if {
	change.after.erases_system_disk == false
	is_object(change.after_unknown)
	not change.after_unknown.erases_system_disk
}

unreadable contains "it is not one JSON object" if not is_object(input)

unreadable contains "its format_version is not 1.x" if not regex.match(`^1\.[0-9]+$`, input.format_version)

unreadable contains sprintf("it has no %s, so it is not the JSON of a saved plan", [key]) if {
	some key, present in {
		"terraform_version": is_string(object.get(input, "terraform_version", null)),
		"planned_values": is_object(object.get(input, "planned_values", null)),
		"configuration": is_object(object.get(input, "configuration", null)),
	}
	not present
}

unreadable contains "planning has failed, or does not say that it has not" if not input.errored == false

# Terraform leaves the list out where nothing is planned.
unreadable contains "its resource_changes are not a list" if not is_array(object.get(input, "resource_changes", []))

unreadable contains sprintf("resource_changes[%v] is not as expected", [i]) if {
	some i, resource in input.resource_changes
	not readable(resource)
}

readable(resource) if {
	is_string(resource.address)
	is_string(resource.type)
	is_string(resource.provider_name)
	not of_provider(resource)
}

readable(resource) if {
	is_string(resource.address)
	of_provider(resource)
	known_actions(resource.change.actions)
	known_effect(resource)
}

of_provider(resource) if endswith(resource.provider_name, "/modelarts")

of_provider(resource) if resource.type == "modelarts_devserver_os_reinstall"

known_actions(actions) if {
	is_array(actions)
	count(actions) > 0
	every action in actions { action in {"no-op", "create", "read", "update", "delete", "forget"} }
}

# A type of a later version of the provider may erase as well.
known_effect(resource) if resource.type == "modelarts_devserver_os_reinstall"

known_effect(resource) if resource.mode == "data"

known_effect(resource) if {
	not "create" in resource.change.actions
	not "update" in resource.change.actions
}

default given := {}

given := data.erasure_rules

rules := object.union(defaults, given)

unusable contains "erasure_rules is not an object" if not is_object(given)

unusable contains sprintf("%v is not a rule", [key]) if {
	some key, _ in given
	not key in object.keys(defaults)
}

unusable contains "max_erasures is not a whole number from 0 on" if not is_count(rules.max_erasures)

unusable contains "no_drift_on is not a list of weekdays in English" if {
	not are_weekdays(rules.no_drift_on)
}

unusable contains "require_protection_decision is neither true nor false" if {
	not is_boolean(rules.require_protection_decision)
}

unusable contains "allowed_ids is not a list of IDs" if not is_list_of_ids(rules.allowed_ids)

unusable contains "today is not a date like 2026-11-28" if not day

is_count(value) if {
	is_number(value)
	value >= 0
	floor(value) == value
}

are_weekdays(values) if {
	is_array(values)
	every value in values { value in array.concat(weekdays, ["Saturday", "Sunday"]) }
}

is_list_of_ids(null)

is_list_of_ids(values) if {
	is_array(values)
	every value in values { is_string(value) }
}

day := time.weekday(time.now_ns()) if rules.today == null

day := time.weekday(time.parse_ns("2006-01-02", rules.today))

# Defined only where each reason is known and a text.
known_reasons(resource) := reasons if {
	reasons := resource.change.after.last_reinstall.reasons
	is_array(reasons)
	count(reasons) > 0
	every reason in reasons { is_string(reason) }
}

described(resource) := sprintf("%v (server %v, %v; %v)", [
	object.get(resource, "address", "?"),
	attribute(resource, "name"),
	attribute(resource, "id"),
	reasons_text(resource),
])

attribute(resource, name) := object.get(resource, ["change", "after", name], null) if {
	object.get(resource, ["change", "after", name], null) != null
} else := object.get(resource, ["change", "before", name], null) if {
	object.get(resource, ["change", "before", name], null) != null
} else := sprintf("%s not known", [name])

reasons_text(resource) := concat(", ", known_reasons(resource)) if known_reasons(resource)

reasons_text(resource) := "reasons known after apply" if not known_reasons(resource)
