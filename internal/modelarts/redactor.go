package modelarts

import (
	"net/url"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts/redact"
)

// redactorOf returns the redactor that all requests with the credentials of source share, or a new one if source has none.
func redactorOf(source CredentialsSource) *redact.Redactor {
	if sharing, ok := source.(interface{ redactor() *redact.Redactor }); ok {
		return sharing.redactor()
	}

	return redact.New()
}

// withhold adds secrets to redactor.
func withhold(redactor *redact.Redactor, secrets ...Secret) {
	for _, secret := range secrets {
		redactor.AddSecrets(secret.Reveal())
	}
}

// redactServer makes a server of a reply fit to be quoted. Its name is not secret. A status that the service does not
// document, which errors would quote, may repeat a secret, and so may an extension.
func redactServer(redactor *redact.Redactor, server *Server) {
	if server.Name != nil && len(*server.Name) <= redact.MaxToken {
		redactor.AddOpen(*server.Name)
	}

	for _, endpoint := range server.EndpointsResponse {
		for key, value := range endpoint.Extensions {
			if redactor.Repeats(value) {
				endpoint.Extensions[key] = redact.WithheldToken
			}
		}
	}

	if server.Status != nil && !server.Status.documented() {
		shown := Status(redactor.Token(string(*server.Status)))
		server.Status = &shown
	}
}

// redactImage makes an image of a reply fit to be quoted, as redactServer does for a server: errors quote its status.
func redactImage(redactor *redact.Redactor, image *Image) {
	if image.Status != nil && *image.Status != "ACTIVE" && *image.Status != "INACTIVE" {
		shown := redactor.Token(*image.Status)
		image.Status = &shown
	}
}

// passwordOf returns the password in the address of a proxy, which may be nil.
func passwordOf(proxy *url.URL) Secret {
	if proxy == nil {
		return Secret{}
	}

	password, _ := proxy.User.Password()

	return NewSecret(password)
}
