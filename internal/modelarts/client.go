// Package modelarts is the client of the ModelArts DevServer API: HTTP, JSON, signing, errors, and which requests may be
// repeated. It knows nothing of Terraform.
//
// See https://support.huaweicloud.com/intl/en-us/api-modelarts/ReinstallOsDevServer.html
package modelarts

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts/redact"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts/transport"
)

const defaultUserAgent = "terraform-provider-modelarts"

// Config configures a Client.
type Config struct {
	// Endpoint is the base URL of ModelArts. Empty: https://modelarts.{region}.{cloud}.
	Endpoint string
	// IAMEndpoint is the base URL of IAM; a trailing /v3 is dropped. Empty: https://iam.{region}.{cloud}.
	IAMEndpoint string
	// Region is the region id, such as cn-north-4.
	Region string
	// ProjectID is the id of the project. Empty: it is looked up once, by ProjectName, in IAM.
	ProjectID string
	// ProjectName is the name of the project to look up. Empty: the region id.
	ProjectName string
	// Cloud is the domain of the cloud. Empty: myhuaweicloud.com, or myhuaweicloud.eu for the regions eu-west-1xx.
	Cloud string
	// Credentials authenticate every request.
	Credentials CredentialsSource
	// Insecure disables certificate checks and allows plain http to any host. Plain http to this machine is always allowed.
	Insecure bool
	// CACertFile is a PEM file of certificate authorities to trust in addition to those of the system, or its content.
	CACertFile string
	// MaxRetries is the maximum number of repetitions of a failed GET. Other methods are never repeated.
	MaxRetries int
	// UserAgent is the User-Agent header. Empty: terraform-provider-modelarts.
	UserAgent string
	// Transport carries the requests. It must neither follow redirects nor repeat requests. Nil: one that does neither, with
	// proxies from the environment; only that one uses Insecure and CACertFile.
	Transport http.RoundTripper
	// OnTry is called after each try of a request, with the context of the call, such as to log it. Nil: it is not called.
	OnTry func(ctx context.Context, try Try)
}

// Client calls the DevServer API of one region and project. It is safe for concurrent use.
//
// See https://support.huaweicloud.com/intl/en-us/api-modelarts/ReinstallOsDevServer.html
type Client struct {
	region  string
	api     *service
	project *projectLookup
}

// NewClient returns a client for cfg. It sends nothing. It returns an error for a malformed URL, plain http to another
// machine without Insecure, a CA file that cannot be read, a malformed proxy in the environment, and missing
// credentials.
func NewClient(cfg Config) (*Client, error) {
	redactor := redactorOf(cfg.Credentials)

	api, err := newService(cfg, modelArtsEndpoint, redactor)
	if err != nil {
		return nil, err
	}

	project, err := newProjectLookup(cfg, redactor)
	if err != nil {
		return nil, err
	}

	return &Client{region: cfg.Region, api: api, project: project}, nil
}

// Region returns the region id of the configuration.
func (c *Client) Region() string { return c.region }

// Host returns the host of the ModelArts endpoint, with its port if it has one.
func (c *Client) Host() string { return c.api.base.Host }

// ProjectID returns the id of the project. If the configuration has none, it is looked up in IAM, once unless that fails;
// concurrent callers share the request.
//
// See https://support.huaweicloud.com/api-iam/iam_06_0001.html
func (c *Client) ProjectID(ctx context.Context) (string, error) { return c.project.id(ctx) }

// newService returns the service that cfg has under the endpoint of kind. Its errors quote nothing that redactor withholds.
func newService(cfg Config, kind endpointKind, redactor *redact.Redactor) (*service, error) {
	if cfg.Credentials == nil {
		return nil, errors.New("no credentials")
	}

	base, err := kind.url(cfg)
	if err != nil {
		return nil, err
	}

	region := ""
	if kind.configured(cfg) == "" {
		region = cfg.Region
	}

	reads, writes, err := newTransports(cfg, base)
	if err != nil {
		return nil, err
	}

	userAgent := cfg.UserAgent
	if userAgent == "" {
		userAgent = defaultUserAgent
	}

	if !isHeaderValue(userAgent) {
		return nil, errors.New("the user agent has characters that cannot be sent in a header")
	}

	onTry := cfg.OnTry
	if onTry == nil {
		onTry = func(context.Context, Try) {}
	}

	redactor.AddOpen(base.Host)

	if cfg.Transport == nil {
		proxy, _ := http.ProxyFromEnvironment(&http.Request{URL: base}) // newTransports has checked the error
		withhold(redactor, passwordOf(proxy))
	}

	return &service{
		base: base, region: region, credentials: cfg.Credentials, reads: reads, writes: writes,
		userAgent: userAgent, maxRetries: cfg.MaxRetries, onTry: onTry, redactor: redactor,
	}, nil
}

// newTransports returns what carries reads and what carries everything else to base.
func newTransports(cfg Config, base *url.URL) (reads, writes http.RoundTripper, err error) {
	if cfg.Transport != nil {
		return cfg.Transport, cfg.Transport, nil
	}

	return transport.New(transport.Config{Base: base, Insecure: cfg.Insecure, CACertFile: cfg.CACertFile})
}

// ErrCACertificates reports that Config.CACertFile cannot be used.
var ErrCACertificates = transport.ErrCACertificates
