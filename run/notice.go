package run

import (
	"context"
	"net/http"
	"time"
)

// afterNotice returns a context that ends some time after ctx has ended.
func afterNotice(ctx context.Context, some time.Duration) context.Context {
	serving, end := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() { time.AfterFunc(some, end) })
	return serving
}

// giveNotice answers health checks with 503 as soon as ctx has ended, and all other requests as before.
func giveNotice(ctx context.Context, handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ctx.Err() != nil && r.Method == http.MethodGet && r.URL.Path == "/healthz" {
			http.Error(w, "this registry is about to end", http.StatusServiceUnavailable)
			return
		}
		handler.ServeHTTP(w, r)
	})
}
