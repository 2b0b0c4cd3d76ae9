terraform {
  required_version = ">= 1.11"

  required_providers {
    modelarts = {
      source = "terraform-modelarts/modelarts"
    }
  }
}

variable "endpoint" {
  description = "Where the service is: the address of the simulator."
  type        = string
}

variable "image_id" {
  description = "The image that the whole fleet is kept on."
  type        = string
}

variable "servers" {
  description = "The DevServers of the fleet, by names of your own. Another value of rebuild reinstalls that one server."
  type = map(object({
    id      = string
    rebuild = optional(string, "never")
  }))
}

# Region, project and credentials come from the environment: HW_REGION_NAME, HW_PROJECT_ID, HW_ACCESS_KEY, HW_SECRET_KEY.
provider "modelarts" {
  endpoints = {
    modelarts = var.endpoint
    iam       = var.endpoint
  }
}

resource "modelarts_devserver_os_reinstall" "fleet" {
  for_each = var.servers

  id            = each.value.id
  image_id      = var.image_id
  key_pair_name = "training"
  on_drift      = "reinstall" # opt in: the default only warns of a server that shows another image or key pair

  triggers = {
    rebuild = each.value.rebuild
  }

  # Without this, an apply that could not see the end of a first reinstall would only warn.
  lifecycle {
    postcondition {
      condition     = self.ready
      error_message = "DevServer ${each.key} (${each.value.id}) is not ready. Its attribute last_reinstall says how far it is."
    }
  }
}

output "fleet" {
  description = "What each server has become: its status, its image, and how its last reinstall stands."
  value = {
    for name, server in modelarts_devserver_os_reinstall.fleet :
    name => "${server.status}, ${server.image.name}, reinstall ${server.last_reinstall.state}"
  }
}
