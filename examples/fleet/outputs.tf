output "ids" {
  description = "IDs of all servers of the fleet, sorted."
  value       = sort(keys(local.servers))
}

output "canary_ids" {
  description = "IDs of the servers of the first wave, sorted."
  value       = sort(keys(local.canary_names))
}

output "servers" {
  description = "What each server has become, by ID: its name and wave, its status, whether it is ready, the image and the key pair that it has, and the state of its last reinstall (null after an import)."
  value       = local.servers
}

# `ready` is also what makes the output known only after apply. Terraform writes an output that is wholly known into the state even
# if the apply fails before, and the next plan would hide the servers that are still to be erased.
output "erases" {
  description = "The servers whose system disk a plan erases, or the last change has erased, by name: reinstall_notice, which has the reasons. And whether all servers are ready. After an apply the notices stay as they are until the next change."
  value = {
    notices = {
      for id, server in merge(modelarts_devserver_os_reinstall.canary, modelarts_devserver_os_reinstall.rest) :
      local.unique_names[id] => server.reinstall_notice if server.erases_system_disk
    }
    ready = alltrue([for server in local.servers : server.ready])
  }
}

output "drifted" {
  description = "The servers that show another image or key pair than the fleet is to have, by ID: what is wanted and what was found. Under on_drift = \"reinstall\" a plan clears this, and under \"warn\" and \"ignore\" it stays."
  value = {
    for id, server in merge(local.other_image, local.other_key_pair) : id => {
      name          = server.name
      image_id      = { wanted = var.image_id, found = server.image_id }
      key_pair_name = { wanted = var.key_pair_name, found = server.key_pair_name }
    }
  }
}
