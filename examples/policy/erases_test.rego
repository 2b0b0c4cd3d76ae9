package main_test

import data.main
import rego.v1

# A plan with one change of one server.
plan(actions, after) := {
	"format_version": "1.2",
	"terraform_version": "1.16.4",
	"planned_values": {"root_module": {}},
	"configuration": {"root_module": {}},
	"errored": false,
	"resource_changes": [{
		"address": "modelarts_devserver_os_reinstall.trainer",
		"mode": "managed",
		"type": "modelarts_devserver_os_reinstall",
		"name": "trainer",
		"provider_name": "registry.terraform.io/terraform-modelarts/modelarts",
		"change": {
			"actions": actions,
			"before": null,
			"after": object.union(
				{
					"id": "62383738-e52a-450a-9f84-f9e705402be8",
					"name": "trainer-1",
					"reinstall_protection": null,
				},
				after,
			),
			"after_unknown": {},
		},
	}],
}

erases(reason) := {"erases_system_disk": true, "last_reinstall": {"reasons": [reason]}}

saturday := {"today": "2026-11-28"}

monday := {"today": "2026-11-30"}

test_one_erasure_is_allowed if {
	main.allow with input as plan(["update"], erases("triggers")) with data.erasure_rules as monday
}

test_more_than_allowed if {
	main.deny == {concat("", [
		"modelarts_devserver_os_reinstall.trainer (server trainer-1, 62383738-e52a-450a-9f84-f9e705402be8; create): ",
		"one of 1 system disks that the plan erases; the rules allow 0.",
	])} with input as plan(["create"], erases("create"))
		with data.erasure_rules as {"max_erasures": 0}
}

test_drift_waits_for_the_weekend if {
	drifted := plan(["update"], erases("drift: image_id is a, not b"))

	main.allow with input as drifted with data.erasure_rules as saturday
	not main.allow with input as drifted with data.erasure_rules as monday
}

test_protection_is_considered if {
	rules := object.union(monday, {"require_protection_decision": true})
	considered := object.union(erases("triggers"), {"reinstall_protection": false})

	not main.allow with input as plan(["update"], erases("triggers")) with data.erasure_rules as rules
	main.allow with input as plan(["update"], considered) with data.erasure_rules as rules
}

test_only_listed_servers if {
	changed := plan(["update"], erases("triggers"))

	main.allow with input as changed
		with data.erasure_rules as {"allowed_ids": ["62383738-E52A-450A-9F84-F9E705402BE8"]}
	not main.allow with input as changed with data.erasure_rules as {"allowed_ids": []}
}

test_what_erases_nothing if {
	none := {"max_erasures": 0}

	main.allow with input as plan(["no-op"], erases("create")) with data.erasure_rules as none
	main.allow with input as plan(["update"], {"erases_system_disk": false}) with data.erasure_rules as none
	main.allow with input as object.remove(plan(["no-op"], {}), ["resource_changes"]) with data.erasure_rules as none
}

test_doubt_erases if {
	none := {"max_erasures": 0}

	not main.allow with input as plan(["update"], {}) with data.erasure_rules as none
	not main.allow with input as plan(["create", "delete"], {}) with data.erasure_rules as none
}

test_what_cannot_be_read if {
	valid := plan(["no-op"], {})

	every broken in [
		{}, [], "", null,
		object.remove(valid, ["format_version"]),
		object.union(valid, {"format_version": "2.0"}),
		object.union(valid, {"errored": true}),
		object.union(valid, {"resource_changes": null}),
	] {
		not main.allow with input as broken
	}
}

test_rules_that_cannot_be_used if {
	every broken in [{"max_erasure": 1}, {"max_erasures": "1"}, {"today": "2026-02-30"}, [], null] {
		not main.allow with input as plan(["no-op"], {}) with data.erasure_rules as broken
	}
}
