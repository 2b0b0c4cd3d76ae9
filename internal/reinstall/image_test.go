package reinstall_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

func TestCheckImage(t *testing.T) {
	t.Parallel()

	image := func(status, arch, serverType string) *modelarts.Image {
		shown := &modelarts.Image{ImageID: new("id")}

		for value, field := range map[string]**string{"status " + status: &shown.Status, "arch " + arch: &shown.Arch, "type " + serverType: &shown.ServerType} {
			if _, text, _ := strings.Cut(value, " "); text != "" {
				*field = &text
			}
		}

		return shown
	}

	server := func(status modelarts.Status, arch, imageType, machine string) *modelarts.Server {
		shown := &modelarts.Server{Status: &status, Image: image("", arch, imageType)}
		if machine != "" {
			shown.CloudServer = &modelarts.CloudServer{Type: &machine}
		}

		return shown
	}

	for name, test := range map[string]struct {
		image  *modelarts.Image
		server *modelarts.Server
		want   string // the field that does not fit; empty: all do
	}{
		"it fits":                                  {image("ACTIVE", "X86", "ECS"), server("STOPPED", "X86", "ECS", "ECS"), ""},
		"not known":                                {nil, server("STOPPED", "X86", "ECS", "ECS"), ""},
		"nothing shown":                            {image("", "", ""), server("STOPPED", "", "", ""), ""},
		"no image on the server":                   {image("ACTIVE", "ARM", "BMS"), &modelarts.Server{}, ""},
		"the older form of the reply":              {image("ACTIVE", "ARM", ""), &modelarts.Server{ServerImageResponse: image("", "X86", "")}, "arch"},
		"inactive":                                 {image("INACTIVE", "X86", "ECS"), server("STOPPED", "X86", "ECS", "ECS"), "status"},
		"active, in lower case":                    {image("active", "X86", "ECS"), server("STOPPED", "X86", "ECS", "ECS"), ""},
		"a status that nobody knows":               {image("AVAILABLE", "X86", "ECS"), server("STOPPED", "X86", "ECS", "ECS"), ""},
		"another architecture":                     {image("ACTIVE", "ARM", "ECS"), server("RUNNING", "X86", "ECS", "ECS"), "arch"},
		"the same one in other words":              {image("ACTIVE", "x86_64", "ECS"), server("STOPPED", "X86", "ECS", "ECS"), ""},
		"the same one in still other words":        {image("ACTIVE", "aarch64", "BMS"), server("STOPPED", "ARM", "BMS", "BMS"), ""},
		"an architecture that nobody knows":        {image("ACTIVE", "RISCV", "ECS"), server("STOPPED", "X86", "ECS", "ECS"), ""},
		"a server that fails for its wrong image":  {image("ACTIVE", "X86", "ECS"), server("REINSTALLINGOS_FAILED", "ARM", "ECS", "ECS"), ""},
		"a server in ERROR":                        {image("ACTIVE", "X86", "ECS"), server("ERROR", "ARM", "ECS", "ECS"), ""},
		"another type":                             {image("ACTIVE", "X86", "BMS"), server("STOPPED", "X86", "ECS", "ECS"), "server_type"},
		"the node of a supernode":                  {image("ACTIVE", "ARM", "HPS"), server("STOPPED", "ARM", "BMS", "HPS"), ""},
		"the node of a supernode, as its image":    {image("ACTIVE", "ARM", "BMS"), server("STOPPED", "ARM", "BMS", "HPS"), ""},
		"the node of a supernode without an image": {image("ACTIVE", "ARM", "BMS"), server("REINSTALLINGOS_FAILED", "", "", "HPS"), ""},
		"a type that nobody knows":                 {image("ACTIVE", "X86", "SPOD"), server("STOPPED", "X86", "ECS", "ECS"), ""},
		"a type that only the image has":           {image("ACTIVE", "X86", "BMS"), server("STOPPED", "X86", "", ""), ""},
	} {
		err := reinstall.CheckImage(test.image, test.server)

		problem, _ := errors.AsType[*reinstall.ImageError](err)
		if problem == nil && test.want != "" || problem != nil && problem.Field != test.want {
			t.Errorf("%s: got %v, want a problem with %q", name, err, test.want)
		}
	}
}

// An image that cannot be installed is found out before the server is stopped, and nothing is sent. One that cannot be read is
// left to the service, and does not keep the server waiting for long.
func TestRunChecksImage(t *testing.T) {
	t.Parallel()

	inactive, active := "INACTIVE", "ACTIVE"

	for name, test := range map[string]struct {
		image *modelarts.Image
		err   error
		want  reinstall.Outcome
		log   string
	}{
		"it can be":       {&modelarts.Image{Status: &active}, nil, reinstall.OutcomeCompleted, "stop POST"},
		"inactive":        {&modelarts.Image{Status: &inactive}, nil, reinstall.OutcomeRefused, ""},
		"not listed":      {nil, nil, reinstall.OutcomeCompleted, "stop POST"},
		"no permission":   {nil, answered(403), reinstall.OutcomeCompleted, "stop POST"},
		"throttled":       {nil, busy, reinstall.OutcomeCompleted, "stop POST"},
		"answers nothing": {nil, errHangs, reinstall.OutcomeCompleted, "stop POST"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			synctest.Test(t, func(t *testing.T) {
				s := script{
					replies: []reply{
						at(0, modelarts.StatusRunning, "other", "old", 90), at(31*time.Second, modelarts.StatusStopped, "other", "old", 100),
						at(2*time.Minute, modelarts.StatusRunning, "image", "new", 200),
					},
					image: test.image, imageErr: test.err,
				}

				result := s.play(t.Context())
				if log := strings.Join(s.log, " "); result.Outcome != test.want || log != test.log || s.imagesFound != 1 {
					t.Errorf("outcome %v (%v), sent %q, image searched %d times; want %v, %q, once",
						result.Outcome, result.Err, log, s.imagesFound, test.want, test.log)
				}

				if _, wrong := errors.AsType[*reinstall.ImageError](result.Err); wrong != (test.want == reinstall.OutcomeRefused) {
					t.Errorf("error %v", result.Err)
				}

				if result.Power != reinstall.PowerUntouched {
					t.Errorf("the server was touched: %v", result.Power)
				}
			})
		})
	}
}

// errHangs makes the search for an image last until its time is over.
var errHangs = errors.New("the service does not answer")

// awaitImage returns what the script has of the image, at once or once ctx is done.
func (s *script) awaitImage(ctx context.Context) (*modelarts.Image, error) {
	if errors.Is(s.imageErr, errHangs) {
		<-ctx.Done()
	}

	return s.image, s.imageErr
}
