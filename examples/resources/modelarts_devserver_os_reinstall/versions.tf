terraform {
  required_version = ">= 1.11"

  required_providers {
    modelarts = {
      source = "terraform-modelarts/modelarts"
    }
  }
}
