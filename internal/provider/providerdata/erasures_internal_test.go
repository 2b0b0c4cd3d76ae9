package providerdata

import (
	"fmt"
	"sync"
	"testing"
)

// Each erasure counts, and a second one of the same server is found out.
func TestErasures(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		ids        []string
		duplicates int
	}{
		"two servers":                     {[]string{"a", "b"}, 0},
		"two resources for one":           {[]string{"a", "a"}, 1},
		"three resources for one":         {[]string{"a", "b", "a", "a"}, 2},
		"two ids that are not known":      {[]string{"", ""}, 0},
		"one that is known, one that not": {[]string{"a", ""}, 0},
	} {
		var erasures Erasures

		duplicates := 0

		for i, id := range test.ids {
			planned, duplicate := erasures.Plan(Erasure{ServerID: id, Text: fmt.Sprint(i)})
			if duplicate {
				duplicates++
			}

			if len(planned) != i+1 || planned[i].Text != fmt.Sprint(i) {
				t.Errorf("%s: after %d plans there are %v", name, i+1, planned)
			}
		}

		if duplicates != test.duplicates {
			t.Errorf("%s: %d duplicates, want %d", name, duplicates, test.duplicates)
		}
	}
}

// Terraform plans at the same time; the last of the plans sees all of them.
func TestErasuresConcurrently(t *testing.T) {
	t.Parallel()

	var (
		erasures Erasures
		plans    sync.WaitGroup
		mu       sync.Mutex
		most     int
	)

	for i := range 100 {
		plans.Go(func() {
			planned, _ := erasures.Plan(Erasure{ServerID: fmt.Sprint(i)})

			mu.Lock()
			defer mu.Unlock()

			most = max(most, len(planned))
		})
	}

	plans.Wait()

	if most != 100 {
		t.Errorf("the most that a plan has seen is %d of 100", most)
	}
}
