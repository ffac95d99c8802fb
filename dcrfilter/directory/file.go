package directory

import (
	"cmp"
	"embed"
	"maps"
	"reflect"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

//go:embed *.yaml
var shipped embed.FS

// invalid is the ID of problems in a directory's file.
const invalid = "directory.invalid"

// file is a directory's file. A file that extends a shipped directory only states the differences. Its values replace
// those of the shipped directory, except that claims are replaced one by one.
type file struct {
	Extends       string `yaml:"extends" is:"text" doc:"name of a shipped directory; this file need only say what differs"`
	dcr.Directory `yaml:",inline"`
}

const printing = `[^\x00-\x1f\x7f]` // no control characters

// kinds defines the values of the file, by the names that the tags of dcr.Directory use.
var kinds = map[string]*yamlfile.Kind{
	"name":      yamlfile.Formed("a name of lower case letters, digits, dots and hyphens, at most 32", 32, `[a-z0-9][a-z0-9.-]*`),
	"text":      yamlfile.Formed("a text of 1 to 1024 characters, in one line", 1024, printing+`+`),
	"file":      yamlfile.Formed("the name of a file", 1024, printing+`+`),
	"https":     yamlfile.Formed("an https URL, without a user and a fragment", 1024, `https://[^\s/?#@]+([/?][^\s#]*)?`),
	"host":      yamlfile.Formed(`a host in lower case, or host:port, without wildcards; or "*" alone, for any public host`, 260, `(\*|[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[1-9][0-9]{0,4})?)`),
	"network":   yamlfile.Formed("an IP address, or a network such as 10.0.0.0/8", 64, `[0-9a-fA-F:.]+(/[0-9]{1,3})?`),
	"algorithm": yamlfile.OneOf("PS256", "ES256"), // those that FAPI 1.0 Part 2, section 8.6, allows
	"age":       yamlfile.Formed("a time with its unit, such as 30m or 1h30m", 40, `([0-9]{1,9}(\.[0-9]{1,9})?(h|m|s|ms|us|ns))+`).Within(time.Millisecond, 87_600*time.Hour),
	"value":     yamlfile.Formed("1 to 64 printable ASCII characters, without quotes and backslashes", 64, `[ !#-\[\]-~]+`), // refusals print it
	"country":   yamlfile.Formed("a country's code, such as GB, or several, separated by commas", 255, `[A-Za-z]{2}(, ?[A-Za-z]{2})*`),
	"claim":     yamlfile.Formed("the name of a claim: 1 to 64 letters, digits and . _ -", 64, `[A-Za-z0-9_.-]+`),
	"scope":     yamlfile.Formed("a scope token: 1 to 64 printable ASCII characters without spaces, quotes and backslashes", 64, `[!#-\[\]-~]+`), // RFC 6749, section 3.3
	"role":      yamlfile.Formed(`a role, or "" where none is needed`, 1024, printing+`*`),
	"type":      yamlfile.Formed("a name of lower case letters, digits, _ and -, at most 32", 32, `[a-z0-9][a-z0-9_-]*`),
	"attribute": yamlfile.Formed("the name or OID of an attribute, such as CN or 2.5.4.97", 64, `[A-Za-z0-9.]+`),
	"pattern":   yamlfile.Formed(`a pattern, or "" where the subject must not have the attribute`, 256, printing+`*`),
	"binding":   yamlfile.OneOf(dcr.BySubject, dcr.OrListed, dcr.BySignature),
	"authority": yamlfile.Formed("a country and an authority, such as GB-FCA", 11, `[A-Z]{2}-[A-Z]{2,8}`), // ETSI TS 119 495, section 5.2.1
	"listed":    yamlfile.OneOf(string(dcr.ListedRequired), string(dcr.ListedWhenKnown), string(dcr.ListedOff)),
	"bool":      yamlfile.Bool(),
}

var library = yamlfile.Library[file]{
	Grammar: yamlfile.New(reflect.TypeFor[file](), kinds, yamlfile.Options{Bytes: 256 << 10, Tokens: 1 << 15, Loose: true}),
	Files:   shipped, ID: invalid, Finish: finish,
}

// Names returns the names of the shipped directories.
func Names() []string { return library.Names() }

// Shipped returns the data of a shipped directory. It has no CAs: an administrator's own file adds them.
func Shipped(name string) (*dcr.Directory, error) {
	f, err := library.Shipped(name)
	if err != nil {
		return nil, err
	}
	return &f.Directory, nil
}

// Types returns the certificate types of all shipped directories, by name.
func Types() map[string]*dcr.CertificateType {
	types := map[string]*dcr.CertificateType{}
	for _, name := range Names() {
		if d, err := Shipped(name); err == nil { // a test reads them all
			maps.Copy(types, d.CertificateTypes)
		}
	}
	return types
}

// Schema returns the JSON Schema (2020-12) of directory files, by which editors complete and check them.
func Schema() []byte {
	return library.Grammar.Schema("urn:dcr-gateway:directory", "directory file of dcr-gateway", file{Directory: dcr.Directory{Listed: dcr.ListedWhenKnown}})
}

// finish adds the defaults and what the file inherits from base, and checks the result. Required claims are inherited
// under this file's names for them, unless the file sets its own list.
func finish(c *yamlfile.Check, f, base *file) {
	f.Listed = cmp.Or(f.Listed, dcr.ListedWhenKnown)
	if !c.Has("required") {
		f.Required = nil
		for _, name := range base.Required {
			if own := base.Claims.As(&f.Claims, name); own != "" {
				f.Required = append(f.Required, own)
			}
		}
	}
	for i := range f.Certificates {
		f.Certificates[i].Type = cmp.Or(f.Certificates[i].Type, f.Certificates[i].Profile)
	}
	for name, one := range f.CertificateTypes {
		for key, err := range one.Compile(name) {
			where := "certificate_types." + name
			if key != "" {
				where += ".subject." + key
			}
			c.Add(invalid, where, "%v", err)
		}
	}
	check(c, &f.Directory)
}
