data "modelarts_devserver" "by_id" {
  id = "62383738-e52a-450a-9f84-f9e705402be8"
}

data "modelarts_devserver" "by_name" {
  name = "trainer-1"
}

output "trainer" {
  value = {
    id      = data.modelarts_devserver.by_name.id
    status  = data.modelarts_devserver.by_name.status
    image   = try(data.modelarts_devserver.by_name.image.name, null)
    address = try(data.modelarts_devserver.by_name.endpoints[0].uri, null)
  }
}
