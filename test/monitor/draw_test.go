package monitor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"image"
	rgb "image/color"
	"image/png"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
)

// uPlot draws the lines. It is fetched from npm when pictures are drawn, and is no part of the product.
const uPlot = "uplot@1.6.32"

// drawing is the data of testdata/draw.html.
type drawing struct {
	CSS            template.CSS
	JS             template.JS
	Board, Results template.JS
	From, To       int64
	Marks          []float64 // when a version became active
}

// results are what the queries of a dashboard return, by the number of the panel.
type results struct {
	Step   float64            `json:"step"`
	Panels map[int][][]series `json:"panels"`
}

// draw makes a picture of each dashboard of the chart. It reads the JSON that Grafana reads, but is not Grafana.
func (l *live) draw(t *testing.T, dir string) {
	t.Helper()
	fatal := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	scratch := t.TempDir()
	install := exec.CommandContext(t.Context(), "npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", scratch, uPlot)
	if output, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm: %v: %s", err, output)
	}
	dist := filepath.Join(scratch, "node_modules", "uplot", "dist")
	css, err := os.ReadFile(filepath.Join(dist, "uPlot.min.css"))
	fatal(err)
	js, err := os.ReadFile(filepath.Join(dist, "uPlot.iife.min.js"))
	fatal(err)
	fatal(os.MkdirAll(dir, 0o755))
	for _, board := range boards(t) {
		text, err := os.ReadFile(filepath.Join(dashboardsDir, board.Name+".json"))
		fatal(err)
		var model dashboard
		fatal(json.Unmarshal(text, &model))
		found, err := l.results(model)
		fatal(err)
		d := drawing{CSS: template.CSS(css), JS: template.JS(js), Board: template.JS(text), Results: template.JS(found), From: l.from.Unix(), To: l.to.Unix(), Marks: l.marks(t)}
		var page bytes.Buffer
		fatal(template.Must(template.ParseFiles("testdata/draw.html")).Execute(&page, d))
		html := filepath.Join(scratch, board.Name+".html")
		fatal(os.WriteFile(html, page.Bytes(), 0o600))
		height := 0
		for _, panel := range model.Panels {
			height = max(height, panel.GridPos.Y+panel.GridPos.H)
		}
		fatal(photograph(t, html, filepath.Join(dir, board.Name+".png"), height*36+50))
	}
}

// results asks all queries as the panels do: over the time, or for its end.
func (l *live) results(model dashboard) ([]byte, error) {
	all := results{Step: l.step.Seconds(), Panels: map[int][][]series{}}
	for _, panel := range model.Panels {
		for _, target := range panel.Targets {
			ask := l.ask
			if target.Instant {
				ask = l.askNow
			}
			found, err := ask(target.Expr)
			if err != nil {
				return nil, err
			}
			all.Panels[panel.ID] = append(all.Panels[panel.ID], found)
		}
	}
	return json.Marshal(all)
}

// marks are the times at which a version became active while the world ran.
func (l *live) marks(t *testing.T) []float64 {
	t.Helper()
	found, err := l.ask(activated)
	if err != nil {
		t.Fatal(err)
	}
	times := map[float64]bool{}
	for _, one := range found {
		for _, point := range one.Points {
			if at, err := strconv.ParseFloat(point[1].(string), 64); err == nil && at/1000 > float64(l.from.Unix()) {
				times[at/1000] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(times))
}

// photograph has a browser draw a page, and keeps the picture small: a chart has few colors.
func photograph(t *testing.T, html, to string, height int) error {
	t.Helper()
	browser, err := program("chromium", "chromium")
	if err != nil {
		return err
	}
	raw := html + ".png"
	command := exec.CommandContext(t.Context(), browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--virtual-time-budget=5000",
		"--user-data-dir="+filepath.Join(filepath.Dir(html), "browser"), fmt.Sprintf("--window-size=1400,%d", height), "--screenshot="+raw, "file://"+html)
	command.WaitDelay = 10 * time.Second
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("chromium: %w: %s", err, output)
	}
	text, err := os.ReadFile(raw)
	if err != nil {
		return err
	}
	picture, err := png.Decode(bytes.NewReader(text))
	if err != nil {
		return err
	}
	var small bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, fewColors(picture)); err != nil {
		return err
	}
	return os.WriteFile(to, small.Bytes(), 0o644)
}

// fewColors keeps the 256 colors that a picture has most of.
func fewColors(picture image.Image) image.Image {
	counts := map[rgb.Color]int{}
	box := picture.Bounds()
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			counts[picture.At(x, y)]++
		}
	}
	colors := slices.SortedFunc(maps.Keys(counts), func(a, b rgb.Color) int { return counts[b] - counts[a] })
	palette := rgb.Palette(colors[:min(len(colors), 256)])
	index := map[rgb.Color]uint8{}
	for from := range counts {
		index[from] = uint8(palette.Index(from))
	}
	paletted := image.NewPaletted(box, palette)
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			paletted.SetColorIndex(x, y, index[picture.At(x, y)])
		}
	}
	return paletted
}
