resource "terraform_data" "bootstrap" {
  # The number counts the reinstalls, so this runs again after each of them. After an import there is none yet.
  triggers_replace = try(modelarts_devserver_os_reinstall.trainer.last_reinstall.number, 0)

  provisioner "local-exec" {
    command = "./bootstrap.sh ${modelarts_devserver_os_reinstall.trainer.endpoints[0].uri}"
  }
}
