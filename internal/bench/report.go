package main

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
)

// report holds the measurements.
type report struct {
	imported int
	adoption requests

	startUp, floorStartUp time.Duration

	plans   []planned
	points  []point
	rebuilt []rebuilt
}

// planned is the plan of one fleet.
type planned struct {
	servers, changed int
	requests         requests // of the plan that sent the most
	wall, floorWall  time.Duration
	peak, floorPeak  int64 // bytes
}

// point is the number of requests of a plan of a fleet.
type point struct{ servers, shared, single int }

// rebuilt is the rebuild of one fleet.
type rebuilt struct {
	wave

	wall     time.Duration
	peak     int64 // bytes
	requests requests
}

// most returns the number of requests that a plan may send: three, and one for each server that has changed.
func (p *planned) most() int {
	if p.servers == 1 {
		return 1
	}

	return 3 + p.changed
}

// broken is an error for each count that is not what the provider promises. Times are for reading.
func (r *report) broken() error {
	var err error

	add := func(broken bool, format string, args ...any) {
		if broken {
			err = errors.Join(err, fmt.Errorf(format, args...))
		}
	}

	sent := r.adoption
	add(sent.stop+sent.start+sent.reinstall+sent.erased > 0, "the import of %d servers has sent writes", r.imported)

	for _, p := range r.plans {
		add(p.requests.all > p.most(), "a plan of %d servers, %d of them changed, sent %d requests, not %d at most",
			p.servers, p.changed, p.requests.all, p.most())
		add(p.changed == 0 && p.requests.throttled > 0, "%d requests of a plan of %d servers were throttled",
			p.requests.throttled, p.servers)
	}

	for _, w := range r.rebuilt {
		add(w.requests.erased != w.servers, "a rebuild of %d servers has erased %d disks", w.servers, w.requests.erased)
		add(w.requests.unlawful > 0, "a rebuild of %d servers has sent %d requests that a correct client does not send",
			w.servers, w.requests.unlawful)
	}

	return err
}

// String is the report as Markdown.
func (r *report) String() string {
	var b strings.Builder

	fmt.Fprintf(&b, "# Benchmark\n\nThe simulated service answers after %d ms and takes %d requests a second; %d more at once after a "+
		"pause.\nThe floor is a provider with the same schemas which does nothing; ratios are to it, from the same run.\n\n",
		latency.Milliseconds(), perSecond, perSecond)
	fmt.Fprintf(&b, "Start-up: %.2f x the floor (%d ms, median of %d).\n", ratio(r.startUp, r.floorStartUp),
		r.startUp.Milliseconds(), starts)
	fmt.Fprintf(&b, "Import of %d servers with a full configuration: %d stops, %d starts, %d reinstalls, %d disks erased.\n",
		r.imported, r.adoption.stop, r.adoption.start, r.adoption.reinstall, r.adoption.erased)

	if len(r.plans) > 0 {
		b.WriteString("\n## Plans\n\n" + r.planTable())
	}

	if len(r.points) > 0 {
		b.WriteString("\n## Requests of a plan\n\n" + requestTable(r.points))
	}

	if len(r.rebuilt) > 0 {
		b.WriteString("\n## Rebuilds\n\nA reinstall takes the service 5 s, a stop and a start 1 s each; `timeouts` allows 2 minutes for one.\n\n" +
			r.rebuildTable())
	}

	return b.String()
}

func (r *report) planTable() string {
	return table(func(row func(...any)) {
		row("servers", "changed", "requests", "GET", "listings", "429", "time", "x floor", "memory", "x floor")

		for _, p := range r.plans {
			row(p.servers, p.changed, p.requests.all, p.requests.get, p.requests.list, p.requests.throttled,
				seconds(p.wall), fmt.Sprintf("%.2f", ratio(p.wall, p.floorWall)),
				megabytes(p.peak), fmt.Sprintf("%.2f", ratio(p.peak, p.floorPeak)))
		}
	})
}

func (r *report) rebuildTable() string {
	return table(func(row func(...any)) {
		row("servers", "parallelism", "at a time", "erased", "requests", "POST", "stops", "GET", "listings", "429", "time", "memory")

		for _, w := range r.rebuilt {
			row(w.servers, w.parallelism, w.width(), w.requests.erased, w.requests.all, w.requests.reinstall, w.requests.stop,
				w.requests.get, w.requests.list, w.requests.throttled, seconds(w.wall), megabytes(w.peak))
		}
	})
}

// table is a Markdown table whose columns are aligned; the first row is the head.
func table(fill func(row func(...any))) string {
	var text, aligned strings.Builder

	fill(func(cells ...any) {
		head := text.Len() == 0

		for _, cell := range cells {
			fmt.Fprintf(&text, "\t %v ", cell)
		}

		text.WriteString("\t\n")

		if head {
			text.WriteString(strings.Repeat("\t ---: ", len(cells)) + "\t\n")
		}
	})

	w := tabwriter.NewWriter(&aligned, 0, 0, 0, ' ', tabwriter.AlignRight|tabwriter.Debug)
	_, _ = w.Write([]byte(text.String())) // a strings.Builder takes everything
	_ = w.Flush()

	return aligned.String()
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// megabytes is a size; a zero is one that is not known.
func megabytes(size int64) string {
	if size == 0 {
		return "?"
	}

	return fmt.Sprintf("%d MB", size/1_000_000)
}

// ratio is 0 where there is nothing to compare with.
func ratio[T ~int64](value, floor T) float64 {
	if floor == 0 {
		return 0
	}

	return float64(value) / float64(floor)
}

// requestTable shows the requests of a plan against the number of servers.
func requestTable(points []point) string {
	return table(func(row func(...any)) {
		row("servers", "listing allowed", "listing refused")

		for _, p := range points {
			row(p.servers, p.shared, p.single)
		}
	})
}
