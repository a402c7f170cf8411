// Owns the calls of the Atlas CLI for peering, with the odd spellings that it really sends, and
// its reading of the answers.

package conformance

import (
	"net/http"
	"testing"
)

// listContainers is how `atlas networking peering create` looks for a container: page 0, and the
// provider in the CLI's own spelling.
func (c *client) listContainers(group, provider string) []container {
	c.t.Helper()
	var found page[container]
	c.ask(http.StatusOK, "GET", "/groups/"+group+"/containers?includeCount=true&itemsPerPage=100"+
		"&pageNum=0&providerName="+provider, nil, &found)
	if found.Results == nil || found.TotalCount == nil {
		c.t.Fatalf("a list lacks results or totalCount: %+v", found)
	}
	return found.Results
}

// watch is `atlas networking peering watch`: without providerName in the answer it never ends.
func (c *client) watch(group, id string) string {
	c.t.Helper()
	var last peering
	c.poll("a peering that the CLI stops watching", func() bool {
		last = peering{}
		c.ask(http.StatusOK, "GET", "/groups/"+group+"/peers/"+id, nil, &last)
		switch deref(last.ProviderName) {
		case "AWS":
			state := deref(last.StatusName)
			return state == "PENDING_ACCEPTANCE" || state == "FAILED" || state == "AVAILABLE"
		case "AZURE", "GCP":
			state := deref(last.Status)
			return state == "WAITING_FOR_USER" || state == "FAILED" || state == "AVAILABLE"
		default:
			c.t.Fatalf("an answer without providerName: %+v", last)
			return false
		}
	})
	return last.state()
}

func TestCLICreatesWatchesAndDeletes(t *testing.T) {
	spelled := map[string]string{"AWS": "AWS", "AZURE": "Azure", "GCP": "GCP"}
	for _, cloud := range clouds {
		t.Run(cloud.name, func(t *testing.T) {
			c := withDigest(t, serve(t, "accept"))
			group := c.applyProject()
			if found := c.listContainers(group, spelled[cloud.name]); len(found) != 0 {
				t.Fatalf("a new project has containers: %v", found)
			}
			var home container
			c.ask(http.StatusOK, "POST", "/groups/"+group+"/containers", cloud.container, &home)
			found := c.listContainers(group, spelled[cloud.name])
			if len(found) != 1 || found[0].ID != home.ID {
				t.Fatalf("the container is not found again: %v", found)
			}
			var made peering
			c.ask(http.StatusOK, "POST", "/groups/"+group+"/peers", cloud.peer(home.ID, nil), &made)
			if state := c.watch(group, made.ID); state == "FAILED" {
				t.Fatal("the peering failed")
			}
			var listed page[peering]
			c.ask(http.StatusOK, "GET", "/groups/"+group+"/peers?includeCount=true&itemsPerPage=100&pageNum=1&providerName="+
				cloud.name, nil, &listed)
			if len(listed.Results) != 1 || listed.Results[0].ID != made.ID {
				t.Fatalf("the peering is not listed: %v", listed.Results)
			}
			c.destroyPeering(group, made.ID)
			c.destroyContainer(group, home.ID)
			if found := c.listContainers(group, spelled[cloud.name]); len(found) != 0 {
				t.Fatalf("a deleted container is listed: %v", found)
			}
		})
	}
}

func TestCLIPrivateIPMode(t *testing.T) {
	c := withDigest(t, serve(t, "accept"))
	path := "/groups/" + c.applyProject() + "/privateIpMode"
	for _, call := range []struct {
		method string
		body   any
	}{{"GET", nil}, {"PATCH", object{"enabled": false}}} {
		var mode struct{ Enabled *bool }
		c.ask(http.StatusOK, call.method, path, call.body, &mode)
		if mode.Enabled == nil || *mode.Enabled {
			t.Errorf("%s privateIpMode: %+v", call.method, mode)
		}
	}
}

func TestCLISetup(t *testing.T) {
	c := withDigest(t, serve(t, "accept"))
	var info struct{ CurrentIpv4Address string }
	c.ask(http.StatusOK, "GET", "/api/private/ipinfo", nil, &info)
	if info.CurrentIpv4Address != "127.0.0.1" {
		t.Errorf("the caller's address is %q", info.CurrentIpv4Address)
	}
	var orgs page[object]
	c.ask(http.StatusOK, "GET", "/orgs?includeCount=true&itemsPerPage=100&name=&pageNum=1", nil, &orgs)
	if len(orgs.Results) != 1 || orgs.Results[0]["id"] != c.org {
		t.Errorf("organizations: %v", orgs.Results)
	}
}
