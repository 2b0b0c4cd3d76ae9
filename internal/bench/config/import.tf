import {
  for_each = toset(var.servers)

  to = modelarts_devserver_os_reinstall.fleet[each.value]
  id = each.value
}
