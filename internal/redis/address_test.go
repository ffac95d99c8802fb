package redis

import (
	"fmt"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for url, want := range map[string]string{
		"redis://h":                       "{0 false   [h:6379] 0 }",
		"redis://h:1/":                    "{0 false   [h:1] 0 }",
		"redis://u:p@h:1/15":              "{0 false u p [h:1] 15 }",
		"redis://:p%40%2F@h":              "{0 false  p@/ [h:6379] 0 }",
		"redis://[::1]:1":                 "{0 false   [[::1]:1] 0 }",
		"redis://[::1]":                   "{0 false   [[::1]:6379] 0 }",
		"rediss://h":                      "{0 true   [h:6379] 0 }",
		"unix:///a/b.sock":                "{1 false   [/a/b.sock] 0 }",
		"unix://u:p@/a.sock?db=3":         "{1 false u p [/a.sock] 3 }",
		"redis+sentinel://a,b:1?master=m": "{2 false   [a:26379 b:1] 0 m}",
		"rediss+sentinel://u:p@a:1,[::2]/4?master=m":  "{2 true u p [a:1 [::2]:26379] 4 m}",
		"redis+cluster://:p@a:1,b:2,c":                "{3 false  p [a:1 b:2 c:6379] 0 }",
		"rediss+cluster://a/":                         "{3 true   [a:6379] 0 }",
		"redis+cluster://user:p%2C%3F@a:1,b:2":        "{3 false user p,? [a:1 b:2] 0 }",
		"redis+sentinel://:a@b@h:1/0?master=with%20a": "{2 false  a@b [h:1] 0 with a}",
	} {
		got, err := parse(url)
		if err != nil {
			t.Errorf("%s: %v", url, err)
		} else if fmt.Sprint(*got) != want {
			t.Errorf("%s: %v, want %s", url, *got, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for url, want := range map[string]string{
		"":                                        "scheme",
		"h:6379":                                  "scheme",
		"http://:secret@h":                        "scheme",
		"REDIS://h":                               "scheme",
		"redis+cluster+sentinel://h":              "scheme",
		"redis://:secret":                         "host 1",
		"redis://:secret@":                        "host 1",
		"redis://:secret@:6379":                   "host 1",
		"redis://:secret@h:":                      "host 1",
		"redis://:secret@h:0":                     "host 1",
		"redis://:secret@h:65536":                 "host 1",
		"redis://:secret@::1":                     "host 1",
		"redis+cluster://:secret@a,,b":            "host 2",
		"redis://:secret@a,b":                     "several hosts",
		"redis://:secret%zz@h":                    "well-formed",
		"redis://:secret@h#secret":                "well-formed",
		"redis://:secret@h/x":                     "database",
		"redis://:secret@h/-1":                    "database",
		"redis://:secret@h/1/2":                   "database",
		"redis://:secret@h?db=1":                  "parameter",
		"rediss://:secret@h?skip_verify=true":     "parameter",
		"redis://:secret@h?master=m":              "parameter",
		"redis://:secret@h?a=%zz":                 "query",
		"redis+cluster://:secret@h/1":             "cluster",
		"redis+sentinel://:secret@h":              "master",
		"redis+sentinel://:secret@h?master=":      "master",
		"redis+sentinel://h?master=a&master=b":    "parameter",
		"unix://:secret@host/path":                "unix",
		"unix://:secret@":                         "unix",
		"unix://:secret@/":                        "unix",
		"unix://:secret@/path?db=":                "database",
		"unix://:secret@/path?db=1&secret=secret": "parameter",
	} {
		_, err := Open(url)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want it to say %q", url, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error quotes it: %v", url, err)
		}
	}
}
