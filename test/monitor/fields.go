package monitor

import "strconv"

// The field configuration of a panel: how its values look.
type (
	fieldConfig struct {
		Defaults  defaults   `json:"defaults"`
		Overrides []override `json:"overrides"`
	}
	defaults struct {
		Unit       string     `json:"unit"`
		Decimals   *int       `json:"decimals,omitempty"`
		Min        *float64   `json:"min,omitempty"`
		Max        *float64   `json:"max,omitempty"`
		Color      color      `json:"color"`
		Thresholds thresholds `json:"thresholds"`
		Mappings   []mapping  `json:"mappings"`
		Custom     any        `json:"custom,omitempty"`
	}
	color struct {
		Mode  string `json:"mode"`
		Fixed string `json:"fixedColor,omitempty"`
	}
	thresholds struct {
		Mode  string      `json:"mode"`
		Steps []threshold `json:"steps"`
	}
	threshold struct {
		Color string   `json:"color"`
		Value *float64 `json:"value"`
	}
	mapping struct {
		Type    string            `json:"type"`
		Options map[string]mapped `json:"options"`
	}
	mapped struct {
		Text  string `json:"text"`
		Color string `json:"color"`
		Index int    `json:"index"`
	}
	override struct {
		Matcher    matcher    `json:"matcher"`
		Properties []property `json:"properties"`
	}
	matcher struct {
		ID      string `json:"id"`
		Options string `json:"options"`
	}
	property struct {
		ID    string `json:"id"`
		Value any    `json:"value"`
	}
	lineStyle struct {
		DrawStyle   string   `json:"drawStyle"`
		LineWidth   int      `json:"lineWidth"`
		FillOpacity int      `json:"fillOpacity"`
		ShowPoints  string   `json:"showPoints"`
		SpanNulls   bool     `json:"spanNulls"`
		Stacking    stacking `json:"stacking"`
	}
	stacking struct {
		Mode  string `json:"mode"`
		Group string `json:"group"`
	}
	legend struct {
		DisplayMode string   `json:"displayMode"`
		Placement   string   `json:"placement"`
		ShowLegend  bool     `json:"showLegend"`
		Calcs       []string `json:"calcs"`
	}
	tooltip struct {
		Mode string `json:"mode"`
		Sort string `json:"sort"`
	}
	lineOptions struct {
		Legend  legend  `json:"legend"`
		Tooltip tooltip `json:"tooltip"`
	}
	reduce struct {
		Calcs  []string `json:"calcs"`
		Fields string   `json:"fields"`
		Values bool     `json:"values"`
	}
	statOptions struct {
		Reduce      reduce `json:"reduceOptions"`
		ColorMode   string `json:"colorMode,omitempty"`
		GraphMode   string `json:"graphMode,omitempty"`
		TextMode    string `json:"textMode,omitempty"`
		Orientation string `json:"orientation"`
		DisplayMode string `json:"displayMode,omitempty"`
		ValueMode   string `json:"valueMode,omitempty"`
	}
)

func (p Panel) fields() *fieldConfig {
	d := defaults{Unit: p.Unit, Decimals: p.Decimals, Max: p.Max, Thresholds: thresholds{"absolute", []threshold{}}, Mappings: []mapping{}}
	if p.Kind == kindLines || p.Kind == kindBars {
		d.Min = new(float64)
	}
	d.Color.Mode = "thresholds"
	if p.Kind == kindLines {
		d.Color.Mode = "palette-classic"
		d.Custom = lineStyle{DrawStyle: "line", LineWidth: 1, FillOpacity: 10, ShowPoints: "never", Stacking: stacking{"none", "A"}}
		if p.Stack {
			d.Custom = lineStyle{DrawStyle: "line", LineWidth: 1, FillOpacity: 60, ShowPoints: "never", Stacking: stacking{"normal", "A"}}
		}
	}
	for _, step := range p.Steps {
		d.Thresholds.Steps = append(d.Thresholds.Steps, threshold{step.Color, step.From})
	}
	if len(p.Steps) == 0 {
		d.Thresholds.Steps = append(d.Thresholds.Steps, threshold{Color: plain})
	}
	if len(p.Words) > 0 {
		words := mapping{"value", map[string]mapped{}}
		for i, word := range p.Words {
			words.Options[strconv.Itoa(word.Value)] = mapped{word.Text, word.Color, i}
		}
		d.Mappings = append(d.Mappings, words)
	}
	f := &fieldConfig{Defaults: d, Overrides: []override{}}
	for _, name := range p.colored() {
		f.Overrides = append(f.Overrides, override{matcher{"byName", name}, []property{{"color", color{"fixed", p.Colors[name]}}}})
	}
	return f
}

// plain is the color of a value that is neither good nor bad.
const plain = "blue"

func (p Panel) options() any {
	last := reduce{Calcs: []string{"lastNotNull"}}
	switch p.Kind {
	case kindStat:
		return statOptions{Reduce: last, ColorMode: "value", GraphMode: "none", TextMode: "auto", Orientation: "auto"}
	case kindBars:
		return statOptions{Reduce: last, Orientation: "horizontal", DisplayMode: "basic", ValueMode: "text"}
	case kindTable:
		return nil
	}
	return lineOptions{legend{"list", "bottom", true, []string{}}, tooltip{"multi", "desc"}}
}
