package modelarts

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts/redact"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts/signature"
)

const headerToken = "X-Auth-Token" //nolint:gosec // the name of a header

// Credentials authenticate a request: a token, or else an access key, its secret key and, if the key is temporary, a
// security token.
//
// See https://support.huaweicloud.com/api-modelarts/modelarts_03_0004.html
type Credentials struct {
	AccessKey     string
	SecretKey     Secret
	SecurityToken Secret
	Token         Secret
	// Source says which credentials these are and where they are from, for an error, such as "the access key from
	// HW_ACCESS_KEY". It must not have a secret in it. Empty: it is not known.
	Source string
}

// CredentialsSource provides the credentials for the requests of a Client. It must be safe for concurrent use.
type CredentialsSource interface {
	// Credentials returns the credentials to use now.
	Credentials(ctx context.Context) (Credentials, error)
	// Refresh is called with the credentials of a request that was answered with 401. It reports whether Credentials now
	// returns others.
	Refresh(ctx context.Context, stale Credentials) (bool, error)
}

// StaticCredentials returns a source that always returns credentials.
func StaticCredentials(credentials Credentials) CredentialsSource {
	return &staticCredentials{credentials: credentials, shared: redact.New()}
}

type staticCredentials struct {
	credentials Credentials
	shared      *redact.Redactor
}

// redactor returns the redactor that all requests with the credentials share.
func (s *staticCredentials) redactor() *redact.Redactor { return s.shared }

func (s *staticCredentials) Credentials(context.Context) (Credentials, error) {
	return s.credentials, s.credentials.check()
}

func (s *staticCredentials) Refresh(context.Context, Credentials) (bool, error) { return false, nil }

// check returns an error if the credentials cannot be used.
func (c Credentials) check() error {
	if c.Token.IsZero() && (c.AccessKey == "" || c.SecretKey.IsZero()) {
		return errors.New("the credentials need a token, or an access key and a secret key")
	}

	for _, value := range []string{c.AccessKey, c.SecurityToken.Reveal(), c.Token.Reveal()} {
		if !isHeaderValue(value) {
			return errors.New("the credentials have characters that cannot be sent in a header, such as a line break")
		}
	}

	return nil
}

// authenticate adds to req the token, or else a signature by the access key. body is the content of req.Body.
func (c Credentials) authenticate(req *http.Request, body []byte) {
	if !c.Token.IsZero() {
		req.Header.Set(headerToken, c.Token.Reveal())

		return
	}

	if !c.SecurityToken.IsZero() {
		req.Header.Set(signature.HeaderSecurityToken, c.SecurityToken.Reveal())
	}

	signature.Sign(req, body, c.AccessKey, c.SecretKey.Reveal(), time.Now())
}

// secrets returns what must not be shown.
func (c Credentials) secrets() []Secret { return []Secret{c.SecretKey, c.SecurityToken, c.Token} }
