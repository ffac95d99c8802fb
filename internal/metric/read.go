package metric

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// A Reading is a metric that a scrape reads from a state: a counter if its name ends in _total, otherwise a gauge. Make one
// with Value or Values.
type Reading[S any] struct {
	name, help string
	labels     []string
	read       func(state S, emit Emit)
}

// Emit adds a value to a scrape, with the values of the reading's labels in their order.
type Emit func(value float64, labels ...string)

// Value returns a reading without labels.
func Value[S any](name, help string, of func(S) float64) Reading[S] {
	return Reading[S]{name: name, help: help, read: func(state S, emit Emit) { emit(of(state)) }}
}

// Values returns a reading that calls emit once for each combination of labels that there is.
func Values[S any](name, help string, read func(state S, emit Emit), labels ...string) Reading[S] {
	return Reading[S]{name: name, help: help, read: read, labels: labels}
}

// Bool returns 1 for true and 0 for false.
func Bool(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// Read declares metrics that each scrape reads from one state, so that they cannot disagree. Several scrapes may ask for the
// state at the same time.
func Read[S any](s *Set, state func() S, readings ...Reading[S]) {
	if s == nil {
		return
	}
	c := &reader[S]{state: state, readings: readings}
	for _, r := range readings {
		c.descriptions = append(c.descriptions, prometheus.NewDesc(r.name, r.help, r.labels, nil))
		s.definitions = append(s.definitions, Definition{r.name, typeOf(r.name), r.help, r.labels})
	}
	s.registry.MustRegister(c)
}

// reader implements prometheus.Collector.
type reader[S any] struct {
	state        func() S
	readings     []Reading[S]
	descriptions []*prometheus.Desc
}

// Describe implements prometheus.Collector.
func (c *reader[S]) Describe(out chan<- *prometheus.Desc) {
	for _, description := range c.descriptions {
		out <- description
	}
}

// Collect implements prometheus.Collector.
func (c *reader[S]) Collect(out chan<- prometheus.Metric) {
	// A scrape must never end the process, and this is a goroutine of its own.
	defer func() {
		if fault := recover(); fault != nil {
			out <- prometheus.NewInvalidMetric(c.descriptions[0], fmt.Errorf("a panic with a %T", fault))
		}
	}()
	state := c.state()
	for i, r := range c.readings {
		kind := prometheus.GaugeValue
		if typeOf(r.name) == "counter" {
			kind = prometheus.CounterValue
		}
		r.read(state, func(value float64, labels ...string) {
			metric, err := prometheus.NewConstMetric(c.descriptions[i], kind, value, labels...)
			if err != nil {
				metric = prometheus.NewInvalidMetric(c.descriptions[i], err)
			}
			out <- metric
		})
	}
}
