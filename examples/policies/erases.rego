# Every system disk that a plan erases, or may erase: a message for each server and reason.
#
#   terraform show -json plan.out > plan.json && conftest test --policy erases.rego plan.json

package main

deny contains message if {
	some resource in input.resource_changes
	resource.type == "modelarts_devserver_os_reinstall"
	some reason in reasons(resource.change)
	reason != "resume"
	message := sprintf("%s: %s", [resource.address, reason])
}

# What is in the plan of a server that is reinstalled, or waited for.
reasons(change) := change.after.last_reinstall.reasons if {
	change.after_unknown.last_reinstall.state == true
}

# Whether it is reinstalled is known only after apply.
reasons(change) := ["known after apply"] if {
	change.after_unknown.last_reinstall == true
}
