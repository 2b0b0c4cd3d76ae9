package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"
)

// starts is the number of starts of each provider that are timed.
const starts = 11

// bench is one run of the benchmark.
type bench struct {
	options

	out   io.Writer
	work  *benchWorkspace
	cloud *cloud
}

// run measures, prints, and removes what it has created. It is an error if anything fails that is measured, or if a count
// is not what the provider promises.
func run(ctx context.Context, out io.Writer, opts options) (err error) {
	b := &bench{options: opts, out: out}
	b.say("Building the provider, its floor, and the fleet's state. A plan of 1,000 servers takes Terraform about half a minute.")

	b.work, err = newWorkspace(ctx, opts.terraform, opts.temporary)
	if err != nil {
		return err
	}

	defer func() { err = errors.Join(err, b.work.Close()) }()

	b.cloud, err = startCloud(opts.servers()) //nolint:contextcheck // a listener on the loopback interface waits for nothing
	if err != nil {
		return err
	}

	defer func() { err = errors.Join(err, b.cloud.stop()) }()

	r := &report{}

	for _, measure := range []func(context.Context, *report) error{
		b.adoption, b.startUps, b.plans, b.points, b.changes, b.rebuilds,
	} {
		if err := measure(ctx, r); err != nil {
			return err
		}
	}

	if _, err := fmt.Fprint(out, "\n", r); err != nil {
		return fmt.Errorf("the report could not be printed: %w", err)
	}

	return r.broken()
}

// say reports progress.
func (b *bench) say(format string, args ...any) { _, _ = fmt.Fprintf(b.out, format+"\n", args...) }

// adoption imports all servers, with a full configuration.
func (b *bench) adoption(ctx context.Context, r *report) error {
	b.say("Importing %d servers.", len(b.cloud.ids))

	if err := b.work.adopt(ctx, b.cloud); err != nil {
		return err
	}

	r.imported, r.adoption = len(b.cloud.ids), b.cloud.count()
	b.cloud.slow()

	return nil
}

// startUps times the start of both providers, in turns.
func (b *bench) startUps(ctx context.Context, r *report) error {
	var times, floors []time.Duration

	for range starts {
		took, err := b.work.startUp(ctx, product)
		floorTook, alsoErr := b.work.startUp(ctx, floor)

		if err := errors.Join(err, alsoErr); err != nil {
			return err
		}

		times, floors = append(times, took), append(floors, floorTook)
	}

	r.startUp, r.floorStartUp = median(times), median(floors)

	return nil
}

// median is the middle one of some times.
func median(times []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(times))

	return sorted[len(sorted)/2]
}

// plans plans unchanged fleets with both providers, in turns.
func (b *bench) plans(ctx context.Context, r *report) error {
	for _, size := range b.sizes {
		if err := b.work.narrow(b.cloud.ids[:size]); err != nil {
			return err
		}

		p, err := b.plan(ctx, size, 0)
		if err != nil {
			return err
		}

		r.plans = append(r.plans, p)
	}

	return nil
}

// changes plans the largest fleet after the system disks of some of its servers have been replaced.
func (b *bench) changes(ctx context.Context, r *report) error {
	if b.changed == 0 {
		return nil
	}

	ids := b.cloud.ids[len(b.cloud.ids)-b.largest():]
	if err := b.work.narrow(ids); err != nil {
		return err
	}

	b.cloud.change(b.changed)
	b.cloud.ResetLog()

	p, err := b.plan(ctx, len(ids), b.changed)
	r.plans = append(r.plans, p)

	return err
}

// plan plans what the workspace has with both providers, in turns.
func (b *bench) plan(ctx context.Context, servers, changed int) (planned, error) {
	b.say("Planning %d servers, %d of them changed, %d times with each provider.", servers, changed, b.repeats)

	p := planned{servers: servers, changed: changed}

	var times, floors []time.Duration

	for range b.repeats {
		spent, sent, err := b.refresh(ctx, product)
		if err != nil {
			return p, err
		}

		least, none, err := b.refresh(ctx, floor)
		if err != nil {
			return p, err
		}

		if none.all > 0 {
			return p, fmt.Errorf("the floor has sent %d requests", none.all)
		}

		if sent.all >= p.requests.all {
			p.requests = sent
		}

		times, floors = append(times, spent.wall), append(floors, least.wall)
		p.peak, p.floorPeak = max(p.peak, spent.peak), max(p.floorPeak, least.peak)
	}

	p.wall, p.floorWall = median(times), median(floors)

	return p, nil
}

// refresh makes one plan.
func (b *bench) refresh(ctx context.Context, provider string) (cost, requests, error) {
	// The bucket of the limit is as full as after a night.
	b.cloud.limit()

	spent, err := b.work.run(ctx, provider, "plan")

	return spent, b.cloud.count(), err
}

// points counts the requests of a plan of each fleet, with the listing and without.
func (b *bench) points(ctx context.Context, r *report) error {
	for _, size := range b.counted {
		b.say("Counting the requests of a plan of %d servers.", size)

		if err := b.work.narrow(b.cloud.ids[:size]); err != nil {
			return err
		}

		b.cloud.unlimited()

		_, err := b.work.run(ctx, product, "plan")
		shared := b.cloud.count()

		b.cloud.forbidListing(true)

		_, alsoErr := b.work.run(ctx, product, "plan")
		single := b.cloud.count()

		b.cloud.forbidListing(false)

		if err := errors.Join(err, alsoErr); err != nil {
			return err
		}

		r.points = append(r.points, point{size, shared.all, single.all})
	}

	return nil
}

// rebuilds reinstalls fleets, each once more for each way of doing so.
func (b *bench) rebuilds(ctx context.Context, r *report) error {
	for generation, w := range b.waves {
		b.say("Rebuilding %d servers, %d at a time.", w.servers, w.width())

		if generation == 0 || w.servers != b.waves[generation-1].servers {
			if err := b.work.narrow(b.cloud.ids[:w.servers]); err != nil {
				return err
			}
		}

		variables := map[string]any{"generation": strconv.Itoa(generation + 2), "at_a_time": nil}
		if w.atATime > 0 {
			variables["at_a_time"] = w.atATime
		}

		if err := b.work.set(variables); err != nil {
			return err
		}

		b.cloud.limit()

		spent, err := b.work.run(ctx, product, "apply", "-auto-approve", "-parallelism="+strconv.Itoa(w.parallelism))
		if err != nil {
			return err
		}

		r.rebuilt = append(r.rebuilt, rebuilt{wave: w, wall: spent.wall, peak: spent.peak, requests: b.cloud.count()})
	}

	return nil
}

// width returns the number of servers that are rebuilt at a time.
func (w wave) width() int {
	if w.atATime > 0 {
		return min(w.atATime, w.parallelism)
	}

	return w.parallelism
}
