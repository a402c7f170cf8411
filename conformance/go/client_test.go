// Owns the HTTP clients of the Go suite. The transports are the ones that the Terraform provider,
// the Atlas CLI, the operator and the Go SDK authenticate with, unmodified; what is sent over them
// is in the other files.

package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mongodb-forks/digest"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

const (
	dated   = "application/vnd.atlas.2023-01-01+json"
	unknown = "0123456789abcdef01234567"
	limit   = 20 * time.Second
)

// client sends requests with one credential.
type client struct {
	t    *testing.T
	http *http.Client
	base string
	org  string
}

// answer is one HTTP answer.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// apiError is the body of an answer that is not a success.
type apiError struct {
	Error      int      `json:"error"`
	ErrorCode  string   `json:"errorCode"`
	Detail     string   `json:"detail"`
	Reason     string   `json:"reason"`
	Parameters []string `json:"parameters"`
}

func withDigest(t *testing.T, s *server) *client {
	t.Helper()
	http, err := digest.NewTransport(s.PublicKey, s.PrivateKey).Client()
	if err != nil {
		t.Fatal(err)
	}
	return &client{t: t, http: http, base: s.BaseURL, org: s.OrgID}
}

func withServiceAccount(t *testing.T, s *server) *client {
	t.Helper()
	config := clientcredentials.Config{
		ClientID:     s.ClientID,
		ClientSecret: s.ClientSecret,
		TokenURL:     s.BaseURL + "/api/oauth/token",
		AuthStyle:    oauth2.AuthStyleInHeader,
	}
	return &client{t: t, http: config.Client(context.Background()), base: s.BaseURL, org: s.OrgID}
}

// both runs a test once with each credential.
func both(t *testing.T, customer string, test func(*client)) {
	for name, with := range map[string]func(*testing.T, *server) *client{
		"digest": withDigest, "service account": withServiceAccount,
	} {
		t.Run(name, func(t *testing.T) { test(with(t, serve(t, customer))) })
	}
}

// send sends one request below /api/atlas/v2, or below the root when the path starts with /api.
func (c *client) send(method, path string, body any) answer {
	c.t.Helper()
	return c.sendAs(dated, method, path, body)
}

func (c *client) sendAs(media, method, path string, body any) answer {
	c.t.Helper()
	if !strings.HasPrefix(path, "/api/") {
		path = "/api/atlas/v2" + path
	}
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			c.t.Fatal(err)
		}
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequest(method, c.base+path, reader)
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Accept", media)
	if body != nil {
		request.Header.Set("Content-Type", media)
	}
	response, err := c.http.Do(request)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	return answer{status: response.StatusCode, header: response.Header, body: text}
}

// ask sends a request that has to be answered with this status, and reads the answer into out as
// the Go SDK does: JSON only under a media type of JSON.
func (c *client) ask(status int, method, path string, body, out any) answer {
	c.t.Helper()
	got := c.send(method, path, body)
	if got.status != status {
		c.t.Fatalf("%s %s: %d instead of %d: %s", method, path, got.status, status, got.body)
	}
	if out != nil {
		c.read(got, out)
	}
	return got
}

func (c *client) read(got answer, out any) {
	c.t.Helper()
	media := got.header.Get("Content-Type")
	if !strings.HasPrefix(media, "application/") || !strings.Contains(media, "json") {
		c.t.Fatalf("undefined response type %q", media)
	}
	if err := json.Unmarshal(got.body, out); err != nil {
		c.t.Fatalf("%v: %s", err, got.body)
	}
}

// refused sends a request that has to be refused with this status and code.
func (c *client) refused(status int, code, method, path string, body any) apiError {
	c.t.Helper()
	var found apiError
	c.ask(status, method, path, body, &found)
	if found.Error != status || found.ErrorCode != code || found.Parameters == nil {
		c.t.Fatalf("%s %s: not %d %s: %+v", method, path, status, code, found)
	}
	return found
}

// poll looks until it sees what is wanted.
func (c *client) poll(what string, look func() bool) {
	c.t.Helper()
	for deadline := time.Now().Add(limit); !look(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			c.t.Fatalf("not seen in %s: %s", limit, what)
		}
	}
}
