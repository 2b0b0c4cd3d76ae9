package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/modelarts"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/reinstall"
)

// version is the version of the form in which records are stored.
const version = 1

// envelope is the content of a file.
type envelope struct {
	Version int             `json:"version"`
	SHA256  string          `json:"sha256"` // of the record, without white space
	Record  json.RawMessage `json:"record"`
}

// stored is the form in which a record is stored.
type stored struct {
	ServerID  string    `json:"server_id"`
	Endpoint  string    `json:"endpoint"`
	Region    string    `json:"region"`
	ProjectID string    `json:"project_id"`
	Number    int64     `json:"number"`
	Reasons   []string  `json:"reasons"`
	Inputs    string    `json:"inputs"`
	After     time.Time `json:"after,omitzero"`
	Operation operation `json:"operation"`
}

// operation is the form in which an operation is stored.
type operation struct {
	State                string    `json:"state"`
	Adopted              bool      `json:"adopted"`
	SubmittedAt          time.Time `json:"submitted_at"`
	FinishedAt           time.Time `json:"finished_at,omitzero"`
	RequestID            string    `json:"request_id,omitempty"`
	ImageID              string    `json:"image_id,omitempty"`
	KeyPairName          string    `json:"key_pair_name,omitempty"`
	InstalledImageID     string    `json:"installed_image_id,omitempty"`
	InstalledKeyPairName string    `json:"installed_key_pair_name,omitempty"`
	RootVolumeID         string    `json:"root_volume_id,omitempty"`
	Baseline             baseline  `json:"baseline"`
	TransitionSeen       bool      `json:"transition_seen"`
	LatestUpdate         int64     `json:"latest_update_at,omitempty"`
}

// baseline is the form in which a baseline is stored.
type baseline struct {
	Status       string `json:"status,omitempty"`
	RootVolumeID string `json:"root_volume_id,omitempty"`
	UpdatedAt    int64  `json:"update_at,omitempty"`
}

// encode returns the content of the file of a record.
func encode(r *reinstall.Record) ([]byte, error) {
	op := &r.Operation

	text, err := json.Marshal(stored{
		ServerID: r.ServerID, Endpoint: r.Site.Endpoint, Region: r.Site.Region, ProjectID: r.Site.ProjectID,
		Number: r.Permit.Number, Reasons: r.Permit.Reasons, Inputs: r.Permit.Inputs, After: r.After.UTC(),
		Operation: operation{
			State: string(op.State), Adopted: op.Adopted, SubmittedAt: op.SubmittedAt.UTC(), FinishedAt: op.FinishedAt.UTC(),
			RequestID: op.RequestID, ImageID: op.ImageID, KeyPairName: op.KeyPairName,
			InstalledImageID: op.InstalledImageID, InstalledKeyPairName: op.InstalledKeyPairName, RootVolumeID: op.RootVolumeID,
			Baseline: baseline{
				Status: string(op.Baseline.Status), RootVolumeID: op.Baseline.RootVolumeID, UpdatedAt: op.Baseline.UpdatedAt,
			},
			TransitionSeen: op.TransitionSeen, LatestUpdate: op.LatestUpdate,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("the record cannot be encoded: %w", err)
	}

	text, err = json.MarshalIndent(envelope{Version: version, SHA256: checksum(text), Record: text}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("the record cannot be encoded: %w", err)
	}

	return append(text, '\n'), nil
}

// decode returns the record in the content of a file, or what is wrong with it.
func decode(text []byte) (record *reinstall.Record, reason string) {
	var file envelope

	if err := json.Unmarshal(text, &file); err != nil {
		return nil, "is damaged or breaks off"
	}

	switch {
	case file.Version > version:
		return nil, fmt.Sprintf("was written by a newer version of the provider (version %d of the form, and this one knows %d)",
			file.Version, version)
	case file.Version < version:
		return nil, "is damaged: it has no version"
	}

	var compact bytes.Buffer
	if json.Compact(&compact, file.Record) != nil || checksum(compact.Bytes()) != file.SHA256 {
		return nil, "is damaged: its checksum is wrong"
	}

	var s stored
	if json.Unmarshal(file.Record, &s) != nil || s.Operation.State == "" || s.Operation.SubmittedAt.IsZero() {
		return nil, "is damaged: it lacks what it is about"
	}

	return s.record(), ""
}

// record returns what was stored.
func (s *stored) record() *reinstall.Record {
	op := &s.Operation

	return &reinstall.Record{
		ServerID: s.ServerID, Site: reinstall.Site{Endpoint: s.Endpoint, Region: s.Region, ProjectID: s.ProjectID},
		Permit: reinstall.Permit{Number: s.Number, Reasons: s.Reasons, Inputs: s.Inputs}, After: s.After,
		Operation: reinstall.Operation{
			State: reinstall.State(op.State), Adopted: op.Adopted, SubmittedAt: op.SubmittedAt, FinishedAt: op.FinishedAt,
			RequestID: op.RequestID, ImageID: op.ImageID, KeyPairName: op.KeyPairName,
			InstalledImageID: op.InstalledImageID, InstalledKeyPairName: op.InstalledKeyPairName, RootVolumeID: op.RootVolumeID,
			Baseline: reinstall.Baseline{
				Status: modelarts.Status(op.Baseline.Status), RootVolumeID: op.Baseline.RootVolumeID, UpdatedAt: op.Baseline.UpdatedAt,
			},
			TransitionSeen: op.TransitionSeen, LatestUpdate: op.LatestUpdate,
		},
	}
}

// checksum returns the SHA-256 of a text, in hexadecimal digits.
func checksum(text []byte) string {
	sum := sha256.Sum256(text)

	return hex.EncodeToString(sum[:])
}
