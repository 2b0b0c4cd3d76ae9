package reinstall

import (
	"errors"
	"net/http"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

// Answer classifies the outcome of the POST.
type Answer int

// The answers.
const (
	AnswerAccepted     Answer = iota // the disk is being erased
	AnswerNotProcessed               // it may be sent again: the service did not process it
	AnswerAmbiguous                  // it must not be sent again: the service may have processed it
	AnswerRefused                    // nothing was erased
)

// ErrNoServer reports an answer that says success and shows no server: a gateway's page, or nothing at all.
var ErrNoServer = errors.New("the answer was a success, but it showed no server")

// ClassifyReply says what the outcome of the POST means, and how long the service asks to wait. A success that shows no
// server may be from anybody.
func ClassifyReply(reply *modelarts.ReinstallReply, err error) (Answer, time.Duration) {
	if err == nil && (reply == nil || reply.Server == nil) {
		return AnswerAmbiguous, 0
	}

	return Classify(err)
}

// Classify says what err, the outcome of a request that changes a server, means, and how long the service asks to wait.
// Only an answer which proves that the request was not processed may lead to another one.
func Classify(err error) (Answer, time.Duration) {
	if err == nil {
		return AnswerAccepted, 0
	}

	var connErr *modelarts.ConnectionError
	if errors.As(err, &connErr) && !connErr.Sent {
		return AnswerNotProcessed, 0
	}

	var apiErr *modelarts.Error
	if !errors.As(err, &apiErr) {
		return AnswerAmbiguous, 0
	}

	switch code := apiErr.StatusCode; {
	case code == http.StatusTooManyRequests:
		return AnswerNotProcessed, apiErr.RetryAfter
	case code == http.StatusUnauthorized && apiErr.Refreshed:
		return AnswerNotProcessed, 0
	case code == http.StatusRequestTimeout, code == http.StatusConflict:
		return AnswerAmbiguous, 0
	case code >= http.StatusMultipleChoices && code < http.StatusInternalServerError:
		return AnswerRefused, 0
	default:
		return AnswerAmbiguous, 0
	}
}
