# Denies a plan that erases more than the rules allow, and a plan that cannot be read. README.md explains the rules.
#
#   terraform show -json plan.out > plan.json && jq -n -r -f erases.jq --slurpfile rules rules.json plan.json

def weekdays: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"];

def defaults:
  {max_erasures: 1, no_drift_on: weekdays, require_protection_decision: false, allowed_ids: null, today: null};

def halt_with($problems): $problems | map(. + "\n") | add | halt_error(1);

# The rules of the file. Those that are options, such as --argjson max_erasures 5, take precedence.
def given:
  (if $ARGS.named | has("rules") then $ARGS.named.rules else [{erasure_rules: {}}] end) as $files
  | if ($files | type) == "array" and ($files | length) == 1 and ($files[0] | type) == "object" and ($files[0].erasure_rules | type) == "object"
    then $files[0].erasure_rules + ($ARGS.named | del(.rules))
    else halt_with(["The rules cannot be used: erasure_rules is not an object."])
    end;

# The weekday of a date such as 2026-11-28; null for anything else.
def weekday:
  try (
    . as $date
    | (. + "T00:00:00Z" | fromdateiso8601)
    | if todateiso8601 == $date + "T00:00:00Z"
      then ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"][(. / 86400 | floor) % 7]
      else null
      end
  ) catch null;

def is_list(is_member): type == "array" and all(.[]; is_member);

def unusable:
  (keys[] | select(in(defaults) | not) | "\(.) is not a rule"),
  (select(.max_erasures | type == "number" and . >= 0 and floor == . | not)
    | "max_erasures is not a whole number of 0 or more"),
  (select(.no_drift_on | is_list(. as $day | weekdays + ["Saturday", "Sunday"] | index([$day]) != null) | not)
    | "no_drift_on is not a list of weekdays in English"),
  (select(.require_protection_decision | type != "boolean")
    | "require_protection_decision is neither true nor false"),
  (select(.allowed_ids | . == null or is_list(type == "string") | not)
    | "allowed_ids is not a list of IDs"),
  (select(.today != null and (.today | weekday) == null)
    | "today is not a date like 2026-11-28");

def is_reinstall: .type == "modelarts_devserver_os_reinstall";

def known_actions: ["no-op", "create", "read", "update", "delete", "forget"];

# A type that a later version of the provider introduces may erase as well.
def readable:
  type == "object"
  and (.address | type) == "string" and (.type | type) == "string" and (.provider_name | type) == "string"
  and (if is_reinstall or (.provider_name | endswith("/modelarts"))
       then (.change | type) == "object"
         and (.change.actions | type) == "array" and (.change.actions | length) > 0
         and (.change.actions - known_actions == [])
         and (is_reinstall or .mode == "data" or (.change.actions - ["create", "update"] == .change.actions))
       else true
       end);

def unreadable:
  if type != "object" then "it is not a JSON object"
  else
    (select(.format_version | type == "string" and test("^1\\.[0-9]+$") | not)
      | "its format_version is not 1.x"),
    (select((.terraform_version | type) != "string")
      | "it has no terraform_version, so it is not the JSON of a saved plan"),
    (select((.planned_values | type) != "object")
      | "it has no planned_values, so it is not the JSON of a saved plan"),
    (select((.configuration | type) != "object")
      | "it has no configuration, so it is not the JSON of a saved plan"),
    (select(.errored != false)
      | "it does not say that the run succeeded"),
    # Terraform leaves the list out if no resource is planned.
    (if has("resource_changes") | not then empty
     elif (.resource_changes | type) != "array" then "its resource_changes are not a list"
     else .resource_changes | to_entries[] | select(.value | readable | not)
       | "resource_changes[\(.key)] is not as expected"
     end)
  end;

# A change without create or update keeps erases_system_disk from the last apply, so it says nothing about this plan.
def spared:
  (.actions - ["no-op", "read", "delete", "forget"] == [])
  or (.after | type == "object" and .erases_system_disk == false)
    and (.after_unknown | type == "object" and (.erases_system_disk | . == null or . == false));

# The reasons; null unless every one is known.
def known_reasons:
  try (.change.after.last_reinstall.reasons | if length > 0 and is_list(type == "string") then . else null end)
  catch null;

def attribute($name):
  (.change | [.after, .before] | map(objects | .[$name] | values) | first) // "\($name) not known";

def described:
  "\(.address) (server \(attribute("name")), \(attribute("id")); \(
    known_reasons | if . == null then "reasons known after apply" else join(", ") end))";

def certainty:
  if .change.after | type == "object" and .erases_system_disk == true then "is" else "may be" end;

def is_one_of($ids): type == "string" and (ascii_downcase as $id | any($ids[]; ascii_downcase == $id));

def denials($rules; $day; $erased):
  described as $described
  | (select($erased > $rules.max_erasures)
      | "\($described): one of \($erased) system disks that the plan erases; the rules allow \($rules.max_erasures)."),
    (select(($rules.no_drift_on | index([$day])) != null)
      | select(known_reasons | . == null or any(.[]; startswith("drift")))
      | "\($described): erased by drift, or perhaps by drift, on a \($day)."),
    (select($rules.require_protection_decision)
      | select(.change.after | type == "object" and (.reinstall_protection | type == "boolean") | not)
      | "\($described): reinstall_protection is not configured, so nobody has decided about it."),
    (select($rules.allowed_ids != null)
      | select(.change.after | type == "object" and (.id | is_one_of($rules.allowed_ids)) | not)
      | "\($described): not one of the servers that may be erased.");

(defaults + given) as $rules
| [$rules | unusable | "The rules cannot be used: \(.)."] as $unusable
| if $unusable != [] then halt_with($unusable) else . end
| ($rules.today // (now | todateiso8601 | .[:10]) | weekday) as $day
| [inputs] as $plans
| if ($plans | length) != 1 then halt_with(["The plan cannot be read: it is not one JSON object."]) else $plans[0] end
| [unreadable | "The plan cannot be read: \(.)."] as $unreadable
| if $unreadable != [] then halt_with($unreadable) else . end
| [.resource_changes // [] | .[] | select(is_reinstall) | select(.change | spared | not)] as $erased
| [$erased[] | denials($rules; $day; $erased | length)] as $denials
| ($erased[] | "\(described): its system disk \(certainty) erased."),
  (if $denials != [] then halt_with($denials)
   else "The rules allow what the plan erases: system disks: \($erased | length)."
   end)
