package routes

import "path/filepath"

// Abs returns the absolute name of a file that routes.yaml names: relative names are relative to the file's folder.
func (f *File) Abs(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(f.Dir, name)
}

// Route returns the route of a name, or nil.
func (f *File) Route(name string) *Route {
	for i := range f.Routes {
		if f.Routes[i].Name == name {
			return &f.Routes[i]
		}
	}
	return nil
}

// EndpointURL returns where clients find an endpoint: the URL of the first route that serves it, or "" where none does.
func (f *File) EndpointURL(endpoint string) string {
	for i := range f.Routes {
		if route := &f.Routes[i]; route.Endpoint == endpoint {
			return f.URL(route)
		}
	}
	return ""
}

// URL returns where clients find a route. A path with params stays a template.
func (f *File) URL(route *Route) string {
	return f.Listeners[route.Listener].URL + route.Path
}
