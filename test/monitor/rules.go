// Package monitor has what shows and watches the product: it tests the chart's alert rules and runbooks, generates its
// dashboards, and asks a real Prometheus every query of both, on metrics of a real world.
package monitor

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/goccy/go-yaml"
)

// The files that the tests are about, from this folder.
const (
	rulesFile     = "../../charts/dcr-gateway/rules/alerts.yaml"
	dashboardsDir = "../../charts/dcr-gateway/dashboards"
	runbooksDir   = "../../docs/runbooks"
)

// runbookURL is where the pages are read, unless the chart's values name another place.
const runbookURL = "https://github.com/dcr-gateway/dcr-gateway/blob/main/docs/runbooks/"

// An alert is a rule of a rule file.
type alert struct {
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

// readAlerts returns the chart's alerts, in the order of their file.
func readAlerts() ([]alert, error) {
	text, err := os.ReadFile(rulesFile)
	if err != nil {
		return nil, err
	}
	var file struct {
		Groups []struct {
			Name  string  `yaml:"name"`
			Rules []alert `yaml:"rules"`
		} `yaml:"groups"`
	}
	if err := yaml.UnmarshalWithOptions(text, &file, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("%s: %w", rulesFile, err)
	}
	var alerts []alert
	for _, group := range file.Groups {
		alerts = append(alerts, group.Rules...)
	}
	return alerts, nil
}

// program finds a program that a system's package has.
func program(name, from string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%w: install the package %s", err, from)
	}
	return filepath.Abs(path)
}
