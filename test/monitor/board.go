package monitor

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"
)

// A Board is a dashboard as a file of boards/ describes it: panels in rows, from left to right.
type Board struct {
	Name  string `yaml:"name"`
	Title string `yaml:"title"`
	About string `yaml:"about"`
	Rows  []Row  `yaml:"rows"`
}

// A Row is panels below a heading.
type Row struct {
	Title  string  `yaml:"title"`
	Panels []Panel `yaml:"panels"`
}

// The kinds of panels.
const (
	kindLines = "" // values over time
	kindStat  = "stat"
	kindBars  = "bars"
	kindTable = "table"
)

// A Panel answers one question.
type Panel struct {
	Title    string            `yaml:"title"`
	Asks     string            `yaml:"asks"` // the question
	Kind     string            `yaml:"kind"`
	Unit     string            `yaml:"unit"` // as Grafana names it; short when empty
	Decimals *int              `yaml:"decimals"`
	Width    int               `yaml:"width"` // of 24
	Height   int               `yaml:"height"`
	Stack    bool              `yaml:"stack"`
	Max      *float64          `yaml:"max"`
	Queries  []Query           `yaml:"queries"`
	Steps    []Step            `yaml:"steps"`
	Words    []Word            `yaml:"words"`
	Colors   map[string]string `yaml:"colors"`   // of series, by legend
	Columns  yaml.MapSlice     `yaml:"columns"`  // of a table: a label, or Value, and its heading
	Runbooks []string          `yaml:"runbooks"` // for those who do not like the answer
	Quiet    string            `yaml:"quiet"`    // why a query may return nothing when all is well
}

// A Query is PromQL. {$scope} in it limits a metric to what the reader has chosen.
type Query struct {
	Expr   string `yaml:"expr"`
	Legend string `yaml:"legend"`
}

// A Step is a color, from a value upwards.
type Step struct {
	Color string   `yaml:"color"`
	From  *float64 `yaml:"from"`
}

// A Word is what a value is called.
type Word struct {
	Value int    `yaml:"value"`
	Text  string `yaml:"text"`
	Color string `yaml:"color"`
}

// The size of a panel that names none: of 24 columns, and of rows of 30 pixels.
var sizes = map[string]struct{ width, height int }{kindLines: {12, 8}, kindStat: {4, 4}, kindBars: {12, 8}, kindTable: {12, 8}}

// scope is what {$scope} is in Grafana.
const scope = `namespace=~"$namespace",job=~"$job",instance=~"$instance"`

// readBoards reads the dashboards in the order of their files.
func readBoards() ([]*Board, error) {
	files, err := filepath.Glob("boards/*.yaml")
	if err != nil {
		return nil, err
	}
	var boards []*Board
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		board := new(Board)
		if err := yaml.UnmarshalWithOptions(text, board, yaml.Strict()); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for i := range board.Rows {
			for j := range board.Rows[i].Panels {
				board.Rows[i].Panels[j].complete()
			}
		}
		boards = append(boards, board)
	}
	return boards, nil
}

func (p *Panel) complete() {
	if p.Width == 0 {
		p.Width = sizes[p.Kind].width
	}
	if p.Height == 0 {
		p.Height = sizes[p.Kind].height
	}
	if p.Unit == "" {
		p.Unit = "short"
	}
	for i := range p.Queries {
		p.Queries[i].Expr = strings.ReplaceAll(p.Queries[i].Expr, "$scope", scope)
	}
}

// Panels are all panels of a dashboard.
func (b *Board) Panels() []Panel {
	var all []Panel
	for _, row := range b.Rows {
		all = append(all, row.Panels...)
	}
	return all
}
