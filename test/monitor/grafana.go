package monitor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// schemaVersion is that of Grafana 12. Newer ones convert it when they load it.
const schemaVersion = 41

// The JSON model of a dashboard, as far as these dashboards use it: grafana.com/docs, "Dashboard JSON model".
type (
	dashboard struct {
		UID           string     `json:"uid"`
		Title         string     `json:"title"`
		Description   string     `json:"description"`
		Tags          []string   `json:"tags"`
		SchemaVersion int        `json:"schemaVersion"`
		Editable      bool       `json:"editable"`
		Refresh       string     `json:"refresh"`
		Tooltip       int        `json:"graphTooltip"` // 1: one crosshair for all panels
		Time          timeRange  `json:"time"`
		Annotations   list       `json:"annotations"`
		Links         []link     `json:"links"`
		Templating    list       `json:"templating"`
		Panels        []anyPanel `json:"panels"`
	}
	timeRange struct {
		From string `json:"from"`
		To   string `json:"to"`
	}
	list struct {
		List []any `json:"list"`
	}
	source struct {
		Type string `json:"type"`
		UID  string `json:"uid"`
	}
	link struct {
		Title       string   `json:"title"`
		Type        string   `json:"type"`
		URL         string   `json:"url,omitempty"`
		Tags        []string `json:"tags,omitempty"`
		KeepTime    bool     `json:"keepTime,omitempty"`
		IncludeVars bool     `json:"includeVars,omitempty"`
		TargetBlank bool     `json:"targetBlank,omitempty"`
	}
	variable struct {
		Name       string  `json:"name"`
		Label      string  `json:"label"`
		Type       string  `json:"type"`
		Query      any     `json:"query"`
		Datasource *source `json:"datasource,omitempty"`
		Definition string  `json:"definition,omitempty"`
		Refresh    int     `json:"refresh,omitempty"` // 2: when the time changes
		Sort       int     `json:"sort,omitempty"`    // 1: by name
		Multi      bool    `json:"multi"`
		IncludeAll bool    `json:"includeAll"`
		AllValue   string  `json:"allValue,omitempty"`
		Current    current `json:"current"`
	}
	variableQuery struct {
		Query string `json:"query"`
		RefID string `json:"refId"`
	}
	current struct {
		Text  any `json:"text,omitempty"`
		Value any `json:"value,omitempty"`
	}
	annotation struct {
		Name            string `json:"name"`
		Datasource      source `json:"datasource"`
		Enable          bool   `json:"enable"`
		IconColor       string `json:"iconColor"`
		Expr            string `json:"expr"`
		TitleFormat     string `json:"titleFormat"`
		UseValueForTime bool   `json:"useValueForTime"`
	}
	anyPanel struct {
		ID              int              `json:"id"`
		Type            string           `json:"type"`
		Title           string           `json:"title"`
		Description     string           `json:"description,omitempty"`
		GridPos         gridPos          `json:"gridPos"`
		Collapsed       *bool            `json:"collapsed,omitempty"`
		Panels          []anyPanel       `json:"panels,omitempty"`
		Datasource      *source          `json:"datasource,omitempty"`
		Targets         []target         `json:"targets,omitempty"`
		FieldConfig     *fieldConfig     `json:"fieldConfig,omitempty"`
		Options         any              `json:"options,omitempty"`
		Transformations []transformation `json:"transformations,omitempty"`
		Links           []link           `json:"links,omitempty"`
	}
	gridPos struct {
		H int `json:"h"`
		W int `json:"w"`
		X int `json:"x"`
		Y int `json:"y"`
	}
	target struct {
		RefID      string `json:"refId"`
		Expr       string `json:"expr"`
		Legend     string `json:"legendFormat,omitempty"`
		Instant    bool   `json:"instant"`
		Range      bool   `json:"range"`
		Format     string `json:"format,omitempty"`
		Datasource source `json:"datasource"`
	}
	transformation struct {
		ID      string `json:"id"`
		Options any    `json:"options"`
	}
)

var prometheus = source{"prometheus", "${datasource}"}

