package modelarts_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

const (
	withheld = "(the service's message is not shown: it repeats a value that was sent as a secret)"

	// secretScript is user data with secrets in it.
	secretScript = "#!/bin/sh\necho \"<hidden & done>\"\necho join-token-7c9e6679f2b4 > /run/token\n"
)

// sentSecrets are the secrets that a client has sent after reinstallWithSecrets.
var sentSecrets = map[string]string{
	"password": testPass, "secret key": testSK, "security token": "security/token+with=odd&characters",
	"user data": base64.StdEncoding.EncodeToString([]byte(secretScript)), "decoded user data": secretScript,
	"line of user data": "echo join-token-7c9e6679f2b4 > /run/token", "word of user data": "join-token-7c9e6679f2b4",
}

// withSecurityToken gives a client all kinds of keys.
func withSecurityToken(cfg *modelarts.Config) {
	cfg.Credentials = modelarts.StaticCredentials(modelarts.Credentials{
		AccessKey: testAK, SecretKey: modelarts.NewSecret(testSK), SecurityToken: modelarts.NewSecret(sentSecrets["security token"]),
	})
}

// reinstallWithSecrets asks for a reinstall with a password and user data.
func reinstallWithSecrets(ctx context.Context, client *modelarts.Client) error {
	_, err := client.ReinstallServerOS(ctx, testServer, &modelarts.ReinstallRequest{
		AdminPass: modelarts.NewSecret(testPass), UserData: modelarts.NewSecret(sentSecrets["user data"]),
	})

	return err
}

// errorBody returns an answer with a code, a request id and message.
func errorBody(message string) string {
	body, _ := json.Marshal(map[string]string{"error_code": "ModelArts.6400", "error_msg": message, "request_id": "r1"})

	return string(body)
}

