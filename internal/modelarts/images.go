package modelarts

import (
	"context"
	"net/http"
	"strings"
	"sync"

	"golang.org/x/sync/singleflight"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts/lenient"
)

// GetImage returns the image with that id. A reply that shows no image, or another one, is an error.
//
// See https://support.huaweicloud.com/intl/en-us/api-modelarts/GetDevServerImage.html
func (c *Client) GetImage(ctx context.Context, id string) (*Image, error) {
	answer, err := c.do(ctx, http.MethodGet, "images", id, nil)
	if err != nil {
		return nil, err
	}

	image := decodeImage(lenient.Parse(answer.body))
	if image.ImageID == nil {
		return nil, answer.unusable("an image")
	}

	if !strings.EqualFold(*image.ImageID, id) {
		return nil, answer.failure("the reply shows image " + answer.redactor.Token(*image.ImageID) + " instead")
	}

	redactImage(answer.redactor, &image)

	return &image, nil
}

// FindImage returns the image with that id, or nil if the service does not list it. It gets the image alone; the list is
// the fallback, since not every region has the former. The error is that of the list.
func (c *Client) FindImage(ctx context.Context, id string) (*Image, error) {
	if image, err := c.GetImage(ctx, id); err == nil {
		return image, nil
	}

	images, err := c.ListImages(ctx, ListImagesOptions{})
	if err != nil {
		return nil, err
	}

	for i := range images {
		if strings.EqualFold(*images[i].ImageID, id) {
			return &images[i], nil
		}
	}

	return nil, nil //nolint:nilnil // it is not listed
}

// ImageReader finds images, and each of them once: a plan asks for the image of a whole fleet. It is safe for concurrent
// use.
type ImageReader struct {
	find  func(ctx context.Context, id string) (*Image, error)
	calls singleflight.Group

	mu    sync.Mutex
	found map[string]foundImage
}

// foundImage is what FindImage returned.
type foundImage struct {
	image *Image
	err   error
}

// NewImageReader returns a reader that reads through client.
func NewImageReader(client *Client) *ImageReader {
	return &ImageReader{find: client.FindImage, found: map[string]foundImage{}}
}

// Find returns what Client.FindImage returns, an error included: a list that is refused is not requested again.
func (r *ImageReader) Find(ctx context.Context, id string) (*Image, error) {
	id = strings.ToLower(id)

	_, _, _ = r.calls.Do(id, func() (any, error) {
		r.mu.Lock()
		_, known := r.found[id]
		r.mu.Unlock()

		if known {
			return nil, nil //nolint:nilnil // it is in found
		}

		image, err := r.find(ctx, id)

		r.mu.Lock()
		defer r.mu.Unlock()

		r.found[id] = foundImage{image, err}

		return nil, nil //nolint:nilnil // it is in found
	})

	r.mu.Lock()
	defer r.mu.Unlock()

	return r.found[id].image, r.found[id].err
}
