package dcrclient

import (
	"crypto"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/dcr-gateway/dcr-gateway/internal/cert"
)

// The client authentication methods of the token endpoint: "only tls_client_auth and private_key_jwt are FAPI compliant" (OBIE DCR,
// Data Dictionary).
const (
	PrivateKeyJWT = "private_key_jwt"
	TLSClientAuth = "tls_client_auth"
)

// AssertionType is the only value of client_assertion_type (RFC 7523, section 2.2).
const AssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// Lifetime is how long the JWTs of an honest client are valid.
const Lifetime = 5 * time.Minute

// Software is a software product of a TPP with everything that it needs to register and to authenticate.
type Software struct {
	Profile      string   // how it registers: one of Profiles
	AuthMethod   string   // PrivateKeyJWT if empty
	Audience     string   // aud of registration requests: the bank's id in the directory
	Scope        string   // to register for, separated by spaces; all scopes that its roles allow if empty
	RedirectURIs []string // to register; those of the software statement if nil

	Transport     tls.Certificate
	Signing       crypto.Signer
	SigningKeyID  string // in the directory
	StatementText string // the software statement, a compact JWS
}

// Registration returns the request that registers the software product under its profile, with a new jti. Body says how to
// send it. It fails if the statement or the transport certificate cannot be read, or if the profile does not allow such a
// request.
func (s *Software) Registration() (*JWT, error) {
	profile, err := Find(s.Profile)
	if err != nil {
		return nil, err
	}
	if _, has := profile.Claims["scope"]; !has && s.Scope != "" {
		return nil, fmt.Errorf("a registration request of %s has no scope: it is that of the software statement", s.Profile)
	}
	values, err := s.Values()
	if err != nil {
		return nil, err
	}
	claims, err := profile.Registration(s.method(), values)
	if err != nil {
		return nil, err
	}
	return s.jwt(claims), nil
}

// Registration returns the claims of a registration request for an authentication method. It leaves out claims without a
// value.
func (p Profile) Registration(method string, v Values) (map[string]any, error) {
	authentication := p.Authentication[method]
	if authentication == nil { // the bank must refuse it
		authentication = map[string]any{"token_endpoint_auth_method": method}
	}
	claims, err := v.Object(merged(p.Claims, authentication))
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	return claims, err
}

// jwt returns a token as the software product signs it.
func (s *Software) jwt(claims map[string]any) *JWT {
	token := &JWT{Header: map[string]any{"alg": AlgorithmOf(s.Signing), "typ": "JWT", "kid": s.SigningKeyID}, Claims: claims}
	if s.Signing != nil {
		token.Key = s.Signing
	}
	return token
}

func (s *Software) method() string {
	if s.AuthMethod == "" {
		return PrivateKeyJWT
	}
	return s.AuthMethod
}

// Values returns the values of the names in a profile's templates: now, uuid, audience, alg, dn (of the transport certificate),
// statement, and of the statement: software_id, redirect_uris, redirect_uri (the first of them), scopes (all that its roles
// allow), scope (the same as one text), client_name and jwks_uri. What the statement lacks is nil.
func (s *Software) Values() (Values, error) {
	profile, err := Find(s.Profile)
	if err != nil {
		return nil, err
	}
	token, err := ParseJWT(s.StatementText)
	if err != nil {
		return nil, fmt.Errorf("the software statement is %w", err)
	}
	statement, names := token.Claims, profile.Statement
	v := Values{
		"now":         func() (any, error) { return time.Now().Unix(), nil },
		"uuid":        func() (any, error) { return uuid.NewString(), nil },
		"audience":    Constant(s.Audience),
		"alg":         Constant(AlgorithmOf(s.Signing)),
		"dn":          s.dn,
		"statement":   Constant(s.StatementText),
		"software_id": Constant(statement[names.SoftwareID]),
		"client_name": Constant(statement[names.ClientName]),
		"jwks_uri":    Constant(statement[names.JWKS]),
	}
	redirects := s.RedirectURIs
	if redirects == nil {
		redirects = Texts(statement[names.RedirectURIs])
	}
	v["redirect_uris"], v["redirect_uri"] = Constant(nil), Constant(nil)
	if len(redirects) > 0 {
		v["redirect_uris"], v["redirect_uri"] = Constant(redirects), Constant(redirects[0])
	}
	scopes := strings.Fields(s.Scope)
	if len(scopes) == 0 {
		scopes = profile.scopes(Texts(statement[names.Roles]))
	}
	v["scopes"], v["scope"] = Constant(scopes), Constant(strings.Join(scopes, " "))
	return v, nil
}

