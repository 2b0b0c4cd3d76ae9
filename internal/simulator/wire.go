package simulator

import (
	"cmp"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator/datacenter"
)

// serverBody writes a server in the format of the API page.
//
// See https://support.huaweicloud.com/intl/en-us/api-modelarts/ReinstallOsDevServer.html
func serverBody(s Server, b Behavior, known Image) map[string]any {
	body := map[string]any{
		"id": s.ID, "name": s.Name, "status": s.Status, "flavor": s.Flavor, "category": s.Category,
		"create_at": s.CreateAt, "update_at": s.UpdateAt, "charging_mode": s.ChargingMode, "order_id": s.OrderID,
		"vpc_id": s.VPCID, "subnet_id": s.SubnetID, "cloud_server": cloudServerBody(s),
		"endpoints": []any{endpointBody(s, b)}, "endpoints_response": []any{endpointResponseBody(s, b)},
	}
	if (s.KeyPairName != "" || b.EmptyKeyPair) && !b.HideKeyPair {
		body["key_pair_name"] = s.KeyPairName
	}
	if s.ServerType == TypeHPS {
		body["server_hps"] = map[string]any{"id": s.HPSID, "name": s.HPSName}
	}
	if b.HideUpdateAt {
		delete(body, "update_at")
	}
	if !b.HideImage {
		image := imageBody(Image{
			ID: s.ImageID, Name: s.ImageName, Arch: s.Arch, ServerType: s.ServerType, Status: cmp.Or(known.Status, datacenter.ImageActive),
		})
		body["image"] = image
		if b.OlderReplies {
			body["server_image_response"] = image
		}
	}
	if !b.HideVolumes && !b.OlderReplies {
		volumes := []any{}
		for _, v := range s.Volumes {
			volumes = append(volumes, map[string]any{"evs_id": v.ID, "type": v.Type, "evs_type": v.EVS, "size": v.Size})
		}
		body["volumes"] = volumes
	}
	return body
}

// cloudServerBody lacks the id while the server is being created, as in the documented example.
func cloudServerBody(s Server) map[string]any {
	body := map[string]any{"type": s.ServerType}
	if s.Status != StatusCreating {
		body["id"] = s.CloudServerID
	}
	if s.ServerType == TypeHPS {
		body["hps_id"], body["hps_ecs_id"] = s.HPSID, s.HPSECSID
	}
	return body
}

func endpointBody(s Server, b Behavior) map[string]any {
	body := map[string]any{"dev_service": "SSH", "service": "SSH", "uri": s.PrivateIP}
	if b.OlderReplies {
		body["allowed_access_ips"], body["ssh_keys"] = []any{}, keyNames(s, b)
		return body
	}
	body["key_pair_names"] = keyNames(s, b)
	return body
}

func endpointResponseBody(s Server, b Behavior) map[string]any {
	body := map[string]any{
		"dev_service": "SSH", "extensions": map[string]any{"uri": s.PrivateIP}, "ssh_keys": keyNames(s, b),
	}
	if b.OlderReplies {
		body["allowed_access_ips"] = []any{}
	}
	return body
}

func keyNames(s Server, b Behavior) []any {
	if s.KeyPairName == "" || b.HideKeyPair {
		return []any{}
	}
	return []any{s.KeyPairName}
}

func imageBody(image Image) map[string]any {
	return map[string]any{
		"image_id": image.ID, "name": image.Name, "arch": image.Arch, "server_type": image.ServerType, "status": image.Status,
	}
}
