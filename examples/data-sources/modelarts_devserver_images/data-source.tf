data "modelarts_devserver_images" "ubuntu" {
  server_type = "ECS"
  arch        = "X86"
  name_regex  = "^Ubuntu22\\.04"
}

# The list is sorted by name, and has no dates. Where several images fit, this fails rather than take any of them.
output "image_id" {
  value = one(data.modelarts_devserver_images.ubuntu.ids)
}
