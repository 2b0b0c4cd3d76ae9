package main

import (
	"strings"
	"testing"
)

func TestJudge(t *testing.T) {
	t.Parallel()

	good := tally{server: "a", requests: 2, accepted: 2, erased: 2, others: 5}
	changed := func(change func(*tally)) []tally {
		changed := good
		change(&changed)

		return []tally{changed}
	}

	for name, test := range map[string]struct {
		tallies []tally
		illegal []string
		want    string // empty: no problem
	}{
		"as asked":      {tallies: []tally{good}},
		"a lost disk":   {tallies: changed(func(c *tally) { c.erased++ }), want: "a: 3 disks erased for them, not 2"},
		"sent twice":    {tallies: changed(func(c *tally) { c.requests++ }), want: "a: 3 reinstall requests sent, not 2"},
		"not done":      {tallies: changed(func(c *tally) { c.accepted-- }), want: "a: 1 reinstall requests accepted, not 2"},
		"not asked for": {tallies: []tally{good, {server: "b", erased: 1}}, want: "b: 1 disks erased for them, not 0"},
		"illegal":       {tallies: []tally{good}, illegal: []string{"#1"}, want: "1 illegal calls"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			err := judge(test.tallies, map[string]int{"a": 2}, test.illegal)

			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}
