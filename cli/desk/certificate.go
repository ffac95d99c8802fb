package desk

import (
	"context"
	"maps"
	"net/url"
	"slices"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/trust"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
	"github.com/dcr-gateway/dcr-gateway/internal/cert"
	"github.com/dcr-gateway/dcr-gateway/internal/dn"
	"github.com/dcr-gateway/dcr-gateway/internal/jose"
)

// clientCertificate returns what the gate's certificate filter would prove about the given certificate.
func (l *linter) clientCertificate(ctx context.Context, asked *filter.Request) (*trust.Certificate, error) {
	if l.certificate == "" {
		l.notChecked("whether the TLS client certificate is the software product's: --cert FILE names it")
		standIn := l.standInCertificate()
		l.assumeListed(standIn)
		l.assumeName()
		return standIn, nil
	}
	text, err := read(l.certificate)
	if err != nil {
		return nil, err
	}
	text = cert.First(text)
	asked.PeerPEM = url.PathEscape(string(text))
	issuers, anchored := l.issuers()
	check, err := filter.NewCertificateFilter(issuers, nil)
	if err != nil {
		return nil, err
	}
	refused := check.Check(ctx, asked)
	presented, err := cert.ParsePEM(text)
	if err != nil || anchored && refused != nil {
		return nil, refused
	}
	proved := asked.Certificate
	if !anchored {
		if proved, err = l.unanchored(presented, issuers); err != nil {
			return nil, err
		}
	}
	l.assumeListed(proved)
	return proved, nil
}

// standInCertificate returns a certificate of the software product, as far as the statement identifies it.
func (l *linter) standInCertificate() *trust.Certificate {
	certificate := &trust.Certificate{Certificate: &cert.Certificate{}}
	if l.directory == nil {
		return certificate
	}
	types := l.directory.CertificateTypes
	names := slices.Sorted(maps.Keys(types))
	// A certificate that names the software product proves the most, even for an unsigned request.
	chosen := max(slices.IndexFunc(names, func(name string) bool { return types[name].NamesSoftware() }), 0)
	if len(names) > 0 {
		kind := types[names[chosen]]
		certificate.Subject = kind.Example(l.software())
		certificate.Trusts = []trust.Trust{{Directory: l.directory.Name, Type: kind}}
	}
	return certificate
}

// software returns the subject of the statement; empty if it cannot be read, which the gate reports before it binds.
func (l *linter) software() *dcr.Software {
	if l.directory == nil || l.request.statement == nil {
		return nil
	}
	statement, err := directory.ReadStatement(l.directory.Directory, l.request.statement.Claims, "")
	if err != nil {
		return nil
	}
	return statement.Software
}

// issuers returns the issuers in the directory's file or, if it names no CA, of all known certificate types.
func (l *linter) issuers() (issuers []trust.Issuer, anchored bool) {
	name, types := "", directory.Types()
	if l.directory != nil {
		name = l.directory.Name
		maps.Copy(types, l.directory.CertificateTypes)
		for _, source := range l.directory.Certificates {
			as := trust.Trust{Directory: name, Type: types[source.Type]}
			issuers = append(issuers, trust.Issuer{Trust: as, Anchors: l.directory.Anchors[source.Type]})
		}
	}
	if issuers != nil {
		return issuers, true
	}
	for _, kind := range slices.Sorted(maps.Keys(types)) {
		issuers = append(issuers, trust.Issuer{Trust: trust.Trust{Directory: name, Type: types[kind]}, Anchors: &cert.Anchors{}})
	}
	return issuers, false
}

// unanchored returns a certificate whose CA is unknown here. If it may be of several types, the one that identifies the
// software product is used.
func (l *linter) unanchored(presented *cert.Certificate, issuers []trust.Issuer) (*trust.Certificate, error) {
	l.notChecked("whether a CA of the directory has issued the TLS client certificate: --directory FILE names the directory's CAs")
	unfit := &trust.TypeError{}
	issuers = slices.DeleteFunc(issuers, func(one trust.Issuer) bool {
		unfit.Types = append(unfit.Types, one.Type)
		return !one.Type.Is(presented.Subject)
	})
	if len(issuers) == 0 {
		return nil, filter.RefuseCertificate(unfit)
	}
	if err := presented.ValidAt(l.at.Time); err != nil {
		return nil, filter.RefuseCertificate(err)
	}
	proved := &trust.Certificate{Certificate: presented}
	for _, one := range issuers {
		proved.Trusts = append(proved.Trusts, one.Trust)
	}
	bound := slices.IndexFunc(proved.Trusts, func(t trust.Trust) bool { return t.Type.Binds(presented.Subject, l.software()) })
	if bound < 0 { // a certificate that is listed need not name the software product
		bound = slices.IndexFunc(proved.Trusts, func(t trust.Trust) bool { return t.Type.Binding == dcr.OrListed })
	}
	proved.Trusts = proved.Trusts[max(bound, 0):]
	return proved, nil
}

// assumeListed lists a certificate in the software product's key set if the gate may require that and it cannot be checked
// here: the organisation's key set, and perhaps the software product's, is not known.
func (l *linter) assumeListed(c *trust.Certificate) {
	if l.directory == nil || l.request.statement == nil || l.keys.lists(l.directory, l.request.statement, c.Thumbprint) {
		return
	}
	if len(c.Trusts) == 0 {
		return
	}
	kind := c.Trusts[0].Type
	switch named := kind.Binds(c.Subject, l.software()); {
	case l.certificate == "": // a stand-in, which is correct
	case kind.Binding == dcr.OrListed && !named:
		l.notChecked("whether the certificate is a tls key of the software product's or the organisation's key set, as it must be: its names are not the statement's")
	case named && l.directory.Listed != dcr.ListedOff:
		l.notChecked("whether the directory lists the TLS client certificate, as a tls key of the software product's or the organisation's key set")
	default:
		return
	}
	l.keys.list(l.directory, l.request.statement, c.Thumbprint)
}

// assumeName lists the name that the request gives for tls_client_auth, where the certificate is not known here.
func (l *linter) assumeName() {
	if l.request.decoded == nil || l.request.statement == nil || l.directory == nil {
		return
	}
	text, err := l.request.decoded.Claims.String(l.profile.Named("tls_client_auth_subject_dn"))
	if err != nil {
		return
	}
	if name, err := dn.Parse(text); err == nil {
		l.notChecked("whether the name for tls_client_auth is the subject of your certificate: --cert FILE names it")
		l.keys.change(l.directory, l.request.statement, func(set *jose.KeySet) { set.Subjects = []dn.Name{name} })
	}
}
