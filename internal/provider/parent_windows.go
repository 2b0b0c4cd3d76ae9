package provider

import (
	"context"
	"os"
)

// watchParent opens the parent of this process. The function that it returns returns once that one is gone. A process keeps
// the id of a parent that has died, but whoever has the parent open can wait for its end.
func watchParent() func(context.Context) {
	parent, err := os.FindProcess(os.Getppid())

	return func(ctx context.Context) {
		if err == nil {
			_, err = parent.Wait()
		}

		if err != nil {
			<-ctx.Done() // it cannot be watched, which is no sign that it is gone
		}
	}
}
