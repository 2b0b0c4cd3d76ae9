package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const printedPlan = `
Terraform will perform the following actions:

  # x.y["a"] will be updated in-place
  ~ resource "x" "y" {
      ~ endpoints = [
          - {
              - keys = [
                  - "training",
                ] -> null
              - uri  = "192.168.0.3" -> null
            },
        ] -> (known after apply)
        id        = "a"
      ~ image     = {
          ~ name = "Ubuntu" -> (known after apply)
        } -> (known after apply)
      ~ last      = {
          ~ reasons = [
              ~ "create" -> "triggers",
            ]
          ~ state   = "completed" -> (known after apply)
        }
      + volumes   = (known after apply)
        # (12 unchanged attributes hidden)
    }

Plan: 0 to add, 1 to change, 0 to destroy.


  with x.y,
  on main.tf line 1, in resource "x" "y":
No newline at the end`

const summedUpPlan = `
Terraform will perform the following actions:

  # x.y["a"] will be updated in-place
  ~ resource "x" "y" {
        id        = "a"
      ~ last      = {
          ~ reasons = [
              ~ "create" -> "triggers",
            ]
            # (1 attribute known after apply)
        }
        # (12 unchanged attributes hidden)
        # (3 attributes known after apply)
    }

Plan: 0 to add, 1 to change, 0 to destroy.

  with x.y,
  on main.tf line 1, in resource "x" "y":
No newline at the end
`

func TestPlanPrinter(t *testing.T) {
	t.Parallel()

	var out bytes.Buffer

	printer := &planPrinter{screen: newScreen(&out, false)}

	for part := range strings.SplitAfterSeq(printedPlan, " ") {
		if n, err := printer.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
	}

	printer.flush()

	if diff := cmp.Diff(summedUpPlan, out.String()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
