package decision

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxLine bounds a line of a log; ours have a few KiB at most.
const maxLine = 1 << 20

// An Entry is the parsed log line of a decision.
type Entry struct {
	Time        time.Time `json:"time"`
	Message     string    `json:"msg"`
	Part        string    `json:"part"` // gate or registry
	ID          string    `json:"id"`
	Interaction string    `json:"interaction"`
	TraceID     string    `json:"trace_id"` // "" if nothing is traced
	Outcome     string    `json:"outcome"`
	Status      int       `json:"status"`
	Route       string    `json:"route"`
	Method      string    `json:"method"`
	TookMicros  int64     `json:"took_us"`
	Rule        string    `json:"rule"`
	Code        string    `json:"error"`
	Client      string    `json:"client"`
	Software    string    `json:"software"`
	Org         string    `json:"org"`
	Certificate string    `json:"certificate"`
	Version     string    `json:"version"`
	Chain       string    `json:"chain"`
	Findings    string    `json:"findings"`
	Cause       string    `json:"cause"`
}

// Find returns the decisions of a log with the decision, interaction or trace id, in log order. It ignores all other lines.
func Find(path, id string) (found []Entry, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	lines := bufio.NewReaderSize(file, 64<<10)
	for {
		line, err := readLine(lines)
		if len(line) > 0 && strings.Contains(line, id) {
			var entry Entry
			if json.Unmarshal([]byte(line), &entry) == nil && entry.Message == "decision" && slices.Contains([]string{entry.ID, entry.Interaction, entry.TraceID}, id) {
				found = append(found, entry)
			}
		}
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
}

// readLine reads a line; it returns nothing for a line that is too long.
func readLine(lines *bufio.Reader) (string, error) {
	var line strings.Builder
	for {
		piece, more, err := lines.ReadLine()
		if line.Len()+len(piece) <= maxLine {
			line.Write(piece)
		}
		if err != nil || !more {
			return line.String(), err
		}
	}
}

// Steps parses the chain of checks that ran.
func (e *Entry) Steps() []Step {
	var steps []Step
	for _, text := range strings.Fields(e.Chain) {
		check, micros, _ := strings.Cut(text, ":")
		took, err := strconv.ParseInt(micros, 10, 64)
		if err == nil {
			steps = append(steps, Step{check, time.Duration(took) * time.Microsecond})
		}
	}
	return steps
}
