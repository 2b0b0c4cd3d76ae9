// Package consul stands in for a state backend that this build of Terraform leaves out.
package consul

import "github.com/hashicorp/terraform/internal/backend"

func New() backend.Backend { panic("this build of Terraform has no consul backend") }
