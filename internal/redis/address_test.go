package redis

import (
	"fmt"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for url, want := range map[string]string{
		"redis://h":                       "[h:6379]   0 false ",
		"redis://h:1/":                    "[h:1]   0 false ",
		"redis://u:p@h:1/15":              "[h:1] u p 15 false ",
		"redis://:p%40%2F@h":              "[h:6379]  p@/ 0 false ",
		"redis://[::1]:1":                 "[[::1]:1]   0 false ",
		"redis://[::1]":                   "[[::1]:6379]   0 false ",
		"rediss://h":                      "[h:6379]   0 true ",
		"unix:///a/b.sock":                "[/a/b.sock]   0 false ",
		"unix://u:p@/a.sock?db=3":         "[/a.sock] u p 3 false ",
		"redis+sentinel://a,b:1?master=m": "[a:26379 b:1]   0 false m",
		"rediss+sentinel://u:p@a:1,[::2]/4?master=m":  "[a:1 [::2]:26379] u p 4 true m",
		"redis+cluster://:p@a:1,b:2,c":                "[a:1 b:2 c:6379]  p 0 false cluster",
		"rediss+cluster://a/":                         "[a:6379]   0 true cluster",
		"redis+cluster://user:p%2C%3F@a:1,b:2":        "[a:1 b:2] user p,? 0 false cluster",
		"redis+sentinel://:a@b@h:1/0?master=with%20a": "[h:1]  a@b 0 false with a",
	} {
		o, _, err := parse(url)
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		kind := o.MasterName
		if o.IsClusterMode {
			kind += "cluster"
		}
		if got := fmt.Sprint(o.Addrs, " ", o.Username, " ", o.Password, " ", o.DB, " ", o.TLSConfig != nil, " ", kind); got != want {
			t.Errorf("%s: %s, want %s", url, got, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for url, want := range map[string]string{
		"":                                            "scheme",
		"h:6379":                                      "scheme",
		"http://:secret@h":                            "scheme",
		"REDIS://h":                                   "scheme",
		"redis+cluster+sentinel://h":                  "scheme",
		"redis://:secret":                             "host 1",
		"redis://:secret@":                            "host 1",
		"redis://:secret@:6379":                       "host 1",
		"redis://:secret@h:":                          "host 1",
		"redis://:secret@h:0":                         "host 1",
		"redis://:secret@h:65536":                     "host 1",
		"redis://:secret@::1":                         "host 1",
		"redis+cluster://:secret@a,,b":                "host 2",
		"redis://:secret@a,b":                         "several hosts",
		"redis://:secret%zz@h":                        "well-formed",
		"redis://:secret@h#secret":                    "well-formed",
		"redis://:secret@h/x":                         "database",
		"redis://:secret@h/-1":                        "database",
		"redis://:secret@h/1/2":                       "database",
		"redis://:secret@h?db=1":                      "parameter",
		"redis://u@h?ca_file=secret":                  "rediss",
		"redis://u@h?password_file=":                  "parameter",
		"rediss://u@h?cert_file=a":                    "belong together",
		"rediss://u@h?ca_file=a&ca_file=b":            "parameter",
		"redis://u@h?password_file=/nowhere":          "password_file: open /nowhere",
		"rediss://u@h?ca_file=/nowhere":               "ca_file: open /nowhere",
		"rediss://u:secret@h?password_file=/dev/null": "leave one out",
		"rediss://u@h?password_file=/dev/null":        "one line",
		"rediss://:secret@h?skip_verify=true":         "parameter",
		"redis://:secret@h?master=m":                  "parameter",
		"redis://:secret@h?a=%zz":                     "query",
		"redis+cluster://:secret@h/1":                 "cluster",
		"redis+sentinel://:secret@h":                  "master",
		"redis+sentinel://:secret@h?master=":          "master",
		"redis+sentinel://h?master=a&master=b":        "parameter",
		"unix://:secret@host/path":                    "unix",
		"unix://:secret@":                             "well-formed",
		"unix://:secret@/path?db=x":                   "database",
		"unix://:secret@/path?db=1&secret=secret":     "parameter",
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
