variable "admin_pass" {
  description = "Password for logging in. Being ephemeral, it is stored nowhere."
  type        = string
  ephemeral   = true
}

resource "modelarts_devserver_os_reinstall" "worker" {
  id       = "0c2d5b8e-6f1a-4b3c-9d7e-5a4f3e2d1c0b"
  image_id = "c90fb553-2cdb-4b81-b56a-ef68812c6cf7"

  # Terraform cannot see that the password has changed: another version is what reinstalls the server with it.
  admin_pass_wo         = var.admin_pass
  admin_pass_wo_version = 1

  lifecycle {
    postcondition {
      condition     = self.ready
      error_message = "DevServer ${self.id} is not ready. Its attribute last_reinstall says how far it is."
    }
  }
}
