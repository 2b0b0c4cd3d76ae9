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

// endpointKind is the service that an endpoint belongs to.
type endpointKind int

const (
	modelArtsEndpoint endpointKind = iota
	iamEndpoint
)

// url returns the base URL of the service in cfg, without a trailing slash.
func (k endpointKind) url(cfg Config) (*url.URL, error) {
	name := "ModelArts"
	if k == iamEndpoint {
		name = "IAM"
	}

	address := k.configured(cfg)
	if address == "" {
		host, err := defaultHost(strings.ToLower(name), cfg)
		if err != nil {
			return nil, err
		}

		address = host
	}

	base, err := ParseEndpoint(address)

	switch {
	case err != nil:
		return nil, fmt.Errorf("the %s endpoint %w", name, err)
	case base.Scheme == "http" && !cfg.Insecure && !isLoopback(base.Hostname()):
		return nil, fmt.Errorf("the %s endpoint is plain http to %s, which would expose credentials and passwords to the "+
			"network; use https", name, base.Host)
	}

	if k == iamEndpoint {
		base.Path = strings.TrimSuffix(base.Path, "/v3")
	}

	return base, nil
}

// configured returns the address of the service in cfg, empty if it is derived from the region.
func (k endpointKind) configured(cfg Config) string {
	if k == iamEndpoint {
		return strings.TrimSpace(cfg.IAMEndpoint)
	}

	return strings.TrimSpace(cfg.Endpoint)
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

// ParseEndpoint returns the base URL that address stands for, without a trailing slash; an address without a scheme is
// treated as https. The text of an error continues a sentence that begins with the source of the address. It does not
// repeat the address, which may contain a password.
func ParseEndpoint(address string) (*url.URL, error) {
	address = strings.TrimSpace(address)
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}

	parsed, err := url.Parse(address)

	switch {
	case strings.Contains(address, "@"):
		return nil, errors.New("has a user name or a password in it, or another @")
	case address == "https://":
		return nil, errors.New("is empty")
	case err != nil:
		return nil, errors.New("is not a URL")
	case parsed.Scheme != "https" && parsed.Scheme != "http":
		return nil, errors.New("is neither an https nor an http URL")
	case parsed.RawQuery != "" || parsed.ForceQuery || parsed.Fragment != "":
		return nil, errors.New("has a query or a fragment, which a base URL cannot have")
	case net.ParseIP(parsed.Hostname()) == nil && !hostPart.MatchString(parsed.Hostname()):
		return nil, errors.New("has no valid host name")
	}

	base := &url.URL{
		Scheme: parsed.Scheme,
		Host:   strings.ToLower(parsed.Host),
		Path:   strings.TrimRight(parsed.Path, "/"),
	}

	// The Host header is signed, so it must be what every proxy on the way would turn it into.
	if port := parsed.Port(); port == "" || (port == "443") == (base.Scheme == "https") && (port == "80") == (base.Scheme == "http") {
		base.Host = strings.TrimSuffix(base.Host, ":"+port)
	}

	return base, nil
}

// isLoopback reports whether host is this machine. Names below localhost may resolve to other machines.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)

	return host == "localhost" || ip != nil && ip.IsLoopback()
}
