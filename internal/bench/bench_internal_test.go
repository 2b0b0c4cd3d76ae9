package main

import (
	"context"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestOptions(t *testing.T) {
	t.Parallel()

	good := options{terraform: "terraform", repeats: 1, changed: 2}
	if err := good.parse("1,300", "1,1000", "200:10,50:50:20"); err != nil {
		t.Fatal(err)
	}

	if good.largest() != 300 || good.servers() != 1000 {
		t.Errorf("the largest fleet has %d servers, all are %d", good.largest(), good.servers())
	}

	if want := []wave{{200, 10, 0}, {50, 50, 20}}; !slices.Equal(good.waves, want) || want[0].width() != 10 || want[1].width() != 20 {
		t.Errorf("got %v", good.waves)
	}

	for name, test := range map[string]struct {
		opts                   options
		sizes, requests, waves string
		want                   string
	}{
		"no CLI":              {opts: options{repeats: 1}, sizes: "1", want: "MODELARTS_BENCH_TERRAFORM is not set"},
		"no repeats":          {opts: options{terraform: "x"}, sizes: "1", want: "-repeats"},
		"no number":           {opts: options{terraform: "x", repeats: 1}, sizes: "1,", want: `"" is not a positive number`},
		"a negative number":   {opts: options{terraform: "x", repeats: 1}, sizes: "1", requests: "-1", want: `"-1" is not`},
		"a wave of one":       {opts: options{terraform: "x", repeats: 1}, sizes: "1", waves: "5", want: `-rebuild: "5" is not`},
		"more than there are": {opts: options{terraform: "x", repeats: 1, changed: 2}, sizes: "1", want: "fewer than the 2 servers"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			err := test.opts.parse(test.sizes, test.requests, test.waves)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestNarrowed(t *testing.T) {
	t.Parallel()

	const state = `{"version":4,"resources":[{"mode":"managed","instances":[
		{"index_key":"a","private":"eA=="},{"index_key":"b"},{"index_key":"c"}]}],"check_results":null}`

	got, err := narrowed([]byte(state), []string{"c", "a"})

	const want = `{"check_results":null,"resources":[{"instances":[{"index_key":"a","private":"eA=="},{"index_key":"c"}],` +
		`"mode":"managed"}],"version":4}`

	if err != nil || string(got) != want {
		t.Errorf("got %s, %v", got, err)
	}

	for name, test := range map[string]struct{ state, want string }{
		"not all are there": {state, "1 of 2 servers are in the state"},
		"two resources":     {`{"resources":[{},{}]}`, "2 resources in the state"},
		"no JSON":           {`{`, "unexpected state"},
		"other instances":   {`{"resources":[{"instances":{}}]}`, "unexpected state"},
		"other keys":        {`{"resources":[{"instances":[{"index_key":1}]}]}`, "unexpected state"},
	} {
		if _, err := narrowed([]byte(test.state), []string{"a", "z"}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
}

func TestCost(t *testing.T) {
	t.Parallel()

	c := cost{wall: time.Second}

	err := c.add([]byte("{\"peak\":10}\n{\"peak\":30}\n{\"peak\":20}\n"))
	if want := (cost{time.Second, 30}); err != nil || c != want {
		t.Errorf("got %v, %v", c, err)
	}

	if err := c.add([]byte("nonsense\n")); err == nil {
		t.Error("nonsense is taken")
	}
}

func TestAbridged(t *testing.T) {
	t.Parallel()

	if got := abridged("short"); got != "short" {
		t.Errorf("got %q", got)
	}

	long := strings.Repeat("ä", mostProblems)
	if got := abridged("x" + long); len(got) > mostProblems+40 || !strings.HasSuffix(got, "ä\n... and 4001 bytes more\n") {
		t.Errorf("got %d bytes: %q", len(got), got[mostProblems-10:])
	}
}

// The sample is a report without a fault.
func sample() *report {
	return &report{
		imported: 300, adoption: requests{all: 300, get: 300},
		startUp: 6 * time.Millisecond, floorStartUp: 5 * time.Millisecond,
		plans: []planned{
			{servers: 1, requests: requests{all: 1, get: 1}, wall: time.Second, floorWall: time.Second, peak: 3e7, floorPeak: 2e7},
			{servers: 300, changed: 10, requests: requests{all: 13, get: 12, list: 1}, wall: 3 * time.Second, floorWall: 2 * time.Second},
		},
		points: []point{{1, 1, 1}, {10, 2, 11}, {1000, 2, 1001}},
		rebuilt: []rebuilt{
			{wave: wave{200, 50, 0}, wall: time.Minute, requests: requests{all: 420, reinstall: 210, throttled: 9, stop: 200, erased: 200}},
		},
	}
}

func TestReport(t *testing.T) {
	t.Parallel()

	r := sample()
	if err := r.broken(); err != nil {
		t.Error(err)
	}

	got := narrow(r.String())

	for _, want := range []string{
		"Start-up: 1.20 x the floor (6 ms, median of 11).\n",
		"Import of 300 servers with a full configuration: 0 stops, 0 starts, 0 reinstalls, 0 disks erased.\n",
		"\n| servers | changed | requests | GET | listings | 429 | time | x floor | memory | x floor |\n" +
			"| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n" +
			"| 1 | 0 | 1 | 1 | 0 | 0 | 1.0 s | 1.00 | 30 MB | 1.50 |\n" +
			"| 300 | 10 | 13 | 12 | 1 | 0 | 3.0 s | 1.50 | ? | 0.00 |\n",
		"\n| 200 | 50 | 50 | 200 | 420 | 210 | 200 | 0 | 0 | 9 | 60.0 s | ? |\n",
		"\n| 1000 | 2 | 1001 |\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing from\n%s", want, got)
		}
	}
}

// narrow leaves one space of each row of them.
func narrow(text string) string { return regexp.MustCompile(` +`).ReplaceAllString(text, " ") }

func TestBroken(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		spoil func(*report)
		want  string
	}{
		"a write of the import": {func(r *report) { r.adoption.stop = 1 }, "the import of 300 servers has sent writes"},
		"an erase of the import": {
			func(r *report) { r.adoption.erased = 1 }, "the import of 300 servers has sent writes",
		},
		"a listing for one":   {func(r *report) { r.plans[0].requests.all = 2 }, "a plan of 1 servers, 0 of them changed, sent 2 requests, not 1"},
		"one GET too many":    {func(r *report) { r.plans[1].requests.all = 14 }, "sent 14 requests, not 13 at most"},
		"a throttled plan":    {func(r *report) { r.plans[0].requests.throttled = 1 }, "1 requests of a plan of 1 servers were throttled"},
		"a disk erased twice": {func(r *report) { r.rebuilt[0].requests.erased = 201 }, "a rebuild of 200 servers has erased 201 disks"},
		"a disk not erased":   {func(r *report) { r.rebuilt[0].requests.erased = 199 }, "has erased 199 disks"},
		"an unlawful request": {func(r *report) { r.rebuilt[0].requests.unlawful = 1 }, "1 requests that a correct client does not send"},
	} {
		r := sample()
		test.spoil(r)

		if err := r.broken(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
}

// TestRun runs a small benchmark with a real CLI.
func TestRun(t *testing.T) {
	t.Parallel()

	terraform := os.Getenv("MODELARTS_TEST_TERRAFORM")
	if terraform == "" {
		if os.Getenv("MODELARTS_TEST_REQUIRE_CLI") != "" {
			t.Fatal("MODELARTS_TEST_TERRAFORM is not set")
		}

		t.Skip("MODELARTS_TEST_TERRAFORM is not set to the path of a CLI; make test sets it")
	}

	opts := options{terraform: terraform, temporary: t.TempDir(), repeats: 1, changed: 1}
	if err := opts.parse("2,3", "", "2:2"); err != nil {
		t.Fatal(err)
	}

	if err := run(t.Context(), t.Output(), opts); err != nil {
		t.Error(err)
	}

	ended, cancel := context.WithCancel(t.Context())
	cancel()

	if err := run(ended, t.Output(), opts); err == nil {
		t.Error("a benchmark that was ended has succeeded")
	}

	left, err := os.ReadDir(opts.temporary)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
