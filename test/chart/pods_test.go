//go:build chart

package chart

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// pod is what tests ask about a pod.
type pod struct {
	Metadata struct {
		Name              string            `json:"name"`
		UID               string            `json:"uid"`
		DeletionTimestamp *string           `json:"deletionTimestamp"`
		Annotations       map[string]string `json:"annotations"`
	} `json:"metadata"`
	Status struct {
		PodIP      string            `json:"podIP"`
		Statuses   []containerStatus `json:"containerStatuses"`
		Sidecars   []containerStatus `json:"initContainerStatuses"` // the gate is one
		Conditions []struct {
			Type   string `json:"type"`
			Status string `json:"status"`
		} `json:"conditions"`
	} `json:"status"`
}

type containerStatus struct {
	Name         string `json:"name"`
	RestartCount int    `json:"restartCount"`
}

// ready says whether the pod gets requests.
func (p *pod) ready() bool {
	for _, condition := range p.Status.Conditions {
		if condition.Type == "Ready" {
			return condition.Status == "True"
		}
	}
	return false
}

// restarts counts those of all containers.
func (p *pod) restarts() (count int) {
	for _, container := range slices.Concat(p.Status.Statuses, p.Status.Sidecars) {
		count += container.RestartCount
	}
	return count
}

// pods are those of a component of the release that are not being deleted.
func (r *release) pods(tb testing.TB, component string) []pod {
	tb.Helper()
	var list struct{ Items []pod }
	object(tb, &list, "pods", "-n", r.namespace, "-l", "app.kubernetes.io/instance="+r.name+",app.kubernetes.io/component="+component)
	return slices.DeleteFunc(list.Items, func(p pod) bool { return p.Metadata.DeletionTimestamp != nil })
}

// names are those of pods, sorted.
func names(pods []pod) (all []string) {
	for _, p := range pods {
		all = append(all, p.Metadata.Name)
	}
	slices.Sort(all)
	return all
}

// settled waits until a component has as many ready pods as it should, and no others.
func (r *release) settled(tb testing.TB, component string, count int) {
	tb.Helper()
	eventually(tb, component+" has its pods", func() error {
		pods := r.pods(tb, component)
		ready := 0
		for i := range pods {
			if pods[i].ready() {
				ready++
			}
		}
		if len(pods) != count || ready != count {
			return fmt.Errorf("%d of %d pods are ready, want %d", ready, len(pods), count)
		}
		return nil
	})
}

// version asks the gate of a pod which configuration it runs on.
func (r *release) version(pod string) (string, error) {
	text, err := run("", "kubectl", "exec", "-n", r.namespace, pod, "-c", "gate", "--",
		"/dcr-gateway", "routes", "status", "--output", "json", "--gate", "unix:/run/dcr-gateway/gate-admin.sock")
	var status struct {
		Gates []struct {
			Said struct {
				Version string `json:"version"`
			} `json:"said"`
		} `json:"gates"`
	}
	if jsonErr := json.Unmarshal([]byte(text), &status); jsonErr != nil || len(status.Gates) != 1 {
		return "", errors.Join(err, fmt.Errorf("status of %s: %.200s", pod, text))
	}
	return status.Gates[0].Said.Version, nil // the exit code speaks of health
}

// versions are those that the gates run on.
func (r *release) versions(tb testing.TB) map[string]bool {
	tb.Helper()
	all := map[string]bool{}
	for _, p := range r.pods(tb, "gateway") {
		version, err := r.version(p.Metadata.Name)
		if err != nil {
			tb.Fatal(err)
		}
		all[version] = true
	}
	return all
}

// kill sends SIGKILL to the process of a pod whose command line begins with these words. The cluster's processes are
// children of the node that the test runs on.
func (p *pod) kill(tb testing.TB, words ...string) {
	tb.Helper()
	found, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		tb.Fatal(err)
	}
	for _, file := range found {
		text, err := os.ReadFile(file)
		line := strings.Split(string(text), "\x00")
		if err != nil || len(line) < len(words) || !slices.Equal(line[:len(words)], words) {
			continue
		}
		groups, err := os.ReadFile(filepath.Join(filepath.Dir(file), "cgroup"))
		if err != nil || !strings.Contains(string(groups), p.Metadata.UID) {
			continue
		}
		id, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err == nil {
			err = syscall.Kill(id, syscall.SIGKILL)
		}
		if err != nil {
			tb.Fatal(err)
		}
		return
	}
	tb.Fatalf("%s has no process %q", p.Metadata.Name, words)
}
