# Denies a plan that erases more than the rules allow, and a plan that cannot be read. README.md explains the rules.
#
#   terraform show -json plan.out > plan.json && opa eval --fail -d erases.rego -d rules.json -i plan.json data.main.allow

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

# In Rego, a rule whose body is undefined does nothing, so a denial must not depend on a value that may be missing. Each condition
# is therefore a rule that permits something, and a denial negates it: undefined then denies. A negated call must not have a path
# such as input.errored as its argument: OPA evaluates the path outside the negation.

# Undefined rather than false if anything is denied, because `opa eval --fail` fails only if the query is undefined.
allow if count(deny) == 0

deny contains sprintf("The plan cannot be read: %s.", [problem]) if some problem in unreadable

deny contains sprintf("The rules cannot be used: %s.", [problem]) if some problem in unusable

deny contains sprintf("%s: one of %d system disks that the plan erases; the rules allow %v.", [
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

# Conftest prints these without failing.
warn contains sprintf("%s: its system disk %s erased.", [described(resource), certainty(resource)]) if some resource in erased

certainty(resource) := "is" if {
	resource.change.after.erases_system_disk == true
} else := "may be"

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

# The changes that erase a system disk, or may erase it.
erased := [resource |
	some resource in input.resource_changes
	resource.type == "modelarts_devserver_os_reinstall"
	not spared(resource)
]

# Such a change keeps erases_system_disk from the last apply, so the attribute says nothing about this plan.
spared(resource) if {
	count(resource.change.actions) > 0
	every action in resource.change.actions { action in {"no-op", "read", "delete", "forget"} }
}

spared(resource) if {
	resource.change.after.erases_system_disk == false
	is_object(resource.change.after_unknown)
	not resource.change.after_unknown.erases_system_disk
}

unreadable contains "it is not one JSON object" if not input_is_object

unreadable contains "its format_version is not 1.x" if not format_is_known

unreadable contains "it has no terraform_version, so it is not the JSON of a saved plan" if not version_is_there

unreadable contains "it has no planned_values, so it is not the JSON of a saved plan" if not values_are_there

unreadable contains "it has no configuration, so it is not the JSON of a saved plan" if not configuration_is_there

unreadable contains "it does not say that the run succeeded" if not planned_without_error

unreadable contains "its resource_changes are not a list" if not changes_are_list

input_is_object if is_object(input)

format_is_known if regex.match(`^1\.[0-9]+$`, input.format_version)

version_is_there if is_string(input.terraform_version)

values_are_there if is_object(input.planned_values)

configuration_is_there if is_object(input.configuration)

planned_without_error if input.errored == false

# Terraform leaves the list out if no resource is planned.
changes_are_list if is_array(object.get(input, "resource_changes", []))

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
	is_string(resource.provider_name)
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

# A type that a later version of the provider introduces may erase as well.
known_effect(resource) if resource.type == "modelarts_devserver_os_reinstall"

known_effect(resource) if resource.mode == "data"

known_effect(resource) if {
	not "create" in resource.change.actions
	not "update" in resource.change.actions
}

default given := {}

given := data.erasure_rules

rules := object.union(defaults, given)

unusable contains "erasure_rules is not an object" if not given_is_object

unusable contains sprintf("%v is not a rule", [key]) if {
	some key, _ in given
	not key in object.keys(defaults)
}

unusable contains "max_erasures is not a whole number of 0 or more" if not max_is_count

unusable contains "no_drift_on is not a list of weekdays in English" if not drift_days_are_weekdays

unusable contains "require_protection_decision is neither true nor false" if not decision_is_boolean

unusable contains "allowed_ids is not a list of IDs" if not allowed_are_ids

unusable contains "today is not a date like 2026-11-28" if not day

given_is_object if is_object(given)

max_is_count if {
	is_number(rules.max_erasures)
	rules.max_erasures >= 0
	floor(rules.max_erasures) == rules.max_erasures
}

drift_days_are_weekdays if {
	is_array(rules.no_drift_on)
	every value in rules.no_drift_on { value in array.concat(weekdays, ["Saturday", "Sunday"]) }
}

decision_is_boolean if is_boolean(rules.require_protection_decision)

allowed_are_ids if rules.allowed_ids == null

allowed_are_ids if {
	is_array(rules.allowed_ids)
	every value in rules.allowed_ids { is_string(value) }
}

day := time.weekday(time.now_ns()) if rules.today == null

day := time.weekday(time.parse_ns("2006-01-02", rules.today))

# Undefined unless every reason is known and a string.
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

reasons_text(resource) := concat(", ", known_reasons(resource)) if {
	known_reasons(resource)
} else := "reasons known after apply"
