variable "image_id" {
  description = "The image that all trainers should have."
  type        = string
  default     = "c90fb553-2cdb-4b81-b56a-ef68812c6cf7"
}

data "modelarts_devservers" "trainers" {
  name_regex = "^trainer-[0-9]+$"
}

# Which servers have another image? Nothing is done about it. One that is shown without an image is left out.
output "drifted" {
  value = {
    for server in data.modelarts_devservers.trainers.servers : server.id => {
      name  = server.name
      image = try(server.image.name, null)
    }
    if try(lower(server.image.image_id) != lower(var.image_id), false)
  }
}
