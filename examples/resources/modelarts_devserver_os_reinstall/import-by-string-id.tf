import {
  to = modelarts_devserver_os_reinstall.trainer
  id = "62383738-e52a-450a-9f84-f9e705402be8"
}
