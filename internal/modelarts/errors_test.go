package modelarts_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
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
		"another object":   {body: `{"a": "b"}`, want: modelarts.Error{Message: `{"a":"b"}`}},
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
		"longer than int64": {[]string{"Retry-After", "92233720368547758079"}, 0},
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

// TestSecretsInAnswers has the other side quote what it was sent, in every form that it might take.
func TestSecretsInAnswers(t *testing.T) {
	t.Parallel()

	const userData = "#!/bin/sh\necho \"<hidden & done>\"\n"

	encoded := base64.StdEncoding.EncodeToString([]byte(userData))
	secrets := map[string]string{
		"password": testPass, "user data": encoded, "decoded user data": userData,
		"secret key": testSK, "security token": "security/token+with=odd&characters",
	}
	forms := map[string]func(string) string{
		"raw":    func(s string) string { return s },
		"JSON":   func(s string) string { quoted, _ := json.Marshal(s); return string(quoted) },
		"query":  url.QueryEscape,
		"path":   url.PathEscape,
		"base64": func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
		"HTML":   html.EscapeString,
	}
	bodies := map[string]func(string) string{
		"text": func(s string) string { return "got " + s + " there" },
		"message": func(s string) string {
			body, _ := json.Marshal(map[string]string{"error_msg": "got " + s + " there", "error_code": "x" + s})

			return string(body)
		},
		"array":  func(s string) string { body, _ := json.Marshal([]string{s}); return string(body) },
		"markup": func(s string) string { return "<html><p>" + s + "</p></html>" },
	}

	for what, secret := range secrets {
		for formName, form := range forms {
			for bodyName, body := range bodies {
				t.Run(what+" as "+formName+" in "+bodyName, func(t *testing.T) {
					t.Parallel()

					client := newClient(t, always(http.StatusBadRequest, body(form(secret)), "X-Request-Id", secret), func(cfg *modelarts.Config) {
						cfg.Credentials = modelarts.StaticCredentials(modelarts.Credentials{
							AccessKey: testAK, SecretKey: modelarts.NewSecret(testSK), SecurityToken: modelarts.NewSecret(secrets["security token"]),
						})
					})

					_, err := client.ReinstallServerOS(t.Context(), testServer, &modelarts.ReinstallRequest{
						AdminPass: modelarts.NewSecret(testPass), UserData: modelarts.NewSecret(encoded),
					})

					wantHidden(t, err, secret, form(secret))
				})
			}
		}
	}
}

// wantHidden checks that err is an answer that shows *** instead of a secret.
func wantHidden(t *testing.T, err error, shown ...string) {
	t.Helper()

	if err == nil || !strings.Contains(err.Error(), "***") {
		t.Errorf("got %v", err)

		return
	}

	for _, text := range shown {
		// White space is cleaned: what is left of the secret without it must not be there either.
		if text = strings.Join(strings.Fields(text), " "); strings.Contains(err.Error(), text) {
			t.Errorf("%q is shown: %v", text, err)
		}
	}
}

// TestPartsOfSecretsInAnswers has the other side quote a secret in part, or in the midst of something that it has packed.
func TestPartsOfSecretsInAnswers(t *testing.T) {
	t.Parallel()

	const (
		pass = `Zq<"e\é%2B+&x'Yk>/9=Ü`
		word = "join-token-7c9e6679f2b4"
		data = "#!/bin/sh\necho " + word + " > /run/token\n"
	)

	encoded := base64.StdEncoding.EncodeToString([]byte(data))
	sent, _ := json.Marshal(map[string]string{"admin_pass": pass, "user_data": encoded})

	for name, quoted := range map[string]string{
		"a password cut off":          "invalid: " + pass[:14] + "...",
		"a line of user data":         "line 2: echo " + word,
		"user data cut off":           "invalid: " + encoded[:30] + "...",
		"JSON in ASCII":               `{\"p\":\"Zq<\\\"e\\\\\u00e9%2B+&x'Yk>/9=\u00dc\"}`,
		"JSON in ASCII, upper case":   `{\"p\":\"Zq<\\\"e\\\\\u00E9%2B+&x'Yk>/9=\u00DC\"}`,
		"hexadecimal":                 fmt.Sprintf("%x", pass),
		"the request in base64":       base64.StdEncoding.EncodeToString(sent),
		"the request in URL's base64": base64.RawURLEncoding.EncodeToString(sent),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			for _, body := range []string{quoted, `{"error_msg":` + strconv.Quote(quoted) + `}`} {
				client := newClient(t, always(http.StatusBadRequest, body))

				_, err := client.ReinstallServerOS(t.Context(), testServer, &modelarts.ReinstallRequest{
					AdminPass: modelarts.NewSecret(pass), UserData: modelarts.NewSecret(encoded),
				})

				wantHidden(t, err, pass[:8], word, encoded[:16], "Yk>", hex.EncodeToString([]byte(pass[:8])), quoted)
			}
		})
	}
}

func TestMessagesStayReadable(t *testing.T) {
	t.Parallel()

	const message = "The password is too simple: it needs 8 to 26 characters of 3 kinds."

	client := newClient(t, always(http.StatusBadRequest, `{"error_msg":"`+message+`"}`))

	_, err := client.ReinstallServerOS(t.Context(), testServer, &modelarts.ReinstallRequest{
		AdminPass: modelarts.NewSecret("Passw0rd!is-simple"),
		UserData:  modelarts.NewSecret(base64.StdEncoding.EncodeToString([]byte("#!/bin/sh\n# the password is in 3 files\n"))),
	})

	if err == nil || !strings.HasSuffix(err.Error(), message) {
		t.Errorf("got %v", err)
	}
}

// A request id goes into the log and into what the caller keeps, even if the other side makes it out of a secret.
func TestSecretAsRequestID(t *testing.T) {
	t.Parallel()

	var log bytes.Buffer

	client := newClient(t, always(http.StatusAccepted, "{}", "X-Request-Id", "for "+testPass), func(cfg *modelarts.Config) {
		cfg.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})

	answer, err := reinstall(t.Context(), client)
	if err != nil || answer.RequestID != "for ***" {
		t.Errorf("got %v, %v", answer, err)
	}

	if strings.Contains(log.String(), testPass) || !strings.Contains(log.String(), "for ***") {
		t.Error(log.String())
	}
}

// TestSecretAtTheCut has a secret that only the removal of markup makes readable, where the excerpt is cut.
func TestSecretAtTheCut(t *testing.T) {
	t.Parallel()

	var escaped strings.Builder
	for _, r := range testPass {
		fmt.Fprintf(&escaped, "&#%d;", r)
	}

	client := newClient(t, always(http.StatusBadGateway, "<p>"+strings.Repeat("a", 295)+escaped.String()))

	_, err := reinstall(t.Context(), client)
	wantHidden(t, err, "aPas")
}

func TestSecretsInTransportErrors(t *testing.T) {
	t.Parallel()

	cause := errors.New("malformed HTTP response " + testPass)
	client := newClient(t, &memory{answer: func(int, *http.Request) (*http.Response, error) { return nil, cause }})

	_, err := reinstall(t.Context(), client)
	if !errors.Is(err, cause) {
		t.Error("the cause is lost")
	}

	wantHidden(t, err, testPass)
}
