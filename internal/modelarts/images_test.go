package modelarts_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
)

const (
	testImage  = "c90fb553-2cdb-4b81-b56a-ef68812c6cf7"
	otherImage = "5a6f4b7e-6d0f-4d2c-9a3e-2f1c0b9d8e71"

	imagesPath = "/v1/" + testProject + "/dev-servers/images"
	imageBody  = `{"image_id":"` + testImage + `","name":"Ubuntu","arch":"X86","server_type":"ECS","status":"ACTIVE"}`
)

// An image is requested alone, and from the list where that does not work; nil says that the list lacks it.
func TestFindImage(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		image, images string // bodies; empty: 404
		want          string // name of the image; empty: none
		failed        bool
		requests      int
	}{
		"alone":                      {imageBody, "", "Ubuntu", false, 1},
		"alone, in upper case":       {strings.Replace(imageBody, testImage, strings.ToUpper(testImage), 1), "", "Ubuntu", false, 1},
		"from the list":              {"", `{"data":[` + imageBody + `],"total":1}`, "Ubuntu", false, 2},
		"another image in the reply": {strings.Replace(imageBody, testImage, otherImage, 1), `{"data":[],"total":0}`, "", false, 2},
		"nothing in the reply":       {`{}`, `{"data":[` + imageBody + `],"total":1}`, "Ubuntu", false, 2},
		"not in the list":            {"", `{"data":[],"total":0}`, "", false, 2},
		"no list":                    {"", "", "", true, 2},
		"an incomplete list":         {"", `{"data":[` + imageBody + `],"total":2}`, "", true, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			transport := &memory{answer: func(_ int, req *http.Request) (*http.Response, error) {
				body := test.images
				if strings.HasSuffix(req.URL.Path, testImage) {
					body = test.image
				}

				if body == "" {
					return response(http.StatusNotFound, `{"error_code":"APIGW.0101","error_msg":"no route"}`), nil
				}

				return response(http.StatusOK, body), nil
			}}

			image, err := newClient(t, transport).FindImage(t.Context(), testImage)
			if (err != nil) != test.failed {
				t.Fatalf("error %v, want one: %v", err, test.failed)
			}

			got := ""
			if image != nil {
				got = *image.Name
			}

			if got != test.want || len(transport.lines()) != test.requests {
				t.Errorf("image %q after %v, want %q after %d requests", got, transport.lines(), test.want, test.requests)
			}

			if first := transport.lines()[0]; first != "GET "+imagesPath+"/"+testImage {
				t.Errorf("the first request is %s", first)
			}
		})
	}
}

// An image whose status repeats a secret is quoted without it.
func TestImageStatusIsWithheld(t *testing.T) {
	t.Parallel()

	client := newClient(t, always(http.StatusOK, strings.Replace(imageBody, "ACTIVE", testSK, 1)))

	image, err := client.GetImage(t.Context(), testImage)
	if err != nil {
		t.Fatal(err)
	}

	if strings.Contains(*image.Status, testSK) {
		t.Errorf("the status is %q", *image.Status)
	}

	if quoted := client.Quote("image of " + testSK); strings.Contains(quoted, testSK) {
		t.Errorf("a name is quoted as %q", quoted)
	}
}

// A plan of a fleet requests each image once, whether it is there or not.
func TestImageReader(t *testing.T) {
	t.Parallel()

	transport := &memory{answer: func(_ int, req *http.Request) (*http.Response, error) {
		if strings.HasSuffix(req.URL.Path, testImage) {
			return response(http.StatusOK, imageBody), nil
		}

		return response(http.StatusForbidden, `{"error_code":"ModelArts.6407","error_msg":"no permission"}`), nil
	}}
	reader := modelarts.NewImageReader(newClient(t, transport))

	var reads sync.WaitGroup

	for range 20 {
		reads.Go(func() {
			if image, err := reader.Find(t.Context(), strings.ToUpper(testImage)); err != nil || image == nil || *image.Name != "Ubuntu" {
				t.Errorf("image %v, %v", image, err)
			}
		})
		reads.Go(func() {
			if image, err := reader.Find(t.Context(), otherImage); image != nil || !modelarts.IsForbidden(err) {
				t.Errorf("image %v, %v", image, err)
			}
		})
	}

	reads.Wait()

	count := map[string]int{}
	for _, line := range transport.lines() {
		count[line]++
	}

	want := map[string]int{"GET " + imagesPath + "/" + testImage: 1, "GET " + imagesPath + "/" + otherImage: 1, "GET " + imagesPath: 1}
	if diff := cmp.Diff(want, count); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// A service that is too busy is waited for as long as there is time, and each server waits for a time of its own.
func TestAwaitServer(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		transport := &memory{answer: func(n int, _ *http.Request) (*http.Response, error) {
			if n <= 8 {
				return response(http.StatusTooManyRequests, `{"error_code":"APIGW.0308","error_msg":"too many"}`, "Retry-After", "3"), nil
			}

			return response(http.StatusOK, serverBody), nil
		}}

		began := time.Now()

		server, err := newClient(t, transport).AwaitServer(t.Context(), testServer)
		if err != nil || server == nil || len(transport.lines()) != 9 {
			t.Errorf("server %v, %v after %d requests", server, err, len(transport.lines()))
		}

		if waited := time.Since(began); waited < 24*time.Second || waited > 3*time.Minute {
			t.Errorf("it waited for %v", waited)
		}
	})

	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()

		_, err := newClient(t, always(http.StatusTooManyRequests, `{}`)).AwaitServer(ctx, testServer)
		if !modelarts.IsThrottled(err) && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("without an end: %v", err)
		}

		refused := always(http.StatusForbidden, `{}`)
		if _, err := newClient(t, refused).AwaitServer(t.Context(), testServer); !modelarts.IsForbidden(err) || len(refused.lines()) != 1 {
			t.Errorf("another answer: %v after %d requests", err, len(refused.lines()))
		}
	})
}
