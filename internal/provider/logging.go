package provider

import (
	"context"
	"log/slog"
	"maps"

	"github.com/hashicorp/terraform-plugin-log/tflog"
)

// logSubsystem is the name under which the messages of the API client stand in Terraform's log.
const logSubsystem = "modelarts"

// tflogHandler forwards structured log records to Terraform's log, which the context of each call carries. Groups
// become prefixes of the field names.
type tflogHandler struct {
	prefix string
	fields map[string]any
}

// newLogger returns a logger whose messages end in Terraform's log, at the level that the user chose there.
func newLogger() *slog.Logger { return slog.New(&tflogHandler{}) }

// Enabled is always true: Terraform's log does the filtering.
func (*tflogHandler) Enabled(context.Context, slog.Level) bool { return true }

// Handle writes the record.
func (h *tflogHandler) Handle(ctx context.Context, record slog.Record) error {
	fields := make(map[string]any, len(h.fields)+record.NumAttrs())
	maps.Copy(fields, h.fields)

	record.Attrs(func(attribute slog.Attr) bool {
		addField(fields, h.prefix, attribute)

		return true
	})

	ctx = tflog.NewSubsystem(ctx, logSubsystem, tflog.WithRootFields())

	switch {
	case record.Level < slog.LevelDebug:
		tflog.SubsystemTrace(ctx, logSubsystem, record.Message, fields)
	case record.Level < slog.LevelInfo:
		tflog.SubsystemDebug(ctx, logSubsystem, record.Message, fields)
	case record.Level < slog.LevelWarn:
		tflog.SubsystemInfo(ctx, logSubsystem, record.Message, fields)
	case record.Level < slog.LevelError:
		tflog.SubsystemWarn(ctx, logSubsystem, record.Message, fields)
	default:
		tflog.SubsystemError(ctx, logSubsystem, record.Message, fields)
	}

	return nil
}

// WithAttrs returns a handler that adds attributes to every record.
func (h *tflogHandler) WithAttrs(attributes []slog.Attr) slog.Handler {
	fields := make(map[string]any, len(h.fields)+len(attributes))
	maps.Copy(fields, h.fields)

	for _, attribute := range attributes {
		addField(fields, h.prefix, attribute)
	}

	return &tflogHandler{prefix: h.prefix, fields: fields}
}

// WithGroup returns a handler that puts what comes after it under a name.
func (h *tflogHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}

	return &tflogHandler{prefix: h.prefix + name + ".", fields: h.fields}
}

// addField adds an attribute, and the ones inside where it is a group. A value that hides itself, as a Secret does, is
// asked for what it wants to show.
func addField(fields map[string]any, prefix string, attribute slog.Attr) {
	switch value := attribute.Value.Resolve(); value.Kind() {
	case slog.KindGroup:
		if attribute.Key != "" {
			prefix += attribute.Key + "."
		}

		for _, nested := range value.Group() {
			addField(fields, prefix, nested)
		}
	case slog.KindDuration, slog.KindTime:
		fields[prefix+attribute.Key] = value.String()
	default:
		if attribute.Key != "" {
			fields[prefix+attribute.Key] = value.Any()
		}
	}
}