// encode is the JSON of a dashboard for Grafana.
func (b *Board) encode() ([]byte, error) {
	d := dashboard{
		UID: "dcr-gateway-" + b.Name, Title: b.Title, Description: b.About, Tags: []string{"dcr-gateway"}, SchemaVersion: schemaVersion,
		Editable: true, Refresh: "30s", Tooltip: 1, Time: timeRange{"now-3h", "now"}, Templating: list{variables()},
		Links: []link{{Title: "dcr-gateway", Type: "dashboards", Tags: []string{"dcr-gateway"}, KeepTime: true, IncludeVars: true}},
		Annotations: list{[]any{annotation{
			Name: "routes.yaml activated", Datasource: prometheus, Enable: true, IconColor: "blue", UseValueForTime: true,
			Expr: activated, TitleFormat: "routes.yaml activated",
		}}},
	}
	y := 0
	for _, row := range b.Rows {
		open := false
		d.Panels = append(d.Panels, anyPanel{ID: len(d.Panels) + 1, Type: "row", Title: row.Title, Collapsed: &open, GridPos: gridPos{1, 24, 0, y}})
		y++
		x, height := 0, 0
		for _, panel := range row.Panels {
			if x+panel.Width > 24 {
				x, y, height = 0, y+height, 0
			}
			made, err := panel.grafana()
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", b.Name, panel.Title, err)
			}
			made.ID, made.GridPos = len(d.Panels)+1, gridPos{panel.Height, panel.Width, x, y}
			d.Panels = append(d.Panels, made)
			x, height = x+panel.Width, max(height, panel.Height)
		}
		y += height
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(d)
	return text.Bytes(), err
}

// activated are the times, in milliseconds, at which versions became active.
const activated = "max by (namespace, job) (dcr_routes_activated_timestamp_seconds{" + scope + "}) * 1000"

// variables choose the data source and the installation. Without Kubernetes there is no namespace, and ".*" finds that too.
func variables() []any {
	all := []any{variable{Name: "datasource", Label: "Data source", Type: "datasource", Query: "prometheus"}}
	within := ""
	for _, v := range []struct{ name, label string }{{"namespace", "Namespace"}, {"job", "Job"}, {"instance", "Instance"}} {
		query := fmt.Sprintf("label_values(up{%s}, %s)", within, v.name)
		if v.name != "instance" {
			query = fmt.Sprintf("label_values(dcr_build_info{%s}, %s)", within, v.name)
		}
		all = append(all, variable{
			Name: v.name, Label: v.label, Type: "query", Query: variableQuery{query, v.name}, Datasource: &prometheus, Definition: query,
			Refresh: 2, Sort: 1, Multi: true, IncludeAll: true, AllValue: ".*", Current: current{[]string{"All"}, []string{"$__all"}},
		})
		if within != "" {
			within += ","
		}
		within += fmt.Sprintf(`%s=~"$%[1]s"`, v.name)
	}
	return all
}

// types are Grafana's names of the kinds.
var types = map[string]string{kindLines: "timeseries", kindStat: "stat", kindBars: "bargauge", kindTable: "table"}

func (p Panel) grafana() (anyPanel, error) {
	kind, known := types[p.Kind]
	if !known {
		return anyPanel{}, fmt.Errorf("the kind %q is not known", p.Kind)
	}
	made := anyPanel{Type: kind, Title: p.Title, Description: p.Asks, Datasource: &prometheus, FieldConfig: p.fields(), Options: p.options()}
	for i, query := range p.Queries {
		t := target{RefID: string(rune('A' + i)), Expr: query.Expr, Legend: query.Legend, Datasource: prometheus}
		t.Range = p.Kind == kindLines
		t.Instant = !t.Range
		if p.Kind == kindTable {
			t.Format = "table"
		}
		made.Targets = append(made.Targets, t)
	}
	for _, name := range p.Runbooks {
		made.Links = append(made.Links, link{Title: "Runbook " + name, Type: "link", URL: runbookURL + name + ".md", TargetBlank: true})
	}
	if p.Kind == kindTable {
		made.Transformations = p.table()
	}
	return made, nil
}

// table keeps the columns, in their order, under their headings.
func (p Panel) table() []transformation {
	names, order, headings := []string{}, map[string]int{}, map[string]string{}
	for i, column := range p.Columns {
		name := fmt.Sprint(column.Key)
		names = append(names, name)
		order[name], headings[name] = i, fmt.Sprint(column.Value)
	}
	return []transformation{
		{"filterFieldsByName", map[string]any{"include": map[string]any{"names": names}}},
		{"organize", map[string]any{"indexByName": order, "renameByName": headings}},
	}
}

// colored are the names of the series that have a color of their own, in a fixed order.
func (p Panel) colored() []string { return slices.Sorted(maps.Keys(p.Colors)) }
