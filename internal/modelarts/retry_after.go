package modelarts

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	maxRetryAfter = 24 * time.Hour
	// longestObeyed is how much of a Retry-After a repeated request waits for: a single answer that asks for more must
	// not blind whoever watches a server, or use up all of the remaining time.
	longestObeyed = time.Minute
)

// requestedPause returns how long the service asks to wait before the request is repeated, longestObeyed at most.
func requestedPause(err error) time.Duration {
	answer, ok := errors.AsType[*Error](err)
	if !ok {
		return 0
	}

	return min(answer.RetryAfter, longestObeyed)
}

// parseRetryAfter returns what the header Retry-After asks for, in seconds or as a date; 0 if it asks for nothing. A date is
// compared with the header Date of the same answer, if there is one: the local clock may be wrong.
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
