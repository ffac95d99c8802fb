package routes

import (
	"slices"
	"strconv"
	"strings"
)

// place is where something stands in the file. It is a tree as the file is, so that the place of any YAML path is found
// in as many steps as the path has.
type place struct {
	key          string // in an object; "" in a list
	line, column int32
	sorted       bool    // inside is in the order of its keys
	inside       []place // in the order of the file
}

// find follows a YAML path such as routes[3].path as far as the file goes, and says whether it went to its end.
func (p *place) find(where string) (nearest *place, exact bool) {
	for nearest = p; where != ""; {
		var part string
		part, where = cutPart(where)
		next := nearest.step(part)
		if next == nil {
			return nearest, false
		}
		nearest = next
	}
	return nearest, true
}

// cutPart cuts the first part off a path: a key, or an index in its brackets.
func cutPart(where string) (part, rest string) {
	where = strings.TrimPrefix(where, ".")
	if end := strings.IndexAny(where[min(1, len(where)):], ".["); end >= 0 {
		return where[:end+1], where[end+1:]
	}
	return where, ""
}

func (p *place) step(part string) *place {
	if index, ok := strings.CutPrefix(part, "["); ok {
		i, err := strconv.Atoi(strings.TrimSuffix(index, "]"))
		if err != nil || i < 0 || i >= len(p.inside) || p.inside[i].key != "" {
			return nil
		}
		return &p.inside[i]
	}
	if p.sorted {
		if i, found := slices.BinarySearchFunc(p.inside, part, compareKey); found {
			return &p.inside[i]
		}
		return nil
	}
	for i := range p.inside {
		if p.inside[i].key == part {
			return &p.inside[i]
		}
	}
	return nil
}

func compareKey(p place, key string) int { return strings.Compare(p.key, key) }

// sort readies an object of many keys for find.
func (p *place) sort() {
	slices.SortStableFunc(p.inside, func(a, b place) int { return compareKey(a, b.key) })
	p.sorted = true
}
