package strictjson

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestMaxMembers(t *testing.T) {
	for _, test := range []struct {
		members int
		want    error
	}{{MaxMembers, nil}, {MaxMembers + 1, errMany}} {
		var members []string
		for i := range test.members {
			members = append(members, fmt.Sprintf(`"m%d":%d`, i, i))
		}
		object, err := Parse([]byte("{" + strings.Join(members, ",") + "}"))
		if !errors.Is(err, test.want) || test.want == nil && len(object) != test.members {
			t.Errorf("%d members: %d read, %v, want %v", test.members, len(object), err, test.want)
		}
	}
}