// scopes returns all scopes that roles allow.
func (p Profile) scopes(roles []string) []string {
	scopes := []string{"openid"}
	for _, role := range roles {
		if scope := p.RoleScopes[role]; scope != "" {
			scopes = append(scopes, scope)
		}
	}
	return scopes
}

// Texts returns the strings of an array, or a single string as a list.
func Texts(value any) []string {
	if text, ok := value.(string); ok {
		return []string{text}
	}
	list, _ := value.([]any)
	var all []string
	for _, item := range list {
		if text, ok := item.(string); ok {
			all = append(all, text)
		}
	}
	return all
}

// dn "must contain the DN of the certificate that the TPP will present" (OBIE DCR, Data Dictionary).
func (s *Software) dn() (any, error) {
	if len(s.Transport.Certificate) == 0 {
		return nil, errors.New("there is no transport certificate")
	}
	subject, err := cert.SubjectOfPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Transport.Certificate[0]}))
	if err != nil {
		return nil, fmt.Errorf("the transport certificate: %w", err)
	}
	return subject.String(), nil
}

// Body returns the body of a registration request: signed or, in a profile without signatures, the claims as JSON.
func (s *Software) Body(request *JWT) (contentType string, body []byte, err error) {
	profile, err := Find(s.Profile)
	if err != nil {
		return "", nil, err
	}
	if profile.Body == "json" {
		body, err = request.text(request.RawClaims, request.Claims)
	} else {
		var compact string
		compact, err = request.Compact()
		body = []byte(compact)
	}
	return profile.ContentTypes[0], body, err
}

// Assertion returns a client assertion of the software product (RFC 7523, section 3) with a new jti.
func (s *Software) Assertion(clientID, audience string) *JWT {
	now := time.Now()
	return s.jwt(map[string]any{
		"iss": clientID, "sub": clientID, "aud": audience, "jti": uuid.NewString(),
		"iat": now.Unix(), "exp": now.Add(Lifetime).Unix(),
	})
}

// TokenForm returns a client credentials request (RFC 6749, section 4.4), with the assertion if the client authenticates by
// one. Without a scope the token is for every registered scope, or for the profile's token_scope if it has one.
func (s *Software) TokenForm(clientID, scope string, assertion *JWT) (url.Values, error) {
	profile, err := Find(s.Profile)
	if err != nil {
		return nil, err
	}
	form := url.Values{"grant_type": {"client_credentials"}}
	if scope == "" {
		scope = profile.TokenScope
	}
	if scope != "" {
		form.Set("scope", scope)
	}
	if s.method() == TLSClientAuth {
		form.Set("client_id", clientID) // "MUST include the client_id" (RFC 8705, section 2)
		return form, nil
	}
	compact, err := assertion.Compact()
	form.Set("client_assertion_type", AssertionType)
	form.Set("client_assertion", compact)
	return form, err
}

// FormType is the media type of requests to OAuth endpoints (RFC 6749, appendix B).
const FormType = "application/x-www-form-urlencoded"

// ClientURL returns the URL at which a client is read, updated and deleted. It adds no second slash to an endpoint that ends
// in one.
func ClientURL(registration, clientID string) string {
	return strings.TrimSuffix(registration, "/") + "/" + url.PathEscape(clientID)
}

// ObjectText returns an object as JSON, with the members of again repeated at its end.
func ObjectText(object, again map[string]any) (string, error) {
	text, err := json.Marshal(object)
	if err != nil || len(again) == 0 {
		return string(text), err
	}
	more, err := json.Marshal(again)
	if err != nil {
		return "", err
	}
	return string(text[:len(text)-1]) + "," + string(more[1:]), nil
}
