terraform {
  required_providers {
    modelarts = {
      source = "terraform-modelarts/modelarts"
    }
  }
}

variable "endpoint" {
  type = string
}

variable "servers" {
  type = list(string)
}

variable "image_id" {
  type = string
}

variable "generation" {
  type = string
}

variable "at_a_time" {
  type    = number
  default = null
}

provider "modelarts" {
  max_concurrent_reinstalls = var.at_a_time

  endpoints = {
    modelarts = var.endpoint
    iam       = var.endpoint
  }
}

resource "modelarts_devserver_os_reinstall" "fleet" {
  for_each = toset(var.servers)

  id            = each.value
  image_id      = var.image_id
  key_pair_name = "bench"
  triggers      = { generation = var.generation }
  timeouts      = { update = "2m" }
}
