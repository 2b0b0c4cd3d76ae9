# Every system disk that a plan erases, or may erase: a line for each server, with the reasons.
#
#   terraform show -json plan.out > plan.json && jq -r -f erases.jq plan.json

.resource_changes[]?
| select(.type == "modelarts_devserver_os_reinstall")
| select(.change.after_unknown.last_reinstall | . == true or .state? == true)
| .address as $address
| (.change.after.last_reinstall.reasons // ["known after apply"]) - ["resume"]
| select(length > 0)
| "\($address): \(join(", "))"
