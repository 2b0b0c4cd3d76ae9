package simulator

import (
	"fmt"
	"slices"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator/datacenter"
	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator/strictjson"
)

// Scenario is the description of a cloud in a file: the fields of [Config], and the contents of the cloud. Durations are
// written as "1m30s".
type Scenario struct {
	Config

	Images  []Image  `json:"images"`
	Servers []Server `json:"servers"`
	Faults  []Fault  `json:"faults"`
}

// ParseScenario reads a scenario from JSON. It returns an error for unknown keys and for malformed or repeated server ids.
func ParseScenario(data []byte) (Scenario, error) {
	var s Scenario
	if err := strictjson.Unmarshal(data, &s); err != nil {
		return Scenario{}, fmt.Errorf("reading the scenario: %w", err)
	}
	var ids []string
	for _, server := range s.Servers {
		if server.ID == "" {
			continue
		}
		if !datacenter.ValidID(server.ID) || slices.Contains(ids, server.ID) {
			return Scenario{}, fmt.Errorf("reading the scenario: the server id %q is malformed or given twice", server.ID)
		}
		ids = append(ids, server.ID)
	}
	return s, nil
}

// NewFromScenario returns the cloud of a scenario.
func NewFromScenario(s Scenario) *Cloud {
	c := New(s.Config)
	for _, image := range s.Images {
		c.AddImage(image)
	}
	for _, server := range s.Servers {
		c.AddServer(server)
	}
	for _, fault := range s.Faults {
		c.AddFault(fault)
	}
	return c
}
