package e2e_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// artifact is a file that a run has left, or a part of a packed file.
type artifact struct {
	name   string
	data   []byte
	stores bool // it is a state or a plan, which may contain some secrets
	apart  *exclusion
}

// exclusion is a part of the CLI's output on which no provider has an influence. A scene that excludes one must find a secret
// in it, otherwise the exclusion is out of date.
type exclusion struct{ what, why string }

var (
	configSnapshot = &exclusion{
		"the configuration in a saved plan and in its JSON",
		"the CLI copies the configuration into it, literal values included",
	}
	planVariables = &exclusion{
		"the values of variables in a saved plan and in its JSON",
		"the CLI keeps those that are not ephemeral for the apply",
	}
	loggedArguments = &exclusion{
		"the CLI's own log of its command line",
		"at INFO the CLI logs its arguments, those of -var included",
	}
)

// collect returns all files below dir except the inputs, unpacked.
func collect(dir string, inputs map[string]bool) ([]*artifact, error) {
	var artifacts []*artifact

	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || inputs[path] {
			return err
		}

		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}

		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}

		parts, err := unpack(name, data)
		artifacts = append(artifacts, parts...)

		return err
	})

	return artifacts, err
}

// unpack returns the searchable parts of a file. It tells the format from the content, or from the name that a scene gives.
func unpack(name string, data []byte) ([]*artifact, error) {
	base := filepath.Base(name)

	switch {
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return unpackPlan(name, data)
	case strings.Contains(base, ".tfstate") && json.Valid(data), strings.HasSuffix(base, stateJSON):
		return unpackState(name, data), nil
	case strings.HasSuffix(base, planJSONSuffix):
		return unpackPlanJSON(name, data)
	case base == traceLog:
		return unpackLog(name, data), nil
	}

	return []*artifact{{name: name, data: data}}, nil
}

// unpackPlan unpacks a saved plan, which is an archive.
func unpackPlan(name string, data []byte) ([]*artifact, error) {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}

	var artifacts []*artifact

	for _, file := range archive.File {
		reader, err := file.Open()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}

		content, err := io.ReadAll(reader)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}

		inside := name + "/" + file.Name

		switch {
		case strings.HasPrefix(file.Name, "tfconfig/"):
			artifacts = append(artifacts, &artifact{name: inside, data: content, stores: true, apart: configSnapshot})
		case strings.HasPrefix(file.Name, "tfstate"):
			artifacts = append(artifacts, unpackState(inside, content)...)
		case file.Name == "tfplan":
			const fieldVariables = 2

			variables, rest := splitField(content, fieldVariables)
			artifacts = append(artifacts,
				&artifact{name: inside + ", its variables", data: variables, stores: true, apart: planVariables},
				&artifact{name: inside, data: rest, stores: true})
		default:
			artifacts = append(artifacts, &artifact{name: inside, data: content, stores: true})
		}
	}

	return artifacts, nil
}

// splitField splits a protocol buffers message into the top-level fields with one number, and the others.
func splitField(message []byte, number uint64) (field, rest []byte) {
	for len(message) > 0 {
		key, n := binary.Uvarint(message)
		end := n

		switch key & 7 {
		case 0:
			_, n = binary.Uvarint(message[end:])
			end += n
		case 1:
			end += 8
		case 2:
			length, n := binary.Uvarint(message[end:])
			end += n + int(length)
		case 5:
			end += 4
		}

		if key>>3 == number {
			field = append(field, message[:end]...)
		} else {
			rest = append(rest, message[:end]...)
		}

		message = message[end:]
	}

	return field, rest
}

// unpackState returns a state, and the private data in it, which the CLI and the framework encode.
func unpackState(name string, data []byte) []*artifact {
	artifacts := []*artifact{{name: name, data: data, stores: true}}

	var state struct {
		Resources []struct {
			Instances []struct {
				Private []byte `json:"private"`
			} `json:"instances"`
		} `json:"resources"`
	}

	if json.Unmarshal(data, &state) != nil {
		return artifacts
	}

	for _, resource := range state.Resources {
		for _, instance := range resource.Instances {
			private := instance.Private

			var values map[string][]byte
			if json.Unmarshal(private, &values) == nil {
				private = append(private, bytes.Join(slices.Collect(maps.Values(values)), []byte("\n"))...)
			}

			// Without stores: no secret may be in private data.
			artifacts = append(artifacts, &artifact{name: name + ", private data", data: private})
		}
	}

	return artifacts
}

// unpackPlanJSON splits the JSON of a plan into its top-level values.
func unpackPlanJSON(name string, data []byte) ([]*artifact, error) {
	var plan map[string]json.RawMessage
	if err := json.Unmarshal(data, &plan); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}

	var artifacts []*artifact

	for key, value := range plan {
		part := &artifact{name: name + ", " + key, data: value, stores: true}

		switch key {
		case "variables":
			part.apart = planVariables
		case "configuration":
			part.apart = configSnapshot
		}

		artifacts = append(artifacts, part)
	}

	return artifacts, nil
}

// argumentLines mark the lines that Terraform and OpenTofu log about their command lines.
var argumentLines = []string{"[INFO]  CLI args: ", "[INFO]  CLI command args: "}

// unpackLog separates the lines about the command line.
func unpackLog(name string, data []byte) []*artifact {
	log, arguments := &artifact{name: name}, &artifact{name: name + ", command lines", apart: loggedArguments}

	for line := range bytes.Lines(data) {
		into := log
		if slices.ContainsFunc(argumentLines, func(begin string) bool { return bytes.Contains(line, []byte(begin)) }) {
			into = arguments
		}

		into.data = append(into.data, line...)
	}

	return []*artifact{log, arguments}
}
