package modelarts_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

func TestErrorBodies(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		body   string
		header []string
		want   modelarts.Error
	}{
		"ModelArts": {
			body:   `{"error_code":"ModelArts.6404","error_msg":"LiteServer instance 'x' not found"}`,
			header: []string{"X-Request-Id", "r1"},
			want:   modelarts.Error{Code: "ModelArts.6404", Message: "LiteServer instance 'x' not found", RequestID: "r1"},
		},
		"gateway": {
			body: `{"error_msg":"Incorrect IAM authentication information","error_code":"APIGW.0301","request_id":"r2"}`,
			want: modelarts.Error{Code: "APIGW.0301", Message: "Incorrect IAM authentication information", RequestID: "r2"},
		},
		"the header's id wins": {
			body:   `{"error_msg":"m","error_code":"c","request_id":"r2"}`,
			header: []string{"X-Request-Id", "r1", "X-IAM-Trace-Id", "t1"},
			want:   modelarts.Error{Code: "c", Message: "m", RequestID: "r1"},
		},
		"IAM": {
			body:   `{"error":{"message":"The request you have made requires authentication.","code":401,"title":"Unauthorized"}}`,
			header: []string{"X-IAM-Trace-Id", "t1"},
			want:   modelarts.Error{Code: "401", Message: "The request you have made requires authentication.", RequestID: "t1"},
		},
		"nested":           {body: `{"error":{"code":"IAM.0101","message":"m"}}`, want: modelarts.Error{Code: "IAM.0101", Message: "m"}},
		"error is a text":  {body: `{"error":"nope"}`, want: modelarts.Error{Message: "nope"}},
		"code alone":       {body: `{"error_code":"ModelArts.1"}`, want: modelarts.Error{Code: "ModelArts.1"}},
		"wrong types":      {body: `{"error_code":["x"],"error_msg":{"y":1}}`, want: modelarts.Error{Message: `{"error_code":["x"],"error_msg":{"y":1}}`}},
		"another object":   {body: `{"a": "b"}`, want: modelarts.Error{Message: `{"a": "b"}`}},
		"HTML":             {body: "<html>\n<head><title>502 Bad Gateway</title></head><style>p{}</style><body>a &amp; b</body></html>", want: modelarts.Error{Message: "502 Bad Gateway a & b"}},
		"text":             {body: " upstream\r\n\x1b[31mdown\xff ", want: modelarts.Error{Message: "upstream [31mdown"}},
		"long text":        {body: strings.Repeat("ä", 400), want: modelarts.Error{Message: strings.Repeat("ä", 300) + "..."}},
		"long message":     {body: `{"error_msg":"` + strings.Repeat("a", 3000) + `"}`, want: modelarts.Error{Message: strings.Repeat("a", 2000) + "..."}},
		"empty":            {},
		"array":            {body: `[{"error_code":"x"}]`, want: modelarts.Error{Message: `[{"error_code":"x"}]`}},
		"null":             {body: `null`, want: modelarts.Error{Message: "null"}},
		"control in msg":   {body: `{"error_msg":"a\u001b]0;x\u0007\nb"}`, want: modelarts.Error{Message: "a ]0;x b"}},
		"not quite JSON":   {body: `{"error_code":`, want: modelarts.Error{Message: `{"error_code":`}},
		"something behind": {body: `{"error_code":"x"} y`, want: modelarts.Error{Message: `{"error_code":"x"} y`}},
	}

	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			client := newClient(t, always(http.StatusBadRequest, tt.body, tt.header...))
			_, err := client.GetServer(t.Context(), testServer)

			var got *modelarts.Error
			if !errors.As(err, &got) {
				t.Fatal(err)
			}

			tt.want.Method, tt.want.Path, tt.want.StatusCode = http.MethodGet, testPath, http.StatusBadRequest
			if diff := cmp.Diff(&tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()

	err := &modelarts.Error{
		Method: "POST", Path: "/v1/p/dev-servers/s/reinstallos", StatusCode: 400,
		Code: "ModelArts.7000", Message: "unsupported", RequestID: "r1",
	}
	if got, want := err.Error(), "POST /v1/p/dev-servers/s/reinstallos: HTTP 400 Bad Request, error code ModelArts.7000, request id r1: unsupported"; got != want {
		t.Errorf("got %s", got)
	}
}

