package simulator

import "slices"

// The ids of the images that every [Cloud] knows.
const (
	DefaultImageID = "c90fb553-2cdb-4b81-b56a-ef68812c6cf7" // Ubuntu18.04_x86_64_CPU, X86, ECS
	UbuntuImageID  = "5a6f4b7e-6d0f-4d2c-9a3e-2f1c0b9d8e71" // Ubuntu22.04_x86_64_GPU, X86, ECS
	EulerImageID   = "7b1d2c3e-4f50-4a61-8b72-9c83ad94be05" // EulerOS2.10_aarch64_NPU, ARM, BMS
)

// Image is a server image. AddImage fills fields that are zero.
type Image struct {
	ID         string   `json:"image_id"`
	Name       string   `json:"name"`
	Arch       string   `json:"arch"`        // X86 if empty
	ServerType string   `json:"server_type"` // TypeECS if empty
	Status     string   `json:"status"`      // ACTIVE if empty; a reinstall with an INACTIVE image is refused
	Flavors    []string `json:"flavors"`     // the flavors it fits; empty: all
}

func defaultImages() []Image {
	return []Image{
		{ID: DefaultImageID, Name: "Ubuntu18.04_x86_64_CPU", Arch: "X86", ServerType: TypeECS},
		{ID: UbuntuImageID, Name: "Ubuntu22.04_x86_64_GPU", Arch: "X86", ServerType: TypeECS},
		{ID: EulerImageID, Name: "EulerOS2.10_aarch64_NPU", Arch: "ARM", ServerType: TypeBMS},
	}
}

// AddImage makes an image known, or replaces the one with its id.
func (c *Cloud) AddImage(image Image) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.addImage(image)
}

func (c *Cloud) addImage(image Image) {
	setDefault(&image.ID, uuid("image", len(c.imageOrder)+1))
	setDefault(&image.Name, "image-"+image.ID)
	setDefault(&image.Arch, "X86")
	setDefault(&image.ServerType, TypeECS)
	setDefault(&image.Status, "ACTIVE")
	image.Flavors = slices.Clone(image.Flavors)
	if _, known := c.images[image.ID]; !known {
		c.imageOrder = append(c.imageOrder, image.ID)
	}
	c.images[image.ID] = image
}
