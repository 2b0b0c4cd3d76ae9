package provider

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// workingServer is a server whose work takes until its context ends, and a while more.
type workingServer struct {
	protocolServer

	while time.Duration
	err   error // of InvokeAction
}

func (s *workingServer) work(ctx context.Context) {
	<-ctx.Done()
	time.Sleep(s.while)
}

func (s *workingServer) ApplyResourceChange(
	ctx context.Context, _ *tfprotov6.ApplyResourceChangeRequest,
) (*tfprotov6.ApplyResourceChangeResponse, error) {
	s.work(ctx)

	return &tfprotov6.ApplyResourceChangeResponse{}, nil
}

// InvokeAction has two events before its work, and one after it.
func (s *workingServer) InvokeAction(
	ctx context.Context, _ *tfprotov6.InvokeActionRequest,
) (*tfprotov6.InvokeActionServerStream, error) {
	if s.err != nil {
		return nil, s.err
	}

	return &tfprotov6.InvokeActionServerStream{Events: func(yield func(tfprotov6.InvokeActionEvent) bool) {
		for range 2 {
			if !yield(tfprotov6.InvokeActionEvent{}) {
				return
			}
		}

		s.work(ctx)
		yield(tfprotov6.InvokeActionEvent{})
	}}, nil
}

func TestDrain(t *testing.T) {
	t.Parallel()

	apply := func(t *testing.T, s *childServer) {
		t.Helper()

		if _, err := s.ApplyResourceChange(t.Context(), nil); err != nil {
			t.Error(err)
		}
	}
	invoke := func(read int) func(*testing.T, *childServer) {
		return func(t *testing.T, s *childServer) {
			t.Helper()

			stream, err := s.InvokeAction(t.Context(), nil)
			if err != nil {
				t.Error(err)

				return
			}

			for range stream.Events {
				if read--; read == 0 {
					return
				}
			}
		}
	}

	tests := map[string]struct {
		works       []func(*testing.T, *childServer)
		while       time.Duration
		least, most time.Duration
	}{
		"nothing in progress":              {nil, 0, 0, 2 * parentInterval},
		"an apply":                         {[]func(*testing.T, *childServer){apply}, time.Minute, time.Minute, time.Minute + 2*parentInterval},
		"an action":                        {[]func(*testing.T, *childServer){invoke(-1)}, time.Minute, time.Minute, time.Minute + 2*parentInterval},
		"an action that nobody listens to": {[]func(*testing.T, *childServer){invoke(1)}, time.Minute, time.Minute, time.Minute + 2*parentInterval},
		"several":                          {[]func(*testing.T, *childServer){apply, invoke(2), apply}, time.Minute, time.Minute, time.Minute + 2*parentInterval},
		"what does not end":                {[]func(*testing.T, *childServer){apply}, time.Hour, orphanTimeout, orphanTimeout + 2*parentInterval},
	}

	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				parent, orphan := context.WithCancel(t.Context())
				server := &childServer{protocolServer: &workingServer{while: test.while}, parent: parent}

				for _, work := range test.works {
					go work(t, server)
				}

				time.Sleep(time.Minute) // all of it is in progress, and stays so

				if got := int(server.inProgress.Load()); got != len(test.works) {
					t.Errorf("%d in progress, want %d", got, len(test.works))
				}

				began := time.Now()

				orphan()
				server.drain(orphanTimeout)

				if took := time.Since(began); took < test.least || took > test.most {
					t.Errorf("it has taken %s, want %s to %s", took, test.least, test.most)
				}

				time.Sleep(test.while) // the bubble ends with nothing in it
			})
		})
	}
}

// Work ends with its own request too, and what begins without a parent is cancelled from the start.
func TestChildServerCancels(t *testing.T) {
	t.Parallel()

	parent, orphan := context.WithCancel(t.Context())
	server := &childServer{protocolServer: &workingServer{}, parent: parent}

	request, cancel := context.WithCancel(t.Context())
	cancel()

	if _, err := server.ApplyResourceChange(request, nil); err != nil || server.inProgress.Load() != 0 {
		t.Errorf("error %v, %d in progress", err, server.inProgress.Load())
	}

	orphan()

	if _, err := server.ApplyResourceChange(t.Context(), nil); err != nil || server.inProgress.Load() != 0 {
		t.Errorf("error %v, %d in progress", err, server.inProgress.Load())
	}
}

func TestRefusedActionIsNotInProgress(t *testing.T) {
	t.Parallel()

	refused := errors.New("refused")
	server := &childServer{protocolServer: &workingServer{err: refused}, parent: t.Context()}

	if _, err := server.InvokeAction(t.Context(), nil); !errors.Is(err, refused) {
		t.Errorf("the error is %v", err)
	}

	if got := server.inProgress.Load(); got != 0 {
		t.Errorf("%d in progress, want 0", got)
	}
}

// No part of the protocol that the framework serves is hidden.
func TestChildServerServesTheWholeProtocol(t *testing.T) {
	t.Parallel()

	server, err := newChildServer(t.Context(), New("test")())
	if err != nil {
		t.Fatal(err)
	}

	metadata, err := server.GetMetadata(t.Context(), &tfprotov6.GetMetadataRequest{})
	if err != nil || len(metadata.Diagnostics) > 0 || len(metadata.Resources) == 0 || len(metadata.DataSources) == 0 {
		t.Errorf("metadata %+v, error %v", metadata, err)
	}
}
