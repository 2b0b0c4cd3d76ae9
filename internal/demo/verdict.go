package main

import (
	"fmt"
	"strings"
)

// The last line of a demo.
const (
	verdictGood = "Verdict: one erased disk per request, no illegal call."
	verdictBad  = "Verdict: NOT as promised: "
)

// verdictError says what the cloud has counted that it must not.
type verdictError struct {
	problems []string
}

// Error lists the problems.
func (e *verdictError) Error() string { return strings.Join(e.problems, "; ") }

// judge compares what the cloud has counted with what the story has asked for: one request, accepted, and one erased disk
// each time. asked has a number per server.
func judge(tallies []tally, asked map[string]int, illegal []string) error {
	var problems []string

	for _, t := range tallies {
		for _, count := range []struct {
			what string
			got  int
		}{
			{"reinstall requests sent", t.requests},
			{"reinstall requests accepted", t.accepted},
			{"disks erased for them", t.erased},
		} {
			if count.got != asked[t.server] {
				problems = append(problems,
					fmt.Sprintf("%s: %d %s, not %d", t.server, count.got, count.what, asked[t.server]))
			}
		}
	}

	if len(illegal) > 0 {
		problems = append(problems, fmt.Sprintf("%d illegal calls", len(illegal)))
	}

	if len(problems) > 0 {
		return &verdictError{problems: problems}
	}

	return nil
}

// printCounts prints the table of what the cloud has counted.
func printCounts(out *screen, tallies []tally, illegal []string) {
	out.line("")
	out.line("  %-10s  %14s  %9s  %6s  %16s", "", "requests sent", "accepted", "erased", "erased by others")

	for _, t := range tallies {
		out.line("  %-10s  %14d  %9d  %6d  %16d", t.server, t.requests, t.accepted, t.erased, t.others)
	}

	out.line("")
	out.line("  illegal calls: %d", len(illegal))

	for _, call := range illegal {
		out.line("    %s", call)
	}
}