// TestSecretsInAnswers lets the service quote what it was sent. The message is withheld; what identifies the answer is not.
func TestSecretsInAnswers(t *testing.T) {
	t.Parallel()

	for what, secret := range sentSecrets {
		quoted, _ := json.Marshal(secret)

		for name, message := range map[string]string{
			"as it is": "got " + secret + " there", "in a request": fmt.Sprintf(`the request {"admin_pass":%s} is refused`, quoted),
			"cut off": "invalid: " + secret[:len(secret)*4/5] + "...", "in a query": "admin_pass=" + url.QueryEscape(secret) + "&x=y",
			"in base64": base64.StdEncoding.EncodeToString([]byte(`{"p":"` + secret + `"}`)),
		} {
			t.Run(what+" "+name, func(t *testing.T) {
				t.Parallel()

				err := reinstallWithSecrets(t.Context(), newClient(t, always(http.StatusBadRequest, errorBody(message)), withSecurityToken))

				want := &modelarts.Error{
					Method: http.MethodPost, Path: testPath + "/reinstallos", StatusCode: http.StatusBadRequest,
					Code: "ModelArts.6400", RequestID: "r1", Message: withheld,
				}

				got, _ := errors.AsType[*modelarts.Error](err)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// TestSecretsInLaterAnswers lets the service quote what it was sent long ago, in an answer to another request.
func TestSecretsInLaterAnswers(t *testing.T) {
	t.Parallel()

	calls := map[string]func(context.Context, *modelarts.Client) error{
		"get": func(ctx context.Context, c *modelarts.Client) error {
			_, err := c.GetServer(ctx, testServer)

			return err
		},
		"list": func(ctx context.Context, c *modelarts.Client) error { _, err := c.ListAllServers(ctx); return err },
		"list images": func(ctx context.Context, c *modelarts.Client) error {
			_, err := c.ListImages(ctx, modelarts.ListImagesOptions{})
			return err
		},
		"reinstall with a key pair": func(ctx context.Context, c *modelarts.Client) error {
			_, err := c.ReinstallServerOS(ctx, "another", &modelarts.ReinstallRequest{KeyPairName: "key"})

			return err
		},
		"start": writes["start"], "stop": writes["stop"],
	}

	for call, send := range calls {
		for what, secret := range sentSecrets {
			for name, answer := range map[string]step{
				"message":  {status: 500, body: errorBody("job failed: chpasswd: root:" + secret + ": rejected")},
				"text":     {status: 502, body: "upstream said " + secret},
				"JSON":     {status: 400, body: `{"detail":[{"input":"` + url.PathEscape(secret) + `"}]}`},
				"HTML":     {status: 403, body: "<html><p>" + strings.ReplaceAll(secret, "<", "&lt;") + "</p></html>"},
				"IAM":      {status: 401, body: `{"error":{"code":"401","message":"` + url.QueryEscape(secret) + `"}}`},
				"redirect": {status: 302, header: []string{"Location", "https://" + url.QueryEscape(secret) + ".example/"}},
				"reset":    {err: errors.New("malformed HTTP response " + secret)},
			} {
				t.Run(call+" "+name+" "+what, func(t *testing.T) {
					t.Parallel()

					client := newClient(t, script(step{status: 202, body: serverBody}, answer), withSecurityToken)
					if err := reinstallWithSecrets(t.Context(), client); err != nil {
						t.Fatal(err)
					}

					wantHidden(t, send(t.Context(), client), secret, url.QueryEscape(secret), url.PathEscape(secret))
				})
			}
		}
	}
}

// wantHidden checks that err quotes nothing of the request or of shown.
func wantHidden(t *testing.T, err error, shown ...string) {
	t.Helper()

	if err == nil || !strings.Contains(err.Error(), "not shown") && !strings.Contains(err.Error(), "HTTP 302") {
		t.Errorf("got %v", err)

		return
	}

	for _, text := range append(shown, "join-token", "chpasswd", "upstream said", "malformed") {
		if strings.Contains(err.Error(), strings.Join(strings.Fields(text), " ")) {
			t.Errorf("%q is shown: %v", text, err)
		}
	}
}

// TestSecretsInUnusableReplies puts a secret in a reply that is not usable.
func TestSecretsInUnusableReplies(t *testing.T) {
	t.Parallel()

	for name, body := range map[string]string{
		"text": "hello " + testPass, "another server": `{"id":` + fmt.Sprintf("%q", testPass) + `}`, "HTML": "<p>P&#97;ss&lt;&amp;&gt;&quot;w&ouml;rd/1",
		"array": fmt.Sprintf("[%q]", testPass),
	} {
		client := newClient(t, script(step{status: 200, body: serverBody}, step{status: 200, body: body}))
		if _, err := reinstall(t.Context(), client); err != nil {
			t.Fatal(err)
		}

		if server, err := client.GetServer(t.Context(), testServer); server != nil {
			t.Errorf("%s: %+v", name, server)
		} else {
			wantHidden(t, err, testPass, "rd/1")
		}
	}
}

// Errors quote a status that the service does not document, so it must not be a secret either.
func TestSecretAsStatus(t *testing.T) {
	t.Parallel()

	body, _ := json.Marshal(map[string]string{"id": testServer, "name": "n", "status": "FAILED: chpasswd root:" + testPass})
	client := newClient(t, always(http.StatusOK, string(body)))

	reply, err := reinstall(t.Context(), client)
	if err != nil || reply.Server.CurrentStatus() != "(not shown)" {
		t.Errorf("got %+v, %v", reply, err)
	}

	server, err := client.GetServer(t.Context(), testServer)
	if err != nil || server.CurrentStatus() != "(not shown)" {
		t.Errorf("got %+v, %v", server, err)
	}
}

// The code and the request id are withheld like the message; the other parts of the answer are not.
func TestSecretsInCodeAndRequestID(t *testing.T) {
	t.Parallel()

	body, _ := json.Marshal(map[string]string{"error_code": testPass, "error_msg": "plain words", "request_id": testPass})

	_, err := reinstall(t.Context(), newClient(t, always(http.StatusBadRequest, string(body))))

	got, _ := errors.AsType[*modelarts.Error](err)
	if got == nil || got.Code != "(not shown)" || got.RequestID != "(not shown)" || got.Message != "plain words" {
		t.Errorf("got %+v", got)
	}
}

// A secret is not shown with one half in one part of an answer and the other half in another.
func TestSecretInTwoHalves(t *testing.T) {
	t.Parallel()

	const pass = "Abc=defgh1+X-Klm/nopq2"

	body, _ := json.Marshal(map[string]string{"error_code": pass[:11], "error_msg": pass[11:]})
	client := newClient(t, always(http.StatusBadRequest, string(body)))

	_, err := client.ReinstallServerOS(t.Context(), testServer, &modelarts.ReinstallRequest{AdminPass: modelarts.NewSecret(pass)})
	wantHidden(t, err, pass[:6], pass[11:])
}

// A request id appears in the log and in what the caller keeps. A service may derive it from a secret, such as in the
// hexadecimal digits that request ids usually have.
func TestSecretAsRequestID(t *testing.T) {
	t.Parallel()

	for name, id := range map[string]string{
		"as it is": "for " + testPass, "hex": fmt.Sprintf("%x", testPass), "UUID": "50617373-3c26-3e22-77c3-b672642f3109",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var logged string

			client := newClient(t, always(http.StatusAccepted, "{}", "X-Request-Id", id), func(cfg *modelarts.Config) {
				cfg.OnTry = func(_ context.Context, try modelarts.Try) { logged = try.RequestID() }
			})

			answer, err := reinstall(t.Context(), client)
			if err != nil || answer.RequestID != "(not shown)" {
				t.Errorf("got %v, %v", answer, err)
			}

			if logged != "(not shown)" {
				t.Error(logged)
			}
		})
	}
}

func TestUsualRequestIDsAreShown(t *testing.T) {
	t.Parallel()

	for _, id := range []string{"5f2b1c9a7d3e4f60a1b2c3d4e5f60718", "c90fb553-4a2a-4f3f-8a4e-1f1f6d1d3b6e", "request-1"} {
		answer, err := reinstall(t.Context(), newClient(t, always(http.StatusAccepted, "{}", "X-Request-Id", id)))
		if err != nil || answer.RequestID != id {
			t.Errorf("%s: got %v, %v", id, answer, err)
		}
	}
}

// TestSecretAtTheCut puts a secret where the excerpt is cut, which only becomes readable when the markup is removed.
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

// The cause of a cancelled request is shown, even if the error of the transport is not.
func TestCauseWithASecret(t *testing.T) {
	t.Parallel()

	cause := errors.New("the user's timeout")
	ctx, cancel := context.WithCancelCause(t.Context())
	client := newClient(t, &memory{answer: func(int, *http.Request) (*http.Response, error) {
		cancel(cause)

		return nil, errors.New("lost " + testPass)
	}})

	_, err := reinstall(ctx, client)
	if !errors.Is(err, cause) || !strings.Contains(err.Error(), cause.Error()) {
		t.Errorf("got %v", err)
	}

	wantHidden(t, err, testPass)
}

// TestSecretsBetweenServices lets ModelArts and IAM quote what the other one was sent: they are one cloud. The
// temporary keys of a role are secrets as soon as they exist.
func TestSecretsBetweenServices(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const temporary = "temporary-Secret-Key-1"

		asked := 0
		quote := "nothing"
		refuse := false
		transport := &memory{answer: func(_ int, req *http.Request) (*http.Response, error) {
			switch {
			case refuse:
				return response(http.StatusUnauthorized, errorBody("got "+quote)), nil
			case strings.HasPrefix(req.Host, "iam.") && req.Method == http.MethodGet:
				return response(http.StatusOK, `{"projects":[{"id":"`+testProject+`","name":"cn-north-4"}]}`), nil
			case strings.HasPrefix(req.Host, "iam."):
				asked++

				return response(http.StatusCreated, fmt.Sprintf(
					`{"credential":{"access":"TMP%d","secret":"%s","securitytoken":"temporary-Token-%d"}}`, asked, temporary, asked)), nil
			default:
				return response(http.StatusOK, serverBody), nil
			}
		}}

		cfg := testConfig(transport)
		withoutProject(&cfg)

		role, err := modelarts.AssumeRole(cfg, hourRole)
		if err != nil {
			t.Fatal(err)
		}

		cfg.Credentials = role

		client, err := modelarts.NewClient(cfg)
		if err != nil {
			t.Fatal(err)
		}

		if err := reinstallWithSecrets(t.Context(), client); err != nil {
			t.Fatal(err)
		}

		refuse = true

		for _, quote = range []string{testSK, temporary, "temporary-Token-1", testPass, "join-token-7c9e6679f2b4"} {
			_, err := client.GetServer(t.Context(), testServer)
			wantHidden(t, err, quote)

			// The same holds for the error of IAM that a 401 of ModelArts leads to.
			current, _ := role.Credentials(t.Context())
			_, err = role.Refresh(t.Context(), current)
			wantHidden(t, err, quote)
		}

		quote = "nothing"

		if _, err := client.GetServer(t.Context(), testServer); err == nil || strings.Count(err.Error(), "got nothing") != 2 {
			t.Errorf("got %v", err)
		}
	})
}

// TestUnusedKeysOfRole lets IAM quote the keys that it issued before anything was signed with them.
func TestUnusedKeysOfRole(t *testing.T) {
	t.Parallel()

	const temporary = "temporary-Secret-Key-1"

	role, err := modelarts.AssumeRole(testConfig(script(
		step{status: 201, body: `{"credential":{"access":"TMP","secret":"` + temporary + `","securitytoken":"temporary-Token-1"}}`},
		step{status: 400, body: errorBody("there is " + temporary + " already")},
	)), hourRole)
	if err != nil {
		t.Fatal(err)
	}

	first, err := role.Credentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	_, err = role.Refresh(t.Context(), first)
	wantHidden(t, err, temporary)
}

// TestSecretAsProject lets IAM show several projects, one of which has the name of a secret.
func TestSecretAsProject(t *testing.T) {
	t.Parallel()

	client := newClient(t, always(http.StatusOK, `{"projects":[{"id":"p1"},{"id":"`+testSK+`"}]}`), withoutProject)

	id, err := client.ProjectID(t.Context())
	if id != "" {
		t.Errorf("got %q", id)
	}

	wantHidden(t, err, testSK)
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

// Words that only look like secrets of the account are shown.
func TestOrdinaryAnswersAreShown(t *testing.T) {
	t.Parallel()

	for _, message := range []string{
		"image not found", "LiteServer instance '" + testServer + "' not found", "The key pair KeyPair-1 does not exist.",
		"project " + testProject + " is frozen", "The status RUNNING does not allow this operation.", "admin_pass is not valid",
	} {
		client := newClient(t, always(http.StatusBadRequest, errorBody(message)), withSecurityToken)

		err := reinstallWithSecrets(t.Context(), client)
		if got, _ := errors.AsType[*modelarts.Error](err); got == nil || got.Message != message {
			t.Errorf("%q: got %v", message, err)
		}
	}
}
