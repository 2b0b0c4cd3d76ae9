package modelarts

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

const (
	firstPause   = 500 * time.Millisecond
	longestPause = 30 * time.Second
)

// retry calls try until it succeeds, fails with an error that is not worth repeating, or has been repeated maxRetries
// times. It waits between the tries. If ctx is done first, the error is its cause, together with that of the last try.
func retry[T any](ctx context.Context, maxRetries int, try func() (T, error)) (T, error) {
	for retries := 0; ; retries++ {
		result, err := try()
		if err == nil || retries >= maxRetries || !worthRepeating(err) {
			return result, err
		}

		if !sleep(ctx, requestedPause(err)+pauseBefore(retries)) {
			cause := context.Cause(ctx)
			if errors.Is(err, cause) {
				return result, err
			}

			return result, fmt.Errorf("%w; before that: %v", cause, err) //nolint:errorlint // the cause is the reason
		}
	}
}

// worthRepeating reports whether a request that is safe to repeat may succeed the next time.
func worthRepeating(err error) bool {
	var (
		connection  *ConnectionError
		preparation *preparationError
		certificate *tls.CertificateVerificationError
		answer      *Error
	)

	switch {
	case errors.As(err, &preparation), errors.As(err, &certificate):
		return false
	case errors.As(err, &connection):
		return true
	case !errors.As(err, &answer):
		return false
	}

	switch answer.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	default:
		return false
	}
}

// pauseBefore returns how long to wait before the next retry, given the number of earlier ones: twice as long each time,
// up to longestPause, and up to half as much more or less, so that clients do not retry in step.
func pauseBefore(retries int) time.Duration {
	pause := longestPause
	if doublings := min(retries, 16); firstPause<<doublings < longestPause {
		pause = firstPause << doublings
	}

	return pause/2 + rand.N(pause)
}

// sleep waits for d, and reports whether it did. It returns false at once if ctx is done.
func sleep(ctx context.Context, d time.Duration) bool {
	if ctx.Err() != nil {
		return false
	}

	timer := time.NewTimer(d)
	defer timer.Stop()

	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
