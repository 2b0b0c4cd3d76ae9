package modelarts

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
)

const (
	firstPause    = 500 * time.Millisecond
	longestPause  = 30 * time.Second
	pauseGrowth   = 2
	maxRetryAfter = 24 * time.Hour
	// longestObeyed is how much of a Retry-After a repeated request waits for: a single answer that asks for more is not
	// to blind whoever watches a server, or to use up all of the time that there is.
	longestObeyed = time.Minute
)

// repeat calls try, and calls it again, maxRetries times at most, as long as what it returns is worth it. ctx bounds the
// pauses; where it ends one, the error is its cause.
func repeat[T any](ctx context.Context, maxRetries int, try func() (T, error)) (T, error) {
	pace := newPace()

	var last error

	result, err := backoff.Retry(ctx, func() (T, error) {
		result, err := try()
		last = err

		if err != nil && !worthRepeating(err) {
			return result, backoff.Permanent(err)
		}

		pace.note(err)

		return result, err
	},
		backoff.WithBackOff(pace),
		backoff.WithMaxTries(uint(max(0, maxRetries))+1),
		backoff.WithMaxElapsedTime(0),
	)

	switch {
	case err == nil:
		return result, nil
	case ctx.Err() != nil && !errors.Is(last, err) && errors.Is(err, context.Cause(ctx)):
		return result, fmt.Errorf("%w; before that: %v", err, last) //nolint:errorlint // the end of ctx is the reason
	default:
		return result, last
	}
}

// worthRepeating reports whether a request that is safe to repeat may have better luck the next time.
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

// pace says how long to wait between tries: longer each time, with jitter, and on top of what the service asked for, up to
// longestObeyed.
type pace struct {
	exponential *backoff.ExponentialBackOff
	retryAfter  time.Duration
}

func newPace() *pace {
	return &pace{exponential: &backoff.ExponentialBackOff{
		InitialInterval:     firstPause,
		RandomizationFactor: backoff.DefaultRandomizationFactor,
		Multiplier:          pauseGrowth,
		MaxInterval:         longestPause,
	}}
}

// note takes in what the service asked for.
func (p *pace) note(err error) {
	p.retryAfter = 0

	if answer, ok := errors.AsType[*Error](err); ok {
		p.retryAfter = min(answer.RetryAfter, longestObeyed)
	}
}

// NextBackOff returns the time until the next try.
func (p *pace) NextBackOff() time.Duration { return p.retryAfter + p.exponential.NextBackOff() }

// Reset starts over.
func (p *pace) Reset() { p.exponential.Reset() }

// parseRetryAfter returns what the header Retry-After asks for, in seconds or as a date; 0 where it asks for nothing. A
// date is read against date, the header Date of the same answer, where there is one: the local clock may be wrong.
func parseRetryAfter(retryAfter, date string) time.Duration {
	retryAfter = strings.TrimSpace(retryAfter)

	if seconds, err := strconv.ParseFloat(retryAfter, 64); err == nil && !math.IsNaN(seconds) || errors.Is(err, strconv.ErrRange) {
		return time.Duration(math.Ceil(min(max(0, seconds), maxRetryAfter.Seconds()))) * time.Second
	}

	until, err := http.ParseTime(retryAfter)
	if err != nil {
		return 0
	}

	now, err := http.ParseTime(date)
	if err != nil {
		now = time.Now()
	}

	return min(max(0, until.Sub(now)), maxRetryAfter)
}

// flight lets concurrent callers share one call.
type flight[T any] struct {
	mu      sync.Mutex
	current *call[T]
}

type call[T any] struct {
	done   chan struct{}
	result T
	err    error
}

// do returns the result of fn, or that of a call of fn that is in progress. The call outlives the ctx of a single caller,
// since others may wait for it; it is bounded by timeout.
func (f *flight[T]) do(ctx context.Context, timeout time.Duration, fn func(context.Context) (T, error)) (T, error) {
	f.mu.Lock()

	shared := f.current
	if shared == nil {
		shared = &call[T]{done: make(chan struct{})}
		f.current = shared

		go f.run(context.WithoutCancel(ctx), timeout, shared, fn)
	}

	f.mu.Unlock()

	select {
	case <-shared.done:
		return shared.result, shared.err
	case <-ctx.Done():
		var zero T

		return zero, context.Cause(ctx)
	}
}

func (f *flight[T]) run(ctx context.Context, timeout time.Duration, shared *call[T], fn func(context.Context) (T, error)) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	defer func() {
		f.mu.Lock()
		f.current = nil
		f.mu.Unlock()
		close(shared.done)
	}()

	shared.result, shared.err = fn(ctx)
}
