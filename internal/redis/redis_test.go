package redis

import (
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/dcr-gateway/dcr-gateway/test/redisserver"
)

func TestOpenServer(t *testing.T) {
	t.Parallel()
	server := redisserver.StartTCP(t, t.TempDir(), "--requirepass", "p@ss:w/rd")
	host := strings.TrimPrefix(server.URL, "redis://")
	ping(t, "redis://:p%40ss%3Aw%2Frd@"+host+"/3")
	ping(t, "redis://default:p%40ss%3Aw%2Frd@"+host)

	err := open(t, "redis://:wrong@"+host).Ping(t.Context()).Err()
	if err == nil || !strings.Contains(err.Error(), "WRONGPASS") {
		t.Errorf("a wrong password: %v", err)
	}
}

func TestOpenSocket(t *testing.T) {
	t.Parallel()
	server := redisserver.Start(t, t.TempDir())
	client := ping(t, server.URL)
	must(t, open(t, server.URL+"?db=5").Set(t.Context(), "key", "value", 0).Err())
	if client.Exists(t.Context(), "key").Val() != 0 {
		t.Error("the database's number was not heeded")
	}
}

func TestOpenCluster(t *testing.T) {
	t.Parallel()
	client := ping(t, redisserver.StartCluster(t, t.TempDir()).URL)
	for i := range 50 { // in all three nodes
		must(t, client.Set(t.Context(), fmt.Sprint(i), i, 0).Err())
	}
}

func TestOpenSentinel(t *testing.T) {
	t.Parallel()
	sentinel := redisserver.StartSentinel(t, t.TempDir(), redisserver.StartTCP(t, t.TempDir()))
	ping(t, sentinel.URL)
	if err := open(t, sentinel.URL+"s").Ping(t.Context()).Err(); err == nil {
		t.Error("found a primary that no sentinel watches")
	}
}

// A client over TLS says so in its first byte, and wants a certificate that it can verify.
func TestOpenTLS(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"rediss://HOST", "rediss+cluster://HOST", "rediss+sentinel://HOST?master=m"} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		first := make(chan byte, 1)
		go func() {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			var b [1]byte
			_, _ = conn.Read(b[:])
			first <- b[0]
		}()
		client := open(t, strings.Replace(url, "HOST", listener.Addr().String(), 1))
		if err := client.Ping(t.Context()).Err(); err == nil {
			t.Errorf("%s: ping succeeded", url)
		}
		select {
		case b := <-first:
			if b != 0x16 { // a TLS handshake record
				t.Errorf("%s: the first byte is %#x", url, b)
			}
		case <-time.After(5 * time.Second):
			t.Errorf("%s: it did not connect", url)
		}
		_ = listener.Close()
	}
}

// The defaults of go-redis ignore a context's deadline and try for a minute: see the settings here, one by one.
func TestSettings(t *testing.T) {
	o, _, err := parse("rediss+sentinel://user:password@host:1/2?master=m")
	must(t, err)
	plain, failover, cluster := o.Simple(), o.Failover(), clusterOptions(o)
	for name, ok := range map[string]bool{
		"deadlines": plain.ContextTimeoutEnabled && failover.ContextTimeoutEnabled && cluster.ContextTimeoutEnabled,
		"timeouts": plain.ReadTimeout == timeout && failover.ReadTimeout == timeout && cluster.ReadTimeout == timeout &&
			plain.WriteTimeout == timeout && failover.WriteTimeout == timeout && cluster.WriteTimeout == timeout &&
			plain.DialTimeout == timeout && failover.DialTimeout == timeout && cluster.DialTimeout == timeout,
		"dials":    plain.DialerRetries == 1 && failover.DialerRetries == 1 && cluster.DialerRetries == 1,
		"retries":  plain.MaxRetries == 1 && failover.MaxRetries == 1,
		"map":      cluster.ClusterStateReloadInterval <= 2*time.Second && cluster.ClusterStateReloadInterval > 0,
		"identity": plain.DisableIdentity && failover.DisableIdentity && cluster.DisableIdentity,
		"notifications": plain.MaintNotificationsConfig.Mode == "disabled" &&
			cluster.MaintNotificationsConfig.Mode == "disabled",
		"TLS": verifies(plain.TLSConfig) && verifies(failover.TLSConfig) && verifies(cluster.TLSConfig),
		"credentials": plain.Username+plain.Password == "userpassword" && cluster.Username+cluster.Password == "userpassword" &&
			failover.Username+failover.Password == "userpassword",
		"database": plain.DB == 2 && failover.DB == 2,
		"primary":  failover.MasterName == "m",
	} {
		if !ok {
			t.Errorf("%s: not as wanted", name)
		}
	}
}

func verifies(c *tls.Config) bool {
	return c != nil && !c.InsecureSkipVerify && c.ServerName == "" && c.MinVersion >= tls.VersionTLS12
}

func open(t *testing.T, url string) goredis.UniversalClient {
	t.Helper()
	client, err := Open(url)
	must(t, err)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func ping(t *testing.T, url string) goredis.UniversalClient {
	t.Helper()
	client := open(t, url)
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Fatalf("ping: %v", err)
	}
	return client
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
