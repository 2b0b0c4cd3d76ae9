package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/terraform-modelarts/terraform-provider-modelarts/internal/simulator"
)

// chapters is the number of headlines of a demo.
const chapters = 5

// options are the parameters of a demo.
type options struct {
	cli       string // path of the Terraform CLI
	durations simulator.Durations
}

// demo is one run of the story.
type demo struct {
	out     *screen
	work    *demoWorkspace
	cloud   *cloud
	asked   map[string]int // reinstalls that the story has asked for, by server
	chapter int
}

// run tells the story from the first line to the verdict, and removes what it has created. It is an error if anything
// does not go as the story says.
func run(ctx context.Context, out *screen, opts options) (err error) {
	if opts.cli == "" {
		return fmt.Errorf("%s is not set to the path of a Terraform CLI; `make demo` does that", envCLI)
	}

	out.styled(bold, "Terraform reinstalls three DevServers, with the real provider, in a simulated cloud on this machine.")
	out.line("Nothing real is touched, and nothing is left behind. It takes about a minute; the first time, building the")
	out.line("provider takes about one more. Ctrl-C ends it.")

	work, err := newWorkspace(ctx, out, opts.cli)
	if err != nil {
		return err
	}

	defer func() { err = errors.Join(err, work.Close()) }()

	c, err := startCloud(out, opts.durations) //nolint:contextcheck // a listener on the loopback interface waits for nothing
	if err != nil {
		return err
	}

	defer func() { err = errors.Join(err, c.stop()) }()

	d := &demo{out: out, work: work, cloud: c, asked: map[string]int{}}

	if err := d.introduce(ctx); err != nil {
		return err
	}

	for _, tell := range []func(context.Context) error{d.create, d.repeat, d.rebuild, d.drift} {
		if err := tell(ctx); err != nil {
			return err
		}
	}

	return d.conclude()
}

// introduce shows the tools, and the fleet as it is at first.
func (d *demo) introduce(ctx context.Context) error {
	version, err := d.work.version(ctx)
	if err != nil {
		return err
	}

	d.out.line("")
	d.out.line("%s, with the provider built from this source.", version)
	d.out.line("The fleet, which is to get the image Ubuntu22.04_x86_64_GPU:")

	for _, server := range d.cloud.fleet {
		d.out.line("  %s  %-22s %s", server.Name, server.Status, server.ImageName)
	}

	return nil
}

// headline begins a chapter.
func (d *demo) headline(text string) {
	d.chapter++
	d.out.line("")
	d.out.styled(bold, "[%d/%d] %s", d.chapter, chapters, text)
}

// create reinstalls the whole fleet.
func (d *demo) create(ctx context.Context) error {
	d.headline("The plan says which disks will be erased, and why; the apply then does just that.")

	if _, err := d.work.configure(d.cloud, nil); err != nil {
		return err
	}

	for _, server := range d.cloud.fleet {
		d.asked[server.Name]++
	}

	return d.planAndApply(ctx)
}

// planAndApply shows a plan, what it means for each server, and its apply.
func (d *demo) planAndApply(ctx context.Context) error {
	if err := d.work.terraform(ctx, exitChanges, "plan", "-out="+savedPlan); err != nil {
		return err
	}

	if err := d.work.notices(ctx); err != nil {
		return err
	}

	return d.work.terraform(ctx, exitSuccess, "apply", savedPlan)
}

// repeat applies the same configuration once more.
func (d *demo) repeat(ctx context.Context) error {
	d.headline("The same configuration again: there is nothing to do, and nothing is sent.")

	return d.work.terraform(ctx, exitSuccess, "apply", "-auto-approve")
}

// rebuild reinstalls one server, with the image that it has.
func (d *demo) rebuild(ctx context.Context) error {
	server := d.cloud.fleet[1].Name

	d.headline("One server is to be rebuilt with the image that it has: a changed trigger asks for that.")

	before, err := d.work.configure(d.cloud, nil)
	if err != nil {
		return err
	}

	after, err := d.work.configure(d.cloud, map[string]string{server: "2026-12-01"})
	if err != nil {
		return err
	}

	d.asked[server]++

	d.out.line("")
	d.out.line("terraform.tfvars:")
	d.out.styled(red, "-   %s", before[server])
	d.out.styled(green, "+   %s", after[server])

	return d.planAndApply(ctx)
}

// drift has somebody else install another image, and only plans.
func (d *demo) drift(ctx context.Context) error {
	server := d.cloud.fleet[2]

	d.headline("Somebody puts the old image back on " + server.Name + " behind Terraform's back: the next plan sees it.")
	d.out.line("It would rebuild the server, since the configuration says on_drift = \"reinstall\". By default it only warns.")
	d.out.line("")
	d.cloud.Reimage(server.ID, oldImage)
	d.cloud.report()

	if err := d.work.terraform(ctx, exitChanges, "plan"); err != nil {
		return err
	}

	d.out.line("")
	d.out.line("It is not applied here: a plan alone sends nothing.")

	return nil
}

// conclude prints what the cloud has counted, and judges it.
func (d *demo) conclude() error {
	tallies, illegal := d.cloud.tallies(), d.cloud.Violations()

	d.headline("What the cloud has counted.")
	printCounts(d.out, tallies, illegal)
	d.out.line("")

	err := judge(tallies, d.asked, illegal)
	if err != nil {
		d.out.styled(red, "%s%s.", verdictBad, strings.TrimSuffix(err.Error(), "."))

		return err
	}

	d.out.styled(green, verdictGood)

	return nil
}
