// Package run wires the product's processes: the gate, the registry and Envoy's supervisor. It is the only package that
// imports both gate and registry. Only the command line and tests import it.
package run
