variable "trainers" {
  description = "The DevServers of the fleet: their IDs, by names of your own."
  type        = map(string)
  default     = {}
}

variable "image_id" {
  description = "The image that the whole fleet is kept on."
  type        = string
  default     = "c90fb553-2cdb-4b81-b56a-ef68812c6cf7"
}

# By name and not by count: a server that leaves a list would shift all behind it, which replaces and erases them.
resource "modelarts_devserver_os_reinstall" "fleet" {
  for_each = var.trainers

  id            = each.value
  image_id      = var.image_id
  key_pair_name = "training"

  # A server that shows another image or key pair is erased and rebuilt by the next apply. The default only warns.
  on_drift = "reinstall"

  user_data = <<-EOT
    #!/bin/sh
    echo ${each.key} > /etc/hostname
  EOT

  lifecycle {
    postcondition {
      condition     = self.ready
      error_message = "DevServer ${each.key} (${each.value}) is not ready. Its attribute last_reinstall says how far it is."
    }
  }
}
