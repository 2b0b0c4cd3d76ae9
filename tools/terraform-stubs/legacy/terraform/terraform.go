// Package terraform stands in for code that only the left-out backends need.
package terraform
