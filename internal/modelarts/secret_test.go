package modelarts_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

func TestSecretIsNotShown(t *testing.T) {
	t.Parallel()

	const value = "hunter2-hunter2"

	type hidden struct{ inner modelarts.Secret }

	secret := modelarts.NewSecret(value)
	credentials := modelarts.Credentials{AccessKey: "ak", SecretKey: secret, SecurityToken: secret, Token: secret}
	client, err := modelarts.NewClient(modelarts.Config{Region: "r", ProjectID: "p", Credentials: modelarts.StaticCredentials(credentials)})
	if err != nil {
		t.Fatal(err)
	}

	holders := []any{
		secret, &secret,
		[]modelarts.Secret{secret},
		map[string]modelarts.Secret{"a": secret},
		hidden{secret},
		&hidden{secret},
		credentials, &credentials, modelarts.StaticCredentials(credentials), client, *client,
		modelarts.ReinstallRequest{AdminPass: secret, UserData: secret},
		&modelarts.ReinstallRequest{AdminPass: secret},
		modelarts.Config{Credentials: modelarts.StaticCredentials(credentials)},
	}

	for _, holder := range holders {
		var shown bytes.Buffer

		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "% x", "%10.3s", "%t", "%p"} {
			fmt.Fprintf(&shown, verb+"\n", holder)
		}

		if encoded, err := json.Marshal(holder); err == nil {
			shown.Write(encoded)
		}

		for _, handler := range []slog.Handler{slog.NewTextHandler(&shown, nil), slog.NewJSONHandler(&shown, nil)} {
			slog.New(handler).Info("message", "holder", holder)
		}

		for _, form := range []string{value, fmt.Sprintf("%x", value), fmt.Sprintf("%X", value), fmt.Sprintf("% x", value), "hun"} {
			if strings.Contains(shown.String(), form) {
				t.Errorf("%T shows %q:\n%s", holder, form, shown.String())
			}
		}
	}
}

func TestSecretValue(t *testing.T) {
	t.Parallel()

	var zero modelarts.Secret

	secret := modelarts.NewSecret("a")

	if secret.Reveal() != "a" || secret.IsZero() || secret.String() != "***" || secret != modelarts.NewSecret("a") || secret == modelarts.NewSecret("b") {
		t.Error("a secret is its value, and shows ***")
	}

	if zero.Reveal() != "" || !zero.IsZero() || zero.String() != "" || zero != modelarts.NewSecret("") || fmt.Sprintf("%v%s%x", zero, zero, zero) != "" {
		t.Error("the zero secret is the empty one, and shows nothing")
	}
}
