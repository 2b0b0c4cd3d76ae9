package modelarts

import (
	"context"

	"golang.org/x/sync/singleflight"
)

// sharedCall lets concurrent callers share one call to IAM. The zero value is ready for use.
type sharedCall[T any] struct{ group singleflight.Group }

// do returns the result of fn, or that of a call of fn that is in progress. The call outlives the ctx of a single caller,
// since others may wait for it; it is bounded by lookupTimeout. If ctx is done first, the error is its cause.
func (s *sharedCall[T]) do(ctx context.Context, fn func(context.Context) (T, error)) (T, error) {
	done := s.group.DoChan("", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookupTimeout)
		defer cancel()

		return fn(ctx)
	})

	var result T

	select {
	case call := <-done:
		result, _ = call.Val.(T)

		return result, call.Err
	case <-ctx.Done():
		return result, context.Cause(ctx)
	}
}
