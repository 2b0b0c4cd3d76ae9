// Package lenient reads JSON of which not every field has the type that its documentation says: a value that makes no sense
// is treated as missing.
package lenient

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"strconv"
	"strings"
)

// Object is a JSON object. Its methods return nil for a member that is missing, null or of another type.
type Object map[string]any

// Parse returns the one JSON object that body consists of, nil if it is anything else.
func Parse(body []byte) Object {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()

	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil
	}

	if _, err := decoder.Token(); err != io.EOF {
		return nil
	}

	members, _ := value.(map[string]any)

	return members
}

// Object returns a member that is an object.
func (o Object) Object(name string) Object {
	members, _ := o[name].(map[string]any)

	return members
}

// String returns a member that is a string.
func (o Object) String(name string) *string {
	if text, ok := o[name].(string); ok {
		return &text
	}

	return nil
}

// Int64 returns a member that is an integer: a number, one in a string, or one written as a float such as 1.699e12.
func (o Object) Int64(name string) *int64 {
	var text string

	switch value := o[name].(type) {
	case json.Number:
		text = value.String()
	case string:
		text = strings.TrimSpace(value)
	default:
		return nil
	}

	if number, err := strconv.ParseInt(text, 10, 64); err == nil {
		return &number
	}

	const exact = 1 << 53 // a float64 has every integer up to here

	float, err := strconv.ParseFloat(text, 64)
	if err != nil || math.Trunc(float) != float || math.Abs(float) > exact {
		return nil
	}

	number := int64(float)

	return &number
}

// Strings returns the strings in a member that is an array.
func (o Object) Strings(name string) []string {
	values, ok := o[name].([]any)
	if !ok {
		return nil
	}

	texts := make([]string, 0, len(values))

	for _, value := range values {
		if text, ok := value.(string); ok {
			texts = append(texts, text)
		}
	}

	return texts
}

// StringMap returns the strings in a member that is an object.
func (o Object) StringMap(name string) map[string]string {
	members := o.Object(name)
	if members == nil {
		return nil
	}

	texts := make(map[string]string, len(members))

	for key, value := range members {
		if text, ok := value.(string); ok {
			texts[key] = text
		}
	}

	return texts
}

// Field returns a member that is an object, decoded, and nil if it is anything else.
func Field[T any](o Object, name string, decode func(Object) T) *T {
	members := o.Object(name)
	if members == nil {
		return nil
	}

	decoded := decode(members)

	return &decoded
}

// Fields returns the objects in a member that is an array, decoded, and nil if it is anything else.
func Fields[T any](o Object, name string, decode func(Object) T) []T {
	values, ok := o[name].([]any)
	if !ok {
		return nil
	}

	return List(values, func(element Object) (T, bool) { return decode(element), true })
}

// List returns the objects in values, decoded. It leaves out other values, and those for which decode returns false.
func List[T any](values []any, decode func(Object) (T, bool)) []T {
	list := make([]T, 0, len(values))

	for _, value := range values {
		members, ok := value.(map[string]any)
		if !ok {
			continue
		}

		if decoded, ok := decode(members); ok {
			list = append(list, decoded)
		}
	}

	return list
}
