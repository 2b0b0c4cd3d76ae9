package modelarts

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
)

const (
	cloudDefault = "myhuaweicloud.com"
	cloudEurope  = "myhuaweicloud.eu"
)

var (
	hostPart       = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$`)
	europeanRegion = regexp.MustCompile(`^eu-west-1\d\d$`)
)

// endpointKind tells the services apart.
type endpointKind int

const (
	modelArtsEndpoint endpointKind = iota
	iamEndpoint
)

// url returns the base URL of the service in cfg, without a slash at its end.
func (k endpointKind) url(cfg Config) (*url.URL, error) {
	name, configured := "ModelArts", cfg.Endpoint
	if k == iamEndpoint {
		name, configured = "IAM", cfg.IAMEndpoint
	}

	raw := strings.TrimSpace(configured)
	if raw == "" {
		host, err := defaultHost(strings.ToLower(name), cfg)
		if err != nil {
			return nil, fmt.Errorf("%s endpoint: %w", name, err)
		}

		raw = host
	}

	base, err := parseEndpoint(raw, cfg.Insecure)
	if err != nil {
		return nil, fmt.Errorf("%s endpoint: %w", name, err)
	}

	if k == iamEndpoint {
		base.Path = strings.TrimSuffix(base.Path, "/v3")
	}

	return base, nil
}

// defaultHost returns the host name of a service in the region and cloud of cfg.
func defaultHost(service string, cfg Config) (string, error) {
	if cfg.Region == "" {
		return "", errors.New("neither a region nor an endpoint is given")
	}

	cloud := cfg.Cloud

	switch {
	case cloud != "":
	case europeanRegion.MatchString(cfg.Region):
		cloud = cloudEurope
	default:
		cloud = cloudDefault
	}

	if !hostPart.MatchString(cfg.Region) || !hostPart.MatchString(cloud) {
		return "", fmt.Errorf("region %q and cloud %q do not make a host name", cfg.Region, cloud)
	}

	return service + "." + cfg.Region + "." + cloud, nil
}

// parseEndpoint parses a base URL. Where raw has no scheme it is https. The errors do not repeat raw, which may have a
// password in it.
func parseEndpoint(raw string, insecure bool) (*url.URL, error) {
	if !strings.Contains(raw, "://") {
		raw = "https://" + raw
	}

	parsed, err := url.Parse(raw)

	switch {
	case err != nil:
		return nil, errors.New("it is not a URL")
	case parsed.Scheme != "https" && parsed.Scheme != "http":
		return nil, fmt.Errorf("the scheme is %q instead of https", parsed.Scheme)
	case parsed.User != nil || parsed.RawQuery != "" || parsed.ForceQuery || parsed.Fragment != "":
		return nil, errors.New("it must be a URL without user, query and fragment")
	case net.ParseIP(parsed.Hostname()) == nil && !hostPart.MatchString(parsed.Hostname()):
		return nil, errors.New("it has no valid host name")
	case parsed.Scheme == "http" && !insecure && !isLoopback(parsed.Hostname()):
		return nil, fmt.Errorf("plain http to %s would show credentials and passwords to the network; use https", parsed.Host)
	}

	base := &url.URL{
		Scheme: parsed.Scheme,
		Host:   strings.ToLower(parsed.Host),
		Path:   strings.TrimRight(parsed.Path, "/"),
	}

	// The Host header is signed: it has to be what every proxy on the way would make of it.
	if port := parsed.Port(); port == "" || (port == "443") == (base.Scheme == "https") && (port == "80") == (base.Scheme == "http") {
		base.Host = strings.TrimSuffix(base.Host, ":"+port)
	}

	return base, nil
}

// isLoopback tells whether host is this machine.
func isLoopback(host string) bool {
	host = strings.ToLower(host)
	ip := net.ParseIP(host)

	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}
