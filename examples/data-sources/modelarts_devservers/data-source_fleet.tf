variable "fleet_size" {
  description = "How many servers the list has to have."
  type        = number
  default     = 8
}

data "modelarts_devservers" "fleet" {
  name_regex = "^trainer-[0-9]+$"
  flavor     = "Si2.large.4"

  lifecycle {
    postcondition {
      condition     = length(self.ids) == var.fleet_size
      error_message = "${length(self.ids)} servers are in the list, not ${var.fleet_size}: nothing is planned."
    }
  }
}

resource "modelarts_devserver_os_reinstall" "fleet" {
  for_each = toset(data.modelarts_devservers.fleet.ids)

  id            = each.value
  image_id      = var.image_id
  key_pair_name = "training"
  on_drift      = "reinstall" # a server that drifts is erased and rebuilt; the default only warns

  lifecycle {
    postcondition {
      condition     = self.ready
      error_message = "DevServer ${self.id} is not ready. Its attribute last_reinstall says how far it is."
    }
  }
}
