// Owns the servers of the operator's suite: each is started through the shared helper and ended
// with its test.

package peerage

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"testing"
)

// server is what the credentials file of `peerage dev` says.
type server struct {
	BaseURL    string `json:"baseUrl"`
	OrgID      string `json:"orgId"`
	ProjectID  string `json:"projectId"`
	PublicKey  string `json:"publicKey"`
	PrivateKey string `json:"privateKey"`
}

// serve starts a server whose customers behave in this way.
func serve(t *testing.T, customer string) server {
	t.Helper()
	helper := os.Getenv("PEERAGE_SERVER_HELPER")
	command := exec.Command("python3", "-B", helper, "--pace", "fast", "--customer", customer)
	command.Stderr = os.Stderr
	stdin, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = command.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		t.Fatalf("no server: %v", err)
	}
	var found server
	if err := json.Unmarshal(line, &found); err != nil {
		t.Fatal(err)
	}
	return found
}
