package datacenter

import (
	"cmp"
	"slices"
)

// The ids of the images that every [Site] has.
const (
	DefaultImageID = "c90fb553-2cdb-4b81-b56a-ef68812c6cf7" // Ubuntu18.04_x86_64_CPU, X86, ECS
	UbuntuImageID  = "5a6f4b7e-6d0f-4d2c-9a3e-2f1c0b9d8e71" // Ubuntu22.04_x86_64_GPU, X86, ECS
	EulerImageID   = "7b1d2c3e-4f50-4a61-8b72-9c83ad94be05" // EulerOS2.10_aarch64_NPU, ARM, BMS
)

// ImageActive is the status of an image that can be installed.
const ImageActive = "ACTIVE"

// Image is a server image. [Operator.AddImage] fills fields that are zero.
type Image struct {
	ID         string   `json:"image_id"`
	Name       string   `json:"name"`
	Arch       string   `json:"arch"`        // X86 if empty
	ServerType string   `json:"server_type"` // TypeECS if empty
	Status     string   `json:"status"`      // ImageActive if empty; a reinstall with any other status is refused
	Flavors    []string `json:"flavors"`     // the flavors it fits; empty: all
}

func defaultImages() []Image {
	return []Image{
		{ID: DefaultImageID, Name: "Ubuntu18.04_x86_64_CPU", Arch: "X86", ServerType: TypeECS},
		{ID: UbuntuImageID, Name: "Ubuntu22.04_x86_64_GPU", Arch: "X86", ServerType: TypeECS},
		{ID: EulerImageID, Name: "EulerOS2.10_aarch64_NPU", Arch: "ARM", ServerType: TypeBMS},
	}
}

func (s *Site) addImage(image Image) {
	image.ID = cmp.Or(image.ID, uuid("image", len(s.imageOrder)+1))
	image.Name = cmp.Or(image.Name, "image-"+image.ID)
	image.Arch = cmp.Or(image.Arch, "X86")
	image.ServerType = cmp.Or(image.ServerType, TypeECS)
	image.Status = cmp.Or(image.Status, ImageActive)
	image.Flavors = slices.Clone(image.Flavors)
	if _, known := s.images[image.ID]; !known {
		s.imageOrder = append(s.imageOrder, image.ID)
	}
	s.images[image.ID] = image
}

// Image returns an image by its id; false if it is unknown.
func (s *Site) Image(id string) (Image, bool) {
	image, ok := s.images[id]
	return image, ok
}

// Images returns all images in the order in which they were added.
func (s *Site) Images() []Image {
	images := make([]Image, 0, len(s.imageOrder))
	for _, id := range s.imageOrder {
		images = append(images, s.images[id])
	}
	return images
}
