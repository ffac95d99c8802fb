package scenario

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// checkDecisions reads of each decision that a world's gate has logged the id, the outcome, the time it took, and the rule
// that refused.
func checkDecisions(w *harness.World) error {
	file, err := os.Open(w.Path(w.File.Logs.Gate))
	if err != nil {
		return err
	}
	defer file.Close()
	decisions := 0
	var wrong []error
	lines := bufio.NewScanner(file)
	for number := 1; lines.Scan(); number++ {
		var line struct {
			Message     string `json:"msg"`
			ID, Outcome string
			Rule        string
			Took        *int64 `json:"took_us"`
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			wrong = append(wrong, fmt.Errorf("gate's log, line %d: %w", number, err))
			continue
		}
		if line.Message != "decision" {
			continue
		}
		decisions++
		if line.ID == "" || line.Took == nil || line.Outcome == "" || line.Outcome != "allowed" && line.Rule == "" {
			wrong = append(wrong, fmt.Errorf("gate's log, line %d: no id, took_us, outcome or rule: %s", number, lines.Bytes()))
		}
	}
	if decisions == 0 {
		wrong = append(wrong, errors.New("the gate's log holds no decision"))
	}
	return errors.Join(append(wrong, lines.Err())...)
}
