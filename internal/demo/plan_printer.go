package main

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
)

// planPrinter prints what Terraform prints, line by line. Of the blocks of a plan, it sums up the attributes whose new
// value is known after apply only, as Terraform does with unchanged ones: they would be some two hundred lines.
type planPrinter struct {
	screen  *screen
	partial []byte     // a line without its end
	block   []planLine // of the block at hand, not printed yet
	blank   bool       // the last line was empty
}

// planLine is a line of a block of a plan.
type planLine struct {
	text    string
	column  int  // where it begins, its marker apart
	unknown bool // an attribute that is known after apply
}

// blockColumn is where the attributes of the outermost blocks begin.
const blockColumn = 5

var (
	ansiCodes = regexp.MustCompile(`\x1b\[[0-9;]*m`)
	marker    = regexp.MustCompile(`^ *([-+~] )?`)
)

const knownLater = "(known after apply)"

// Write takes output of Terraform.
func (p *planPrinter) Write(data []byte) (int, error) {
	p.partial = append(p.partial, data...)

	for {
		text, rest, found := bytes.Cut(p.partial, []byte("\n"))
		if !found {
			return len(data), nil
		}

		p.take(string(text))
		p.partial = rest
	}
}

// flush prints what is left at the end.
func (p *planPrinter) flush() {
	if len(p.partial) > 0 {
		p.take(string(p.partial))
		p.partial = nil
	}

	p.printBlock()
}

// take prints a line, or adds it to the block at hand. Of several empty lines, it prints one.
func (p *planPrinter) take(text string) {
	bare := ansiCodes.ReplaceAllString(text, "")
	column := len(marker.FindString(bare))

	if column >= blockColumn && column < len(bare) {
		p.add(planLine{text: text, column: column, unknown: strings.HasSuffix(bare, knownLater)}, bare[column:])

		return
	}

	p.printBlock()

	blank := column == len(bare)
	if !blank || !p.blank {
		p.screen.line("%s", text)
	}

	p.blank = blank
}

// add adds a line to the block at hand. One that closes a value which is known after apply takes the place of all of it.
func (p *planPrinter) add(line planLine, bare string) {
	if strings.ContainsAny(bare[:1], "}]") {
		opened := len(p.block) - 1
		for opened >= 0 && p.block[opened].column > line.column {
			opened--
		}

		if line.unknown && opened >= 0 {
			p.block[opened].unknown = true
			p.block = p.block[:opened+1]

			return
		}
	}

	p.block = append(p.block, line)
}

// printBlock prints the block at hand, with a sum of what is known after apply at the end of each level.
func (p *planPrinter) printBlock() {
	var levels []int // how many unknown attributes the levels have, innermost last

	var columns []int // and where the levels begin

	closeTo := func(column int) {
		for last := len(columns) - 1; last >= 0 && columns[last] > column; last-- {
			if levels[last] > 0 {
				p.screen.styled(dim, "%s# (%s known after apply)", strings.Repeat(" ", columns[last]), attributes(levels[last]))
			}

			columns, levels = columns[:last], levels[:last]
		}
	}

	for _, line := range p.block {
		closeTo(line.column)

		if last := len(columns) - 1; last < 0 || columns[last] < line.column {
			columns, levels = append(columns, line.column), append(levels, 0)
		}

		if line.unknown {
			levels[len(levels)-1]++
		} else {
			p.screen.line("%s", line.text)
		}
	}

	closeTo(0)

	p.block = nil
}

func attributes(count int) string {
	if count == 1 {
		return "1 attribute"
	}

	return fmt.Sprintf("%d attributes", count)
}
