// Owns the server of the SDK suite, started through the shared helper, and ended with the tests.

package gosdk

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// server is what the credentials file of `peerage dev` says.
type server struct {
	BaseURL      string `json:"baseUrl"`
	OrgID        string `json:"orgId"`
	ProjectID    string `json:"projectId"`
	PublicKey    string `json:"publicKey"`
	PrivateKey   string `json:"privateKey"`
	ClientID     string `json:"clientId"`
	ClientSecret string `json:"clientSecret"`
}

var (
	running   = map[string]*server{}
	stopping  []func()
	runningMu sync.Mutex
)

// TestMain ends what the tests started.
func TestMain(m *testing.M) {
	code := m.Run()
	for _, stop := range stopping {
		stop()
	}
	os.Exit(code)
}

// serve gives the server whose customers behave in this way, and starts it if it is the first to
// be asked for.
func serve(t *testing.T, customer string) *server {
	t.Helper()
	runningMu.Lock()
	defer runningMu.Unlock()
	if found := running[customer]; found != nil {
		return found
	}
	started, stop, err := start("--pace", "fast", "--customer", customer)
	if err != nil {
		t.Fatalf("no server: %v", err)
	}
	running[customer] = started
	stopping = append(stopping, stop)
	return started
}

func start(arguments ...string) (*server, func(), error) {
	helper := filepath.Join("..", "harness", "server.py")
	command := exec.Command("python3", append([]string{"-B", helper}, arguments...)...)
	command.Stderr = os.Stderr
	stdin, err := command.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := command.Start(); err != nil {
		return nil, nil, err
	}
	stop := func() {
		_ = stdin.Close()
		_ = command.Wait()
	}
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err == io.EOF {
		stop()
		return nil, nil, fmt.Errorf("the helper ended: %v", command.ProcessState)
	}
	found := &server{}
	if err := json.Unmarshal(line, found); err != nil {
		stop()
		return nil, nil, err
	}
	return found, stop, nil
}
