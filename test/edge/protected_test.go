package edge

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// An endpoint is a protected route and one of its methods, with a request that it would answer.
type endpoint struct {
	message
	route routes.Route
}

func readRoutes(t *testing.T) *routes.File {
	t.Helper()
	version, err := config.Read(world.Path(world.File.Routes))
	if err != nil {
		t.Fatal(err)
	}
	return version.File
}

// endpoints are those of all routes that are not public, for a client.
func endpoints(t *testing.T, file *routes.File, client *harness.Registered) []endpoint {
	t.Helper()
	fill := strings.NewReplacer("{ClientId}", client.ID, "{AccountId}", "22289", "{ConsentId}", "consent-1", "{DomesticPaymentId}", "payment-1")
	var all []endpoint
	for _, route := range file.Routes {
		if route.Public {
			continue
		}
		for _, method := range route.Methods {
			path := fill.Replace(route.Path)
			if strings.Contains(path, "{") {
				t.Fatalf("route %s has a part that the test does not know", route.Name)
			}
			e := endpoint{message{method: method, target: path, host: address()}, route}
			e.contentType, e.body = bodyOf(&route, method)
			all = append(all, e)
		}
	}
	if len(all) < 20 {
		t.Fatalf("only %d endpoints are there", len(all))
	}
	return all
}

// bodyOf is what the endpoint reads; to the registry nothing that would change anything.
func bodyOf(route *routes.Route, method string) (contentType, body string) {
	switch {
	case method == http.MethodGet || method == http.MethodDelete:
		return "", ""
	case route.Endpoint == routes.EndpointRegistration:
		return "application/jose", "not a JWT"
	case route.Endpoint != "":
		return "application/x-www-form-urlencoded", "grant_type=client_credentials&token=x"
	}
	return "application/json", "{}"
}

// banks says whether the bank serves it, and not the registry.
func (e endpoint) banks() bool { return e.route.Endpoint == "" }

// kind is the same for endpoints that differ only in their names, profiles, roles and scopes, and in the words of their paths.
func (e endpoint) kind() string {
	return fmt.Sprint(e.method, e.route.Checks, e.route.Endpoint, e.route.Upstream, strings.Count(e.route.Path, "/"), strings.Count(e.route.Path, "{"))
}

// changes says whether a request with the right token would change what the others need.
func (e endpoint) changes() bool { return !e.banks() && e.method == http.MethodDelete }
