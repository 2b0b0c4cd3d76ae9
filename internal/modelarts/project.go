package modelarts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts/redact"
)

// lookupTimeout bounds a call to IAM that callers share.
const lookupTimeout = 2 * time.Minute

// projectLookup returns the id of the project: the configured one, or that from IAM.
type projectLookup struct {
	name string
	iam  *service // nil if the id is configured

	// isRegion reports whether name is the region, since no name is configured.
	isRegion bool

	shared sharedCall[string]

	mu    sync.Mutex
	known string
}

func newProjectLookup(cfg Config, redactor *redact.Redactor) (*projectLookup, error) {
	if cfg.ProjectID != "" {
		if !isHeaderValue(cfg.ProjectID) || !isPathElement(cfg.ProjectID) {
			return nil, fmt.Errorf("%q is not a project id", cfg.ProjectID)
		}

		return &projectLookup{known: cfg.ProjectID}, nil
	}

	name := cmp.Or(cfg.ProjectName, cfg.Region)
	if name == "" {
		return nil, errors.New("neither a project id, a project name nor a region is given")
	}

	iam, err := newService(cfg, iamEndpoint, redactor)
	if err != nil {
		return nil, err
	}

	return &projectLookup{name: name, iam: iam, isRegion: cfg.ProjectName == ""}, nil
}

// UnknownProjectError reports that IAM shows no project of a name.
type UnknownProjectError struct {
	Name string
	// IsRegion reports whether the name is that of the region, since no name of a project is configured.
	IsRegion bool
}

func (e *UnknownProjectError) Error() string { return "IAM shows no such project; give the project id" }

// id returns the id of the project.
func (p *projectLookup) id(ctx context.Context) (string, error) {
	if known := p.cached(); known != "" {
		return known, nil
	}

	id, err := p.shared.do(ctx, p.lookUp)
	if err != nil {
		return "", fmt.Errorf("look up the id of project %q: %w", p.name, err)
	}

	return id, nil
}

func (p *projectLookup) cached() string {
	p.mu.Lock()
	defer p.mu.Unlock()

	return p.known
}

// lookUp requests the one project of that name from IAM. The request has no X-Project-Id, which is not known yet.
//
// See https://support.huaweicloud.com/api-iam/iam_06_0001.html
func (p *projectLookup) lookUp(ctx context.Context) (string, error) {
	if known := p.cached(); known != "" {
		return known, nil
	}

	answer, err := p.iam.do(ctx, &request{
		method: http.MethodGet, path: []string{"v3", "projects"}, query: url.Values{"name": {p.name}},
	})
	if err != nil {
		return "", err
	}

	projects, ok := decodeProjects(answer.body, p.name)
	if !ok {
		return "", answer.unusable("a list of projects")
	}

	switch len(projects) {
	case 0:
		return "", &UnknownProjectError{Name: p.name, IsRegion: p.isRegion}
	case 1:
	default:
		return "", fmt.Errorf("IAM shows %d such projects (%s); give the project id of one", len(projects), p.iam.redactor.Message(strings.Join(projects, ", ")))
	}

	p.mu.Lock()
	defer p.mu.Unlock()

	p.known = projects[0]

	return p.known, nil
}