func TestIsNotFound(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		status int
		body   string
		want   bool
	}{
		"the service's word":        {400, `{"error_code":"ModelArts.6404","error_msg":"gone"}`, true},
		"with 404":                  {404, `{"error_code":"ModelArts.6404","error_msg":"gone"}`, true},
		"404 with another code":     {404, `{"error_code":"ModelArts.1234","error_msg":"gone"}`, true},
		"400 with another code":     {400, `{"error_code":"ModelArts.6400","error_msg":"bad"}`, false},
		"the gateway's 404":         {404, `{"error_code":"APIGW.0101","error_msg":"no API"}`, false},
		"404 with HTML":             {404, `<html>ModelArts.6404</html>`, false},
		"404 without body":          {404, ``, false},
		"200 with an error in it":   {200, `{"error_code":"ModelArts.6404","error_msg":"gone"}`, false},
		"404 with IAM's body":       {404, `{"error":{"code":"404","message":"x"}}`, false},
		"the code in the message":   {400, `{"error_code":"APIGW.0201","error_msg":"ModelArts.6404"}`, false},
		"403 with a ModelArts code": {403, `{"error_code":"ModelArts.6407","error_msg":"x"}`, false},
	}

	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := newClient(t, always(tt.status, tt.body)).GetServer(t.Context(), testServer)
			if err == nil || modelarts.IsNotFound(err) != tt.want {
				t.Error(err)
			}
		})
	}

	if modelarts.IsNotFound(nil) || modelarts.IsNotFound(errors.New("ModelArts.6404")) {
		t.Error("not an answer of the service")
	}
}

func TestKindsOfRefusal(t *testing.T) {
	t.Parallel()

	kinds := map[string]func(error) bool{
		"unauthorized": modelarts.IsUnauthorized, "forbidden": modelarts.IsForbidden,
		"not found": modelarts.IsNotFound, "unrouted": modelarts.IsUnrouted, "throttled": modelarts.IsThrottled,
	}

	for want, answer := range map[string]step{
		"unauthorized": {status: 401}, "forbidden": {status: 403}, "unrouted": {status: 404, body: "<html>"},
		"not found": {status: 404, body: `{"error_code":"ModelArts.6404"}`}, "": {status: 500},
		"throttled": {status: 429},
	} {
		_, err := newClient(t, script(answer)).GetServer(t.Context(), testServer)

		for kind, is := range kinds {
			if is(err) != (kind == want) || is(nil) {
				t.Errorf("%v: %s is %v", err, kind, is(err))
			}
		}
	}

	for status, want := range map[int]string{400: "400 Bad Request", 599: "599"} {
		if got := (&modelarts.Error{StatusCode: status}).Status(); got != want {
			t.Errorf("got %q", got)
		}
	}
}

func TestRetryAfterOfRefusals(t *testing.T) {
	t.Parallel()

	const date = "Sun, 23 Nov 2025 12:00:00 GMT"

	tests := map[string]struct {
		header []string
		want   time.Duration
	}{
		"none":              {},
		"seconds":           {[]string{"Retry-After", "7"}, 7 * time.Second},
		"negative":          {[]string{"Retry-After", "-7"}, 0},
		"date":              {[]string{"Retry-After", "Sun, 23 Nov 2025 12:00:30 GMT", "Date", date}, 30 * time.Second},
		"date in the past":  {[]string{"Retry-After", "Sun, 23 Nov 2025 11:00:00 GMT", "Date", date}, 0},
		"nonsense":          {[]string{"Retry-After", "soon"}, 0},
		"absurdly long":     {[]string{"Retry-After", "9223372036854775807"}, 24 * time.Hour},
		"longer than int64": {[]string{"Retry-After", "92233720368547758079"}, 24 * time.Hour},
		"fraction":          {[]string{"Retry-After", "1.5"}, 2 * time.Second},
	}

	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := reinstall(t.Context(), newClient(t, always(http.StatusTooManyRequests, "", tt.header...)))

			var got *modelarts.Error
			if !errors.As(err, &got) || got.RetryAfter != tt.want {
				t.Error(got.RetryAfter, err)
			}
		})
	}
}
