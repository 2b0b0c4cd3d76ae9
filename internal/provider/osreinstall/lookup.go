package osreinstall

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/devserver"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/provider/providerdata"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// lookup is what a plan has read of the server whose system disk it erases, and of the image that it installs. Nil: there was
// nothing to read.
type lookup struct {
	server *modelarts.Server // nil: it was not read
	err    error             // why; nil: the provider's configuration is not known yet

	region, projectID types.String // where the server is

	checksImage bool             // an image is asked for
	image       *modelarts.Image // nil: the service does not list it
	imageErr    error            // why it could not be read

	earlier    *reinstall.Record // the request of an earlier apply that is taken up first; nil: there is none
	earlierErr error             // why that could not be read

	quote func(string) string // makes a text of a reply fit to be quoted
}

// lookUp reads what an apply of the plan erases, and the image that it asks for. It reads nothing for a plan that erases
// nothing. Terraform makes the plan of a replacement in two halves, the first one with the state of the old server: the second
// one has its result.
func (r *reinstallResource) lookUp(ctx context.Context, in *planInput, d *decision, config *model, hasState bool) *lookup {
	id := in.plan.ID.ValueString()

	switch {
	case !d.erases() || id == "":
		return nil
	case !r.data.Configured():
		return &lookup{}
	}

	if kept, ok := r.data.Replacing.LoadAndDelete(id); ok && !hasState {
		if seen, ok := kept.(*lookup); ok {
			return seen
		}
	}

	timeout, _ := in.plan.Timeouts.Read(ctx, providerdata.ReadTimeout)

	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	body := in.plan.request(config.writeOnly()).Body
	r.data.Client.Withhold(&body)

	seen := readLookup(ctx, r.data, id, in.plan.ImageID.ValueString())
	seen.earlier, seen.earlierErr = r.earlier(ctx, in, seen.server.RootVolumeID())

	if seen.earlier != nil && seen.earlier.Operation.State == reinstall.StateFailed {
		seen.earlier = nil // its own apply has said so, and there is nothing to wait for
	}

	if hasState && in.prior == nil {
		r.data.Replacing.Store(id, seen)
	}

	return seen
}

// readLookup reads a server, and an image unless its id is empty.
func readLookup(ctx context.Context, data *providerdata.Data, id, imageID string) *lookup {
	l := &lookup{quote: data.Client.Quote}

	// One more read tells a reply that leaves out the disks from a service that never shows them.
	for range 2 {
		l.server, l.err = data.Client.AwaitServer(ctx, id)
		if l.err != nil {
			return &lookup{err: l.err}
		}

		if l.server.RootVolumeID() != "" || reinstall.ReplacesDisk(l.server.CurrentStatus()) {
			break
		}
	}

	projectID, err := data.Client.ProjectID(ctx)
	if err != nil {
		return &lookup{err: err}
	}

	l.region, l.projectID = types.StringValue(data.Region), types.StringValue(projectID)

	if imageID != "" {
		l.checksImage = true
		l.image, l.imageErr = data.Images.Find(ctx, imageID)
	}

	return l
}

// found reports whether the server was read.
func (l *lookup) found() bool { return l != nil && l.server != nil }

// model returns the server as it was read.
func (l *lookup) model() *devserver.Model {
	model := devserver.NullModel()
	model.FromAPI(l.server)

	return &model
}

// disk returns the id of the system disk: null while it is being replaced, since the plan is then for a server whose disk is,
// and unknown where the server shows none.
func (l *lookup) disk() types.String {
	switch {
	case !l.found():
		return types.StringUnknown()
	case reinstall.ReplacesDisk(l.server.CurrentStatus()):
		return types.StringNull()
	case l.server.RootVolumeID() == "":
		return types.StringUnknown()
	default:
		return types.StringValue(l.server.RootVolumeID())
	}
}

// name returns the name of the server; empty if it is not known.
func (l *lookup) name() string {
	if !l.found() || l.server.Name == nil {
		return ""
	}

	return *l.server.Name
}
