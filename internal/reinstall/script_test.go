package reinstall_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

const serverID = "62383738-e52a-450a-9f84-f9e705402be8"

// reply answers GETs from a certain time on.
type reply struct {
	from   time.Duration // since the test began
	server *modelarts.Server
	err    error
}

// script is a service that follows a schedule, and records what was sent to it.
type script struct {
	began   time.Time
	replies []reply
	posts   []error          // the outcome of each POST; the last one is repeated
	starts  []error          // as posts
	stops   []error          // as posts
	end     modelarts.Status // for a fleet: where a reinstall ends
	post    func()           // called by each POST

	image       *modelarts.Image // nil: it is not listed
	imageErr    error
	imagesFound int // calls of FindImage

	log []string
}

func (s *script) FindImage(ctx context.Context, _ string) (*modelarts.Image, error) {
	s.imagesFound++

	return s.awaitImage(ctx)
}

func (s *script) GetServer(ctx context.Context, _ string) (*modelarts.Server, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}

	var now reply

	for _, l := range s.replies {
		if time.Since(s.began) >= l.from {
			now = l
		}
	}

	return now.server, now.err
}

func (s *script) StartServer(context.Context, string) (*modelarts.Server, error) {
	s.log = append(s.log, "start")

	return &modelarts.Server{}, s.nth(s.starts, "start")
}

func (s *script) StopServer(context.Context, string) (*modelarts.Server, error) {
	s.log = append(s.log, "stop")

	return &modelarts.Server{}, s.nth(s.stops, "stop")
}

func (s *script) ReinstallServerOS(
	ctx context.Context, _ string, _ *modelarts.ReinstallRequest,
) (*modelarts.ReinstallReply, error) {
	s.log = append(s.log, "POST")

	if s.post != nil {
		s.post()
	}

	if err := ctx.Err(); err != nil {
		return nil, err
	}

	return &modelarts.ReinstallReply{Server: &modelarts.Server{}, RequestID: "request"}, s.nth(s.posts, "POST")
}

// nth returns the outcome of the current request, and the last outcome if there have been more requests.
func (s *script) nth(outcomes []error, request string) error {
	if len(outcomes) == 0 {
		return nil
	}

	return outcomes[min(s.sent(request), len(outcomes))-1]
}

// sent returns how many requests of one kind were sent.
func (s *script) sent(request string) int { return strings.Count(strings.Join(s.log, " "), request) }

// play runs a request for image "image" against the script, with a timeout of an hour.
func (s *script) play(ctx context.Context) reinstall.Result {
	s.began = time.Now()

	return reinstall.New(s, reinstall.Limits{}, reinstall.Records{}).Run(ctx, reinstall.Request{
		ServerID:  serverID,
		Body:      modelarts.ReinstallRequest{ImageID: "image", KeyPairName: "key"},
		StopFirst: true,
		Timeout:   time.Hour,
	})
}

func at(from time.Duration, status modelarts.Status, image, root string, updatedAt int64) reply {
	return reply{from: from, server: shown(status, image, root, updatedAt)}
}

func answered(code int) error { return &modelarts.Error{StatusCode: code} }

// busy is an answer that was throttled.
var busy = answered(http.StatusTooManyRequests)

// lost is an answer that never arrived.
var lost = &modelarts.ConnectionError{Sent: true, Err: io.ErrUnexpectedEOF}
