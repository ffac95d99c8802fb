//go:build chart

// Package chart proves the chart on a real cluster: it installs, upgrades, rolls back and uninstalls it, while a TPP of the
// sandbox, outside the cluster, registers and calls through the pods' Envoy. `make test-chart` runs it.
package chart

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
)

// What test/chart/run says.
const (
	chartVariable   = "CHART"         // folder of the chart
	imagesVariable  = "CHART_IMAGES"  // file of test/chart/images with the names of the images
	clusterVariable = "CHART_CLUSTER" // existing: somebody else's cluster
)

// chartDir is the folder of the chart under test.
var chartDir string

// images are those that the tests deploy.
var images struct {
	Product imageName `json:"dcr-gateway"`
	Next    imageName `json:"dcr-gateway-next"` // the same of another version
	Envoy   imageName `json:"envoy"`
	Redis   imageName `json:"redis"`
	Kubectl imageName `json:"kubectl"`
	Sandbox imageName `json:"sandbox"`
}

// imageName is REPOSITORY:TAG.
type imageName string

// Repository is what comes before the tag.
func (n imageName) Repository() string { return string(n)[:strings.LastIndex(string(n), ":")] }

// Tag is a digest of the image's content.
func (n imageName) Tag() string { return string(n)[strings.LastIndex(string(n), ":")+1:] }

func TestMain(m *testing.M) {
	if err := prepare(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func prepare() error {
	chartDir = os.Getenv(chartVariable)
	if chartDir == "" {
		return errors.New("these tests need a cluster and images: run make test-chart")
	}
	text, err := os.ReadFile(os.Getenv(imagesVariable))
	if err != nil {
		return err
	}
	return json.Unmarshal(text, &images)
}

// own says whether the cluster was made for these tests, so that they may kill what runs in its pods.
func own() bool { return os.Getenv(clusterVariable) != "existing" }
