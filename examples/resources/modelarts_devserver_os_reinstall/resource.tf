resource "modelarts_devserver_os_reinstall" "trainer" {
  id            = "62383738-e52a-450a-9f84-f9e705402be8"
  image_id      = "c90fb553-2cdb-4b81-b56a-ef68812c6cf7"
  key_pair_name = "training"

  # Any change to these values reinstalls the server, with the same image too.
  triggers = {
    rebuild = "2026-11-01"
  }

  timeouts = {
    create = "90m"
    update = "90m"
  }

  lifecycle {
    postcondition {
      condition     = self.ready
      error_message = "DevServer ${self.id} is not ready. Its attribute last_reinstall says how far it is."
    }
  }
}
