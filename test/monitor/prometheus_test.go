package monitor

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/process"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// A server is a real Prometheus that scrapes a world and evaluates the chart's rules.
type server struct {
	tb  testing.TB
	url string
}

// configuration has one job for all parts, as the chart's PodMonitors do. JSON is YAML.
type configuration struct {
	Global struct {
		Scrape   string `json:"scrape_interval"`
		Timeout  string `json:"scrape_timeout"`
		Evaluate string `json:"evaluation_interval"`
	} `json:"global"`
	Rules []string `json:"rule_files"`
	Jobs  []job    `json:"scrape_configs"`
}

type job struct {
	Name    string    `json:"job_name"`
	Targets []targets `json:"static_configs"`
}

type targets struct {
	Targets []string          `json:"targets"`
	Labels  map[string]string `json:"labels"`
}

// startPrometheus scrapes the world until the test ends.
func startPrometheus(tb testing.TB, w *harness.World, interval time.Duration) *server {
	tb.Helper()
	fatal := func(err error) {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
	}
	dir := tb.TempDir()
	rules := filepath.Join(dir, "alerts.yaml")
	fatal(impatient(rules))
	config := configuration{Rules: []string{rules}, Jobs: []job{{Name: "dcr-gateway"}}}
	config.Global.Scrape, config.Global.Timeout, config.Global.Evaluate = interval.String(), interval.String(), interval.String()
	for i := range w.File.Fleet {
		at := w.At(i + 1)
		part := func(name, endpoint, admin, path string) {
			config.Jobs[0].Targets = append(config.Jobs[0].Targets, targets{
				[]string{expose(tb, at, admin, path)},
				map[string]string{"namespace": "bank", "instance": fmt.Sprintf("%s-%d", name, i+1), "endpoint": endpoint},
			})
		}
		part("gateway", "health", at.File.Internal.GateAdmin, "/metrics")
		part("gateway", "envoy-health", at.File.Internal.Admin, "/stats/prometheus")
		part("registry", "health", at.File.Internal.RegistryAdmin, "/metrics")
	}
	text, err := json.Marshal(config)
	fatal(err)
	fatal(os.WriteFile(filepath.Join(dir, "prometheus.yml"), text, 0o600))
	program, err := program("prometheus", "prometheus")
	fatal(err)
	port, err := process.FreePorts(1)
	fatal(err)
	address := "127.0.0.1:" + strconv.Itoa(port)
	running, err := process.Start(process.Command{
		Argv: []string{program, "--config.file=prometheus.yml", "--storage.tsdb.path=data", "--web.listen-address=" + address, "--log.level=warn"},
		Dir:  dir, Output: filepath.Join(dir, "log"),
	})
	fatal(err)
	tb.Cleanup(func() { running.End(5 * time.Second) })
	s := &server{tb, "http://" + address}
	ctx, cancel := context.WithTimeout(tb.Context(), time.Minute)
	defer cancel()
	fatal(process.Await(ctx, func(ctx context.Context) error { _, err := s.get(ctx, "/-/ready", nil); return err }, running))
	return s
}

// impatient writes the chart's rules, with alerts that fire after seconds instead of minutes.
func impatient(path string) error {
	text, err := os.ReadFile(rulesFile)
	if err != nil {
		return err
	}
	return os.WriteFile(path, regexp.MustCompile(`(?m)^( +for:) .+$`).ReplaceAll(text, []byte("$1 5s")), 0o600)
}

// expose serves a part's metrics over TCP: a world has them on Unix sockets. It returns the address.
func expose(tb testing.TB, w *harness.World, admin, path string) string {
	tb.Helper()
	front := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		body, err := w.AskAdmin(in.Context(), admin, path)
		if err != nil {
			http.Error(out, err.Error(), http.StatusBadGateway)
			return
		}
		out.Header().Set("Content-Type", "text/plain; version=0.0.4")
		_, _ = out.Write(body)
	}))
	tb.Cleanup(front.Close)
	return front.Listener.Addr().String()
}

func (s *server) get(ctx context.Context, path string, values url.Values) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path+"?"+values.Encode(), nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", path, response.Status, body)
	}
	return body, err
}

// A series is a result of a query over time: pairs of a time in seconds and a number.
type series struct {
	Labels map[string]string `json:"metric"`
	Points [][2]any          `json:"values"`
}

// over asks a query over a time.
func (s *server) over(query string, from, to time.Time, step time.Duration) ([]series, error) {
	body, err := s.get(s.tb.Context(), "/api/v1/query_range", url.Values{
		"query": {query}, "start": {seconds(from)}, "end": {seconds(to)}, "step": {strconv.FormatFloat(step.Seconds(), 'f', -1, 64)},
	})
	if err != nil {
		return nil, err
	}
	var answer struct {
		Data struct{ Result []series }
	}
	return answer.Data.Result, json.Unmarshal(body, &answer)
}

// at asks a query for one time. Its series have one point, in the order that the query asks for.
func (s *server) at(query string, at time.Time) ([]series, error) {
	body, err := s.get(s.tb.Context(), "/api/v1/query", url.Values{"query": {query}, "time": {seconds(at)}})
	if err != nil {
		return nil, err
	}
	var answer struct {
		Data struct {
			Result []struct {
				Labels map[string]string `json:"metric"`
				Point  [2]any            `json:"value"`
			}
		}
	}
	err = json.Unmarshal(body, &answer)
	var all []series
	for _, one := range answer.Data.Result {
		all = append(all, series{one.Labels, [][2]any{one.Point}})
	}
	return all, err
}

func seconds(at time.Time) string {
	return strconv.FormatFloat(float64(at.UnixMilli())/1000, 'f', 3, 64)
}

// A group is one of rules, as Prometheus has evaluated it.
type group struct {
	Rules []struct {
		Name, Health, LastError string
		Alerts                  []struct{ Annotations map[string]string }
	}
}

func (s *server) rules() ([]group, error) {
	body, err := s.get(s.tb.Context(), "/api/v1/rules", nil)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Data struct{ Groups []group }
	}
	return answer.Data.Groups, json.Unmarshal(body, &answer)
}
