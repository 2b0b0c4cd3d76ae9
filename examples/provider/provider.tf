terraform {
  required_version = ">= 1.11"

  required_providers {
    modelarts = {
      source = "terraform-modelarts/modelarts"
    }
  }
}

# The credentials come from the environment: HW_ACCESS_KEY and HW_SECRET_KEY.
provider "modelarts" {
  region = "cn-north-4"
}
