package desk

import (
	"context"
	"encoding/json"
	"flag"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
)

// object is a JSON object of a document.
type object = map[string]any

func openAPIFlags(c *call, flags *flag.FlagSet) {
	flags.StringVar(&c.profile, "profile", defaultProfile, "`NAME` of a shipped profile ("+strings.Join(profile.Names(), ", ")+"), or a profile's file")
	flags.StringVar(&c.endpoint, "url", "https://bank.example/register", "`URL` of the registration endpoint")
}

// openAPI prints the OpenAPI document of the registration API of a profile.
func openAPI(_ context.Context, c *call) error {
	p, err := shippedOrFile("--profile", c.profile, profile.Names(), profile.Load, profile.LoadFile)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(openAPIOf(p, c.endpoint), "", "  ")
	if err != nil {
		return err
	}
	_, err = c.Stdout.Write(append(text, '\n'))
	return err
}

// openAPIOf is an OpenAPI 3.1 document, made from the profile alone. endpoint is the URL to register at.
func openAPIOf(p *dcr.Profile, endpoint string) object {
	server, path := splitURL(endpoint)
	register := path
	if p.TrailingSlash {
		register += "/"
	}
	return object{
		"openapi": "3.1.0",
		"info": object{
			"title": "Dynamic Client Registration, " + p.Standard, "version": p.Name,
			"description": "Every request needs the TLS client certificate of the software product. The rules beyond this document are in /errors of the bank.",
		},
		"servers":  []any{object{"url": server}},
		"security": []any{object{"certificate": []string{}}},
		"paths": object{
			register:             object{"post": operation("register", "Register a software product", p, true, "201")},
			path + "/{ClientId}": managed(p),
		},
		"components": object{
			"schemas": object{"Request": schema(p, dcr.InRequest), "Client": schema(p, dcr.InResponse), "Error": errorSchema()},
			"securitySchemes": object{
				"certificate": object{"type": "mutualTLS", "description": "a transport certificate of the directory"},
				"token": object{"type": "http", "scheme": "bearer", "description": strings.TrimSpace(
					"an access token of the client, bound to the certificate (RFC 8705) " + needs(p.Clients.ManagementScope))},
			},
		},
	}
}

// splitURL returns the part that is the same for a server's paths, and the path without a slash at its end.
func splitURL(endpoint string) (server, path string) {
	scheme, rest, _ := strings.Cut(endpoint, "://")
	host, path, _ := strings.Cut(rest, "/")
	return scheme + "://" + host, "/" + strings.Trim(path, "/")
}

func needs(scope string) string {
	if scope == "" {
		return ""
	}
	return "with the scope " + scope
}

// managed is the path of a client (RFC 7592).
func managed(p *dcr.Profile) object {
	of := object{
		"parameters": []any{object{"name": "ClientId", "in": "path", "required": true, "schema": object{"type": "string"}}},
		"get":        operation("read", "Read the registration", p, false, "200"),
		"put":        operation("update", "Replace the registration", p, true, "200"),
		"delete":     operation("delete", "Delete the registration", p, false, "204"),
	}
	for _, method := range []string{"get", "put", "delete"} {
		of[method].(object)["security"] = []any{object{"certificate": []string{}, "token": []string{}}}
	}
	return of
}

func operation(id, summary string, p *dcr.Profile, body bool, success string) object {
	refusal := object{
		"description": "Refused: error_details says by which rules, where, and how to fix it",
		"content":     object{"application/json": object{"schema": reference("Error")}},
	}
	responses := object{"default": refusal}
	for _, status := range []string{"400", "401", "403", "415", "503"} {
		responses[status] = refusal
	}
	responses[success] = object{"description": summary}
	if success != "204" {
		responses[success] = object{
			"description": "The client as it is registered", "content": object{"application/json": object{"schema": reference("Client")}},
		}
	}
	of := object{"operationId": id, "summary": summary, "responses": responses}
	if body {
		of["requestBody"] = object{"required": true, "content": content(p)}
	}
	return of
}

// content is the body of a request, in each media type of the profile.
func content(p *dcr.Profile) object {
	body := reference("Request")
	if p.Body == dcr.BodyJWS {
		body = object{
			"type": "string", "contentMediaType": "application/jwt", "description": "a compact JWS, signed with PS256 or ES256 by a key of the software product",
			"contentSchema": object{"type": "array", "minItems": 2, "prefixItems": []any{
				object{"type": "object", "required": []string{"alg", "kid"}, "properties": object{"alg": object{"enum": []string{"PS256", "ES256"}}, "kid": object{"type": "string"}}},
				reference("Request"),
			}},
		}
	}
	all := object{}
	for _, media := range p.ContentTypes {
		all[media] = object{"schema": body}
	}
	return all
}

func reference(name string) object { return object{"$ref": "#/components/schemas/" + name} }

// schema is what the data dictionary says of a request or of a response.
func schema(p *dcr.Profile, in string) object {
	properties, required := object{}, []string{}
	for _, name := range slices.Sorted(maps.Keys(p.Members)) {
		member := p.Members[name]
		if member.In != in && member.In != dcr.InBoth {
			continue
		}
		properties[name] = property(member)
		if member.Required {
			required = append(required, name)
		}
	}
	of := object{"type": "object", "properties": properties}
	if len(required) > 0 {
		of["required"] = required
	}
	return of
}

// property is one line of the data dictionary.
func property(m *dcr.Member) object {
	switch m.Type {
	case dcr.TypeInteger:
		return object{"type": "integer"}
	case dcr.TypeBoolean:
		return boolean(m)
	case dcr.TypeStrings:
		of := object{"type": "array", "items": text(m)}
		if m.MinItems > 0 {
			of["minItems"] = m.MinItems
		}
		if m.Default != nil {
			of["default"] = m.Default
		}
		return of
	case dcr.TypeAudience: // "In the special case when the JWT has one audience" (RFC 7519, section 4.1.3)
		return object{"oneOf": []any{text(m), object{"type": "array", "items": text(m), "minItems": 1, "maxItems": 1}}}
	}
	of := text(m)
	if len(m.Default) > 0 {
		of["default"] = m.Default[0]
	}
	return of
}

func boolean(m *dcr.Member) object {
	of, values := object{"type": "boolean"}, []bool{}
	for _, value := range m.Values {
		if truth, err := strconv.ParseBool(value); err == nil {
			values = append(values, truth)
		}
	}
	if len(values) > 0 {
		of["enum"] = values
	}
	return of
}

func text(m *dcr.Member) object {
	of := object{"type": "string", "minLength": 1}
	if m.MaxLength > 0 {
		of["maxLength"] = m.MaxLength
	}
	if m.Pattern != "" {
		of["pattern"] = m.Pattern
	}
	if len(m.Values) > 0 {
		of["enum"] = m.Values
	}
	return of
}

// errorSchema is a refusal (RFC 7591, section 3.2.2, and error_details).
func errorSchema() object {
	line := object{"type": "string"}
	return object{
		"type": "object", "required": []string{"error"},
		"properties": object{
			"error": line, "error_description": line,
			"error_details": object{"type": "array", "items": object{
				"type": "object", "required": []string{"rule", "description"},
				"properties": object{"rule": line, "pointer": line, "description": line, "fix": line, "clause": line, "help": line},
			}},
		},
	}
}
