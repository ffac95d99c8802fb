package operations

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// logs is the page that rotates them.
func logs(_ *testing.T, h *host) {
	h.install()
	traffic := h.traffic()
	h.checks["every part writes new files"] = func() error {
		return eventually(func() error {
			for _, file := range []string{"dcr-gate/gate", "dcr-registry/registry", "dcr-edge/access"} {
				found, err := h.lines(file)
				if err == nil && len(found) == 0 {
					err = fmt.Errorf("%s.jsonl is empty", file)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	h.checks["no line is lost"] = func() error {
		traffic.judge()
		if err := h.systemctl("stop dcr-edge dcr-gate dcr-registry"); err != nil { // so that everything is written
			return err
		}
		return h.sameRequests()
	}
	h.run("logs.md")
}

// sameRequests compares the logs of Envoy and the gate, over all their files: what Envoy served the gate has decided, or
// Envoy's health check was asked.
func (h *host) sameRequests() error {
	decided := map[string]bool{}
	gate, err := h.lines("dcr-gate/gate")
	if err != nil {
		return err
	}
	rotated, err := h.lines("dcr-gate/gate", "-*")
	if err != nil {
		return err
	}
	for _, line := range append(gate, rotated...) {
		if id, ok := line["id"].(string); ok {
			decided[id] = true
		}
	}
	served := 0
	for _, suffix := range []string{"", "-*"} {
		lines, err := h.lines("dcr-edge/access", suffix)
		if err != nil {
			return err
		}
		for _, line := range lines {
			id, _ := line["decision"].(string)
			if !decided[id] {
				return fmt.Errorf("the gate's log lacks a request of %v", line["time"])
			}
			delete(decided, id)
			served++
		}
	}
	if len(decided) > 0 || served < 20 {
		return fmt.Errorf("%d requests in Envoy's log, which lacks %d that the gate has", served, len(decided))
	}
	return nil
}

// lines reads a log, or with a suffix those of its files that were renamed.
func (h *host) lines(name string, suffix ...string) ([]map[string]any, error) {
	files, err := filepath.Glob(h.path("var/log/" + name + ".jsonl" + strings.Join(suffix, "")))
	if err != nil {
		return nil, err
	}
	var all []map[string]any
	for _, file := range files {
		opened, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer opened.Close()
		var text io.Reader = opened
		if strings.HasSuffix(file, ".gz") {
			if text, err = gzip.NewReader(opened); err != nil {
				return nil, err
			}
		}
		for scanner := bufio.NewScanner(text); scanner.Scan(); {
			line := map[string]any{}
			if err := json.Unmarshal(scanner.Bytes(), &line); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			all = append(all, line)
		}
	}
	return all, nil
}
