package rule_test

import (
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
)

func TestIdentity(t *testing.T) {
	runRequests(t, []requestCase{
		{"iss of another software", claims{"iss": "sgsMuc8ACBgBzinpr8oJ8B"}, "issuer /iss"},
		{"iss in another case", claims{"iss": "OQ4KOAAVPOUOE7RVQSZEOV"}, "issuer /iss"},
		{"no software_id", claims{"software_id": nil}, ""},
		{"software_id of another software", claims{"software_id": "sgsMuc8ACBgBzinpr8oJ8B"}, "software_id /software_id"},
		{"second of our audiences", claims{"aud": "https://bank.example"}, ""},
		{"aud of another bank", claims{"aud": "0015800001HQQrZAAX"}, "audience /aud"},
		{"aud with a slash more", claims{"aud": "https://bank.example/"}, "audience /aud"},
		{"aud array of another bank", claims{"aud": []string{"https://other.example"}}, "audience /aud"},
	})
	r := registration(t, nil)
	r.Audiences = nil
	if got, want := verdict(t, rule.Check(r)), "audience /aud"; got != want {
		t.Errorf("without audiences: got %q, want %q", got, want)
	}
	// A statement without a software id is nobody's.
	r = registration(t, nil)
	r.Statement.Software.Id = ""
	if got, want := verdict(t, alone(t, "issuer")(r)), "issuer /iss"; got != want {
		t.Errorf("without software_id: got %q, want %q", got, want)
	}
}

// The boundaries: each value just inside and just outside.
func TestTimes(t *testing.T) {
	at := func(d time.Duration) int64 { return now.Add(d).Unix() }
	const hour, day = time.Hour, 24 * time.Hour
	runRequests(t, []requestCase{
		{"iat 10 s ahead", claims{"iat": at(10 * time.Second)}, ""},
		{"iat 11 s ahead", claims{"iat": at(11 * time.Second)}, "times.iat /iat"},
		{"iat in milliseconds", claims{"iat": now.UnixMilli(), "exp": now.UnixMilli() + 1}, "times.iat /iat"},
		{"iat an hour ago", claims{"iat": at(-hour)}, ""},
		{"iat an hour and a second ago", claims{"iat": at(-hour - time.Second)}, "times.iat /iat"},
		{"iat 0", claims{"iat": 0}, "times.iat /iat"},
		{"iat negative", claims{"iat": -1}, "times.iat /iat"},
		{"exp in a second", claims{"exp": at(time.Second)}, ""},
		{"exp now", claims{"exp": at(0), "iat": at(-hour)}, "times.exp /exp"},
		{"exp an hour ago", claims{"exp": at(-hour), "iat": at(-hour)}, "times.exp /exp"},
		{"exp equal to iat", claims{"exp": at(5 * time.Second), "iat": at(5 * time.Second)}, "times.exp /exp"},
		{"exp a day after iat", claims{"exp": at(day)}, ""},
		{"exp a day and a second after iat", claims{"exp": at(day + time.Second)}, "times.exp /exp"},
		{"exp after the year 9999", claims{"exp": 253402300800}, "times.exp /exp"},
		{"nbf 10 s ahead", claims{"nbf": at(10 * time.Second)}, ""},
		{"nbf 11 s ahead", claims{"nbf": at(11 * time.Second)}, "times.nbf /nbf"},
		{"nbf as string", claims{"nbf": "0"}, "times.nbf /nbf"},
		{"nbf not before exp", claims{"nbf": at(5 * time.Second), "exp": at(5 * time.Second)}, "times.exp /exp"},
	})
}

// Without the dictionary the rule still demands both times.
func TestTimesAreRequired(t *testing.T) {
	for _, name := range []string{"iat", "exp"} {
		r := registration(t, claims{name: nil})
		if got, want := verdict(t, alone(t, "times")(r)), "times."+name+" /"+name; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
