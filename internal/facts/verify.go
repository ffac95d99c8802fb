package facts

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/dcr-gateway/dcr-gateway/internal/jose"
	"github.com/dcr-gateway/dcr-gateway/internal/metric"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

const (
	// MaxLifetime is how long facts may live: they describe a request in flight.
	MaxLifetime = 60 * time.Second

	maxBytes = 16 << 10
	skew     = 5 * time.Second // between the clocks of gate and registry
)

// Errors of Verify. Any other error means that the facts cannot be judged: the key is unknown (ErrUnknownKey), perhaps
// because Redis has lost it, or could not be looked up.
var (
	ErrInvalid = errors.New("the facts are not acceptable")
	ErrStale   = errors.New("the facts are not valid at this time")
)

// Verifier verifies facts with keys that gates have published. It is safe for concurrent use.
type Verifier struct{ keys *keys }

// NewVerifier returns a verifier that looks up unknown keys. The set counts its cache, and may be nil.
func NewVerifier(lookup Lookup, set *metric.Set) *Verifier {
	return &Verifier{keys: newKeys(lookup, set)}
}

// Verify returns the facts if a published key signed them, the issuer is right and they are valid now. Otherwise the error
// is ErrInvalid or ErrStale. The caller must check that the facts are about the request at hand.
func (v *Verifier) Verify(ctx context.Context, compact string, now time.Time) (*dcrpb.Facts, error) {
	unverified, err := jose.Parse(compact, jose.Policy{
		Algorithms: []string{algorithm}, Types: []string{tokenType}, KeyID: true, MaxBytes: maxBytes,
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	set, err := v.keys.find(ctx, unverified.KeyID, now)
	if err != nil {
		return nil, err
	}
	if _, err := unverified.Verify(set); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	f, err := decode(compact)
	if err != nil {
		return nil, err
	}
	if err := check(f, now); err != nil {
		return nil, err
	}
	return f, nil
}

// decode parses the claims of a token whose form and signature have been checked.
func decode(compact string) (*dcrpb.Facts, error) {
	_, rest, _ := strings.Cut(compact, ".")
	payload, _, _ := strings.Cut(rest, ".")
	claims, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return nil, fmt.Errorf("%w: the payload is not base64url", ErrInvalid)
	}
	f := &dcrpb.Facts{}
	if err := protojson.Unmarshal(claims, f); err != nil {
		return nil, fmt.Errorf("%w: the claims are not facts", ErrInvalid)
	}
	readEarlier(f)
	return f, nil
}

// readEarlier gives facts of a gate of the build before, which may stand beside a registry of this one, the members that
// they have today.
func readEarlier(f *dcrpb.Facts) {
	if c := f.GetClient(); c != nil && c.Software == nil {
		c.Software = &dcrpb.Software{Id: c.GetSoftwareId(), OrgId: c.GetOrgId(), Roles: c.GetRoles()}
	}
	if g := f.GetRegistration(); g != nil && g.Software == nil {
		g.Software = &dcrpb.Software{Directory: g.GetDirectory(), Id: g.GetSoftwareId(), OrgId: g.GetOrgId()}
		g.Directory, g.SoftwareId, g.OrgId = "", "", ""
	}
	if c := f.GetCertificate(); c != nil && c.Type == "" {
		c.Type = c.GetProfile()
	}
	f.UsedJtis = append(f.UsedJtis, f.Nonces...)
	f.Nonces = nil
}

func check(f *dcrpb.Facts, now time.Time) error {
	if f.GetIss() != Issuer {
		return fmt.Errorf("%w: iss is not the gate's", ErrInvalid)
	}
	if err := checkLifetime(f); err != nil {
		return err
	}
	issued, expires := time.Unix(int64(f.GetIat()), 0), time.Unix(int64(f.GetExp()), 0)
	if now.Before(issued.Add(-skew)) {
		return fmt.Errorf("%w: iat is in the future", ErrStale)
	}
	if !now.Before(expires.Add(skew)) {
		return fmt.Errorf("%w: exp has passed", ErrStale)
	}
	return nil
}

func checkLifetime(f *dcrpb.Facts) error {
	iat, exp := int64(f.GetIat()), int64(f.GetExp())
	switch {
	case iat == 0 || exp == 0:
		return fmt.Errorf("%w: iat and exp are needed", ErrInvalid)
	case exp <= iat || exp-iat > int64(MaxLifetime/time.Second):
		return fmt.Errorf("%w: exp is not within %s of iat", ErrInvalid, MaxLifetime)
	}
	return nil
}
