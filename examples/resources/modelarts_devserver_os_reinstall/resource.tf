data "modelarts_devserver" "trainer" {
  name = "trainer-1"
}

data "modelarts_devserver_images" "ubuntu" {
  server_type = "BMS"
  name_regex  = "^Ubuntu22\\.04"

  # Without this, no match would mean the image that the server has, and several matches any of them.
  lifecycle {
    postcondition {
      condition     = length(self.ids) == 1
      error_message = "Want one image, found ${length(self.ids)}."
    }
  }
}

resource "modelarts_devserver_os_reinstall" "trainer" {
  id            = data.modelarts_devserver.trainer.id
  image_id      = data.modelarts_devserver_images.ubuntu.ids[0]
  key_pair_name = "training"

  # Any change to these values reinstalls the server, even if the image stays the same.
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
