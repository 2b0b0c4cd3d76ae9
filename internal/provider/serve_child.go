package provider

import (
	"context"
	"errors"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// parentInterval is the interval at which a provider checks whether its parent is alive, and an orphaned one whether it has
// work left.
const parentInterval = time.Second

// errIncompleteServer is returned for a framework that lacks a part of the protocol.
var errIncompleteServer = errors.New(
	"the framework does not serve the whole protocol: this is a bug in the provider; please report it")

// protocolServer is the whole protocol. The framework serves the parts too that are still optional.
type protocolServer interface {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
	tfprotov6.ActionServer
	tfprotov6.StateStoreServer
}

// childServer is a server of the protocol that knows what is in progress, and cancels it once the parent is gone. Only
// what may send something matters: everything else may end with the process.
type childServer struct {
	protocolServer

	parent     context.Context // ends when the parent is gone
	inProgress atomic.Int64
}

// newChildServer returns a server for a provider. parent ends when the parent is gone.
func newChildServer(parent context.Context, p provider.Provider) (*childServer, error) {
	server, ok := providerserver.NewProtocol6(p)().(protocolServer)
	if !ok {
		return nil, errIncompleteServer
	}

	return &childServer{protocolServer: server, parent: parent}, nil
}

// ApplyResourceChange creates, updates or deletes a resource.
func (s *childServer) ApplyResourceChange(
	ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest,
) (*tfprotov6.ApplyResourceChangeResponse, error) {
	ctx, end := s.begin(ctx)
	defer end()

	return s.protocolServer.ApplyResourceChange(ctx, req) //nolint:wrapcheck // the protocol carries it as it is
}

// InvokeAction invokes an action, which goes on while its events are read. They are read to the end even if nobody wants
// them: with nobody to take its progress, the action would stand still for ever.
func (s *childServer) InvokeAction(
	ctx context.Context, req *tfprotov6.InvokeActionRequest,
) (*tfprotov6.InvokeActionServerStream, error) {
	ctx, end := s.begin(ctx)

	stream, err := s.protocolServer.InvokeAction(ctx, req)
	if err != nil {
		end()

		return nil, err //nolint:wrapcheck // the protocol carries it as it is
	}

	return &tfprotov6.InvokeActionServerStream{Events: func(yield func(tfprotov6.InvokeActionEvent) bool) {
		defer end()

		wanted := true
		for event := range stream.Events {
			wanted = wanted && yield(event)
		}
	}}, nil
}

// begin begins work whose context ends with the parent too.
func (s *childServer) begin(ctx context.Context) (_ context.Context, end func()) {
	s.inProgress.Add(1)
	// The parent reads the log. Once it is gone, a line of the log must not kill what is to end in order.
	signal.Ignore(syscall.SIGPIPE)

	ctx, cancel := context.WithCancel(ctx)
	unlink := context.AfterFunc(s.parent, cancel)

	return ctx, func() {
		unlink()
		cancel()
		s.inProgress.Add(-1)
	}
}

// drain returns when no work is in progress any longer, at most after limit.
func (s *childServer) drain(limit time.Duration) {
	ticker := time.NewTicker(parentInterval)
	defer ticker.Stop()

	for began := time.Now(); time.Since(began) < limit; {
		if <-ticker.C; s.inProgress.Load() == 0 {
			return
		}
	}
}
