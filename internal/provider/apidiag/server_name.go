package apidiag

import "fmt"

// ServerName names a server in a text: by its name, with the id in parentheses, or by the id alone if the name is empty.
func ServerName(id, name string) string {
	if name == "" {
		return id
	}

	return fmt.Sprintf("%s (%s)", name, id)
}
