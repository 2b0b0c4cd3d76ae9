// Command terraform-provider-modelarts serves the ModelArts provider to Terraform and OpenTofu.
package main

import (
	"context"
	"flag"
	"log"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider"
)

// version is set by the linker when a release is built.
var version = "dev"

func main() {
	debug := flag.Bool("debug", false, "serve for a debugger, and print how Terraform attaches to it")
	flag.Parse()

	if err := provider.Serve(context.Background(), provider.New(version), *debug); err != nil {
		log.Fatal(err)
	}
}
