# Status and image are no filters here: a reinstall changes them, and a server that a filter no longer finds would leave the
# state.
data "modelarts_devservers" "fleet" {
  name_regex  = var.name_regex
  flavor      = var.flavor
  category    = var.category
  server_type = var.server_type
  vpc_id      = var.vpc_id

  lifecycle {
    postcondition {
      condition = length(self.ids) == var.server_count
      error_message = format(
        "The filters find %d servers, and server_count is %d: %s.",
        length(self.ids), var.server_count, join(", ", [for server in self.servers : coalesce(server.name, server.id)]),
      )
    }

    postcondition {
      condition = length(setsubtract(var.canaries, concat(self.ids, self.servers[*].name))) == 0
      error_message = format(
        "Among canaries, but not in the fleet: %s.",
        join(", ", setsubtract(var.canaries, concat(self.ids, self.servers[*].name))),
      )
    }
  }
}

locals {
  # By ID, so that a server that is renamed stays the same one to Terraform. One without a name goes by its ID.
  names = {
    for index, id in data.modelarts_devservers.fleet.ids :
    id => try(coalesce(data.modelarts_devservers.fleet.servers[index].name), id)
  }

  # For people. A name that several servers have is followed by the ID.
  unique_names = {
    for id, name in local.names : id => length([for other in values(local.names) : other if other == name]) == 1 ? name : "${name} (${id})"
  }

  canary_names = {
    for id, name in local.names : id => name if contains(var.canaries, id) || contains(var.canaries, name)
  }
  rest_names = { for id, name in local.names : id => name if !contains(keys(local.canary_names), id) }
}

resource "modelarts_devserver_os_reinstall" "canary" {
  for_each = local.canary_names

  id                    = each.key
  image_id              = var.image_id
  key_pair_name         = var.key_pair_name
  admin_pass_wo         = var.admin_pass
  admin_pass_wo_version = var.admin_pass_version
  user_data             = var.user_data
  user_data_wo          = var.user_data_wo
  user_data_wo_version  = var.user_data_wo_version
  on_drift              = var.on_drift # "reinstall" by default: a server that drifts is erased and rebuilt
  stop_before_reinstall = var.stop_before_reinstall
  timeouts              = var.timeouts

  triggers = {
    generation = var.generation
  }

  lifecycle {
    postcondition {
      condition     = self.ready
      error_message = "Canary ${each.value} (${each.key}) is not ready, so the rest of the fleet waits. Its attribute last_reinstall says how far it is."
    }
  }
}

resource "modelarts_devserver_os_reinstall" "rest" {
  for_each = local.rest_names

  id                    = each.key
  image_id              = var.image_id
  key_pair_name         = var.key_pair_name
  admin_pass_wo         = var.admin_pass
  admin_pass_wo_version = var.admin_pass_version
  user_data             = var.user_data
  user_data_wo          = var.user_data_wo
  user_data_wo_version  = var.user_data_wo_version
  on_drift              = var.on_drift # "reinstall" by default: a server that drifts is erased and rebuilt
  stop_before_reinstall = var.stop_before_reinstall
  timeouts              = var.timeouts

  triggers = {
    generation = var.generation
  }

  # The second wave: no server of it is touched before every canary is ready.
  depends_on = [modelarts_devserver_os_reinstall.canary]

  lifecycle {
    postcondition {
      condition     = self.ready
      error_message = "DevServer ${each.value} (${each.key}) is not ready. Its attribute last_reinstall says how far it is."
    }
  }
}

locals {
  servers = {
    for id, server in merge(modelarts_devserver_os_reinstall.canary, modelarts_devserver_os_reinstall.rest) : id => {
      name           = local.names[id]
      wave           = contains(keys(local.canary_names), id) ? "canary" : "rest"
      status         = server.status
      ready          = server.ready
      image_id       = try(server.image.image_id, null)
      image_name     = try(server.image.name, null)
      key_pair_name  = server.installed_key_pair_name # what the server has, and not what was asked for
      last_reinstall = try(server.last_reinstall.state, null)
    }
  }

  # What the service does not show is not compared, and the case of an image ID does not count.
  other_image = {
    for id, server in local.servers : id => server
    if server.image_id == null ? false : lower(server.image_id) != lower(var.image_id)
  }
  wanted_key_pair = var.key_pair_name == null ? "" : var.key_pair_name
  other_key_pair = {
    for id, server in local.servers : id => server
    if var.key_pair_name == null || server.key_pair_name == null ? false : server.key_pair_name != var.key_pair_name
  }
}

check "image" {
  assert {
    condition     = length(local.other_image) == 0
    error_message = "Not on image ${var.image_id}: ${join(", ", values(local.other_image)[*].name)}."
  }
}

check "key_pair" {
  assert {
    condition     = length(local.other_key_pair) == 0
    error_message = "Not with key pair ${local.wanted_key_pair}: ${join(", ", values(local.other_key_pair)[*].name)}."
  }
}

check "running" {
  assert {
    condition     = alltrue([for server in local.servers : server.status == "RUNNING"])
    error_message = "Not running: ${join(", ", [for server in local.servers : "${server.name} (${server.status})" if server.status != "RUNNING"])}."
  }
}
