package demo

import (
	"fmt"
	"io"
	"os"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

const (
	green = "\x1b[32m"
	red   = "\x1b[31m"
	dim   = "\x1b[2m"
	plain = "\x1b[0m"
)

// printer writes a line a step.
type printer struct {
	w      io.Writer
	colour bool
}

// colours says whether the output is a terminal whose user has not asked for no colours (the NO_COLOR convention).
func colours(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (p printer) line(format string, values ...any) {
	_, _ = fmt.Fprintf(p.w, format+"\n", values...)
}

func (p printer) paint(colour, text string) string {
	if !p.colour {
		return text
	}
	return colour + text + plain
}

// step prints what came of a step, and says whether it was what should.
func (p printer) step(s step, answer *dcrclient.Answer, err error) bool {
	if err != nil {
		p.line("%s %-46s %v", p.paint(red, "FAIL"), s.name, err)
		return false
	}
	refusal := answer.Refusal()
	ok := answer.Status == s.status && (answer.OK() || refusal.Code == s.code)
	mark := p.paint(green, "ok  ")
	if !ok {
		mark = p.paint(red, "FAIL")
	}
	text := fmt.Sprintf("%s %-46s %-20s %5d ms", mark, s.name, answer.StatusText(), answer.Took.Milliseconds())
	if !answer.OK() {
		text += "  " + p.paint(dim, refusal.Code+": "+refusal.Description)
	}
	if !ok {
		text += fmt.Sprintf("  (want %d %s)", s.status, s.code)
	}
	p.line("%s", text)
	return ok
}
