package devserver

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Attributes returns the attributes of Model, all of which the service fills in.
//
// See https://support.huaweicloud.com/intl/en-us/api-modelarts/ReinstallOsDevServer.html
func Attributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"category": computedString("Kind of the server: `SERVER` (a single server), `HPS` (a node of a supernode) or " +
			"`SPOD` (a full cabinet)."),
		"charging_mode": computedString("Billing mode: `PRE_PAID` (yearly or monthly), `POST_PAID` (pay per use) or " +
			"`COMMON` (both)."),
		"cloud_server": cloudServerAttribute(),
		"create_at":    computedInt64("Time at which the server was created, in milliseconds since 1970-01-01 UTC."),
		"endpoints":    endpointsAttribute(),
		"endpoints_response": schema.ListNestedAttribute{
			Computed:            true,
			MarkdownDescription: "Ways to reach the server, with the settings of the service behind each.",
			NestedObject:        schema.NestedAttributeObject{Attributes: endpointResponseAttributes()},
		},
		"flavor": computedString("Name of the flavor (the hardware specification)."),
		"image":  imageAttribute("Image that is installed on the server."),
		"name":   computedString("Name of the server."),
		"order_id": computedString("ID of the order with which the server was bought; null if the service shows " +
			"none."),
		"server_hps": serverHPSAttribute(),
		"server_image_response": imageAttribute("Image of the server as older versions of the service show it; newer " +
			"ones show `image` only."),
		"status": computedString("Status of the server. Stable: `RUNNING`, `STOPPED`. In transition: `CREATING`, " +
			"`STARTING`, `STOPPING`, `REBOOTING`, `CHANGINGOS`, `REINSTALLINGOS` (or `REINSTALLOS`), `DELETING`. " +
			"Failed: `CREATE_FAILED`, `START_FAILED`, `STOP_FAILED`, `REBOOT_FAILED`, `CHANGINGOS_FAILED`, " +
			"`REINSTALLINGOS_FAILED`, `DELETE_FAILED`, `ERROR`. Gone: `DELETED`. The service may add others."),
		"subnet_id": computedString("ID of the subnet that the server is in."),
		"update_at": computedInt64("Time at which the server was last changed, in milliseconds since 1970-01-01 UTC."),
		"volumes":   volumesAttribute(),
		"vpc_id":    computedString("ID of the VPC that the server is in."),
	}
}

func computedString(description string) schema.StringAttribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: description}
}

func computedInt64(description string) schema.Int64Attribute {
	return schema.Int64Attribute{Computed: true, MarkdownDescription: description}
}

func computedStringList(description string) schema.ListAttribute {
	return schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: description}
}

func cloudServerAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Computed:            true,
		MarkdownDescription: "Cloud server under the DevServer.",
		Attributes:          cloudServerAttributes(),
	}
}

func cloudServerAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"hps_ecs_id": computedString("ID of the server resource of a supernode's child node."),
		"hps_id": computedString("For a supernode's child node, the ID of its server resource according to older " +
			"versions of the API's documentation, and that of the supernode according to newer ones."),
		"id": computedString("ID of the ECS or bare-metal server, or of the supernode's child node. It is not the " +
			"ID of the DevServer."),
		"type": computedString("Kind of machine: `ECS`, `BMS` (bare metal) or `HPS` (supernode)."),
	}
}

func endpointsAttribute() schema.Attribute {
	return schema.ListNestedAttribute{
		Computed:            true,
		MarkdownDescription: "Private addresses of the server.",
		NestedObject:        schema.NestedAttributeObject{Attributes: endpointAttributes()},
	}
}

func endpointAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"allowed_access_ips": computedStringList("Public IP addresses that may connect through SSH; if the " +
			"service lists none, any address may. Shown by older versions of the service."),
		"dev_service": computedString("Way to connect: `SSH`, or `NOTEBOOK` (HTTPS)."),
		"key_pair_names": computedStringList("Names of the key pairs that give access. Shown by newer " +
			"versions of the service."),
		"service": computedString("Way to connect: `SSH`, or `NOTEBOOK` (HTTPS)."),
		"ssh_keys": computedStringList("Names of the SSH key pairs that give access; there can be several. " +
			"Shown by older versions of the service."),
		"uri": computedString("Private IP address."),
	}
}

func endpointResponseAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"allowed_access_ips": computedStringList("Public IP addresses that may connect through SSH, up to 1,024; if " +
			"the service lists none, any address may."),
		"dev_service": computedString("Way to connect: `SSH`, or `NOTEBOOK` (HTTPS). The service may add " +
			"others."),
		"extensions": schema.MapAttribute{
			Computed:            true,
			ElementType:         types.StringType,
			MarkdownDescription: "Settings of the application, such as the URL for remote development.",
		},
		"ssh_keys": computedStringList("Names of the SSH key pairs that give access, up to 1,024."),
	}
}

func imageAttribute(description string) schema.Attribute {
	return schema.SingleNestedAttribute{
		Computed:            true,
		MarkdownDescription: description,
		Attributes:          imageAttributes(),
	}
}

func imageAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"arch":        computedString("Processor architecture: `ARM` or `X86`."),
		"image_id":    computedString("ID of the image."),
		"name":        computedString("Name of the image, 1 to 256 characters."),
		"server_type": computedString("Kind of machine that the image is for: `ECS`, `BMS` (bare metal) or `HPS` (supernode)."),
		"status":      computedString("Whether the image is in use: `ACTIVE` or `INACTIVE`."),
	}
}

func serverHPSAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Computed:            true,
		MarkdownDescription: "Supernode that the server belongs to; null for a standalone server.",
		Attributes:          serverHPSAttributes(),
	}
}

func serverHPSAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id":   computedString("ID of the supernode."),
		"name": computedString("Name of the supernode."),
	}
}

func volumesAttribute() schema.Attribute {
	return schema.ListNestedAttribute{
		Computed:            true,
		MarkdownDescription: "Disks of the server. Shown by newer versions of the service.",
		NestedObject:        schema.NestedAttributeObject{Attributes: volumeAttributes()},
	}
}

func volumeAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"evs_id":   computedString("ID of the EVS disk. A reinstall gives the server a new system disk, with a new ID."),
		"evs_type": computedString("Type of the EVS disk: `ESSD`, `GPSSD`, `SAS`, `SATA` or `SSD`."),
		"size":     computedInt64("Size in GiB."),
		"type":     computedString("`ROOT` for the system disk, which a reinstall erases, or `DATA` for a data disk."),
	}
}
