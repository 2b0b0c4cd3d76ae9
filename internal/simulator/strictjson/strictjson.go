// Package strictjson reads JSON objects without leniency: it refuses unknown keys, repeated keys and trailing data.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

var errNotObject = errors.New("not a JSON object")

// Unmarshal reads one JSON object into a struct or a map. It returns an error if a key is unknown or given twice, or if
// anything follows the object. Errors repeat no value, except that of a malformed [Duration].
func Unmarshal(data []byte, into any) error {
	trimmed := bytes.TrimSpace(data)
	if len(trimmed) == 0 || trimmed[0] != '{' {
		return errNotObject
	}
	if err := checkKeys(json.NewDecoder(bytes.NewReader(data))); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		if wrongType, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return fmt.Errorf("%s is of the wrong type", wrongType.Field)
		}
		return fmt.Errorf("reading the JSON object: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON object")
	}
	return nil
}

// checkKeys reads one JSON value and refuses an object in which a key is repeated.
func checkKeys(d *json.Decoder) error {
	token, err := d.Token()
	if err != nil {
		return errNotObject
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return nil
	}
	seen := map[string]bool{}
	for d.More() {
		if delim == '{' {
			key, err := d.Token()
			if err != nil {
				return errNotObject
			}
			name, _ := key.(string)
			if seen[name] {
				return fmt.Errorf("the key %q is given twice", name)
			}
			seen[name] = true
		}
		if err := checkKeys(d); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return errNotObject
	}
	return nil
}

// Duration is a [time.Duration] that is written as a string such as "1m30s" in JSON.
type Duration time.Duration

// UnmarshalJSON reads a duration as [time.ParseDuration] does.
func (d *Duration) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf("a duration is not a string such as \"1m30s\": %w", err)
	}
	parsed, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("a duration is malformed: %w", err)
	}
	*d = Duration(parsed)
	return nil
}
