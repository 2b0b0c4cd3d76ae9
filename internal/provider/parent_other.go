//go:build !windows

package provider

import (
	"context"
	"os"
	"time"
)

// watchParent notes the parent of this process. The function that it returns returns once that one is gone, or ctx ends.
func watchParent() func(context.Context) { return watch(os.Getppid) }

// watch watches a parent by its process id: a process whose parent has died gets another one.
func watch(parentID func() int) func(context.Context) {
	parent := parentID()

	return func(ctx context.Context) {
		ticker := time.NewTicker(parentInterval)
		defer ticker.Stop()

		for parentID() == parent {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
		}
	}
}
