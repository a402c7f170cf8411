// Owns the calls of the Kubernetes operator and of the CloudFormation handlers for peering, and
// their reading of the answers: by error code, by any text in an error field, by exact counts.

package conformance

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
)

// listAll reads every page of a list, as the operator does: until it has totalCount items.
func listAll[T any](c *client, path string, perPage int) []T {
	c.t.Helper()
	var all []T
	for number := 1; ; number++ {
		var found page[T]
		c.ask(http.StatusOK, "GET", fmt.Sprintf("%s&includeCount=true&itemsPerPage=%d&pageNum=%d",
			path, perPage, number), nil, &found)
		if found.Results == nil || found.TotalCount == nil {
			c.t.Fatalf("a list lacks results or totalCount: %+v", found)
		}
		all = append(all, found.Results...)
		if len(all) == *found.TotalCount {
			return all
		}
		if len(found.Results) == 0 {
			c.t.Fatalf("%d items of %d, and no more pages", len(all), *found.TotalCount)
		}
	}
}

func TestOperatorReconcilesAPeering(t *testing.T) {
	both(t, "accept", func(c *client) {
		group := c.applyProject()
		path := "/groups/" + group
		var home container
		c.ask(http.StatusOK, "POST", path+"/containers", aws.container, &home)
		c.refused(http.StatusNotFound, "PEER_NOT_FOUND", "GET", path+"/peers/"+unknown, nil)
		var made peering
		c.ask(http.StatusOK, "POST", path+"/peers", aws.peer(home.ID, nil), &made)
		c.poll("a ready peering", func() bool {
			var found peering
			c.ask(http.StatusOK, "GET", path+"/peers/"+made.ID, nil, &found)
			if found.failed() {
				c.t.Fatalf("the operator takes this for a failure: %+v", found)
			}
			return found.state() == "AVAILABLE"
		})
		c.refused(http.StatusConflict, "CONTAINERS_IN_USE", "DELETE", path+"/containers/"+home.ID, nil)
		c.ask(http.StatusAccepted, "DELETE", path+"/peers/"+made.ID, nil, nil)
		got := c.send("GET", path+"/peers/"+made.ID, nil)
		if got.status != http.StatusNotFound {
			var found peering
			c.read(got, &found)
			if found.state() != "TERMINATING" || found.failed() {
				c.t.Fatalf("right after DELETE: %+v", found)
			}
		}
	})
}

func TestOperatorSeesAFailure(t *testing.T) {
	c := withDigest(t, serve(t, "reject"))
	group := c.applyProject()
	path := "/groups/" + group
	var home container
	c.ask(http.StatusOK, "POST", path+"/containers", aws.container, &home)
	var made peering
	c.ask(http.StatusOK, "POST", path+"/peers", aws.peer(home.ID, nil), &made)
	c.poll("a failed peering", func() bool {
		var found peering
		c.ask(http.StatusOK, "GET", path+"/peers/"+made.ID, nil, &found)
		if found.failed() != (found.state() == "FAILED") {
			t.Fatalf("status and error disagree: %+v", found)
		}
		return found.failed() && deref(found.ErrorStateName) == "REJECTED"
	})
	c.destroyPeering(group, made.ID)
	c.destroyContainer(group, home.ID)
}

func TestOperatorReadsEveryPage(t *testing.T) {
	c := withDigest(t, serve(t, "accept"))
	group := c.applyProject()
	path := "/groups/" + group
	var home container
	c.ask(http.StatusOK, "POST", path+"/containers", aws.container, &home)
	var made []string
	for number := range 7 {
		body := aws.peer(home.ID, object{
			"vpcId":               fmt.Sprintf("vpc-%017x", number),
			"routeTableCidrBlock": fmt.Sprintf("10.%d.0.0/16", number),
		})
		var one peering
		c.ask(http.StatusOK, "POST", path+"/peers", body, &one)
		made = append(made, one.ID)
	}
	var read []string
	for _, one := range listAll[peering](c, path+"/peers?providerName=AWS", 3) {
		read = append(read, one.ID)
	}
	if !slices.Equal(read, made) {
		t.Errorf("made %v, read %v", made, read)
	}
	for _, provider := range []string{"AZURE", "GCP"} {
		if found := listAll[peering](c, path+"/peers?providerName="+provider, 3); len(found) != 0 {
			t.Errorf("%s lists %v", provider, found)
		}
	}
}

func TestOperatorAdoptsAContainer(t *testing.T) {
	c := withDigest(t, serve(t, "accept"))
	group := c.applyProject()
	path := "/groups/" + group
	for _, cloud := range clouds {
		var home container
		c.ask(http.StatusOK, "POST", path+"/containers", cloud.container, &home)
		refusal := c.refused(http.StatusConflict, "CONTAINER_ALREADY_EXISTS", "POST", path+"/containers", cloud.container)
		if !slices.Equal(refusal.Parameters, []string{group}) {
			t.Errorf("parameters: %v", refusal.Parameters)
		}
		found := listAll[container](c, path+"/containers?providerName="+cloud.name, 100)
		if len(found) != 1 || found[0].ID != home.ID || found[0].ProviderName != cloud.name ||
			deref(found[0].AtlasCidrBlock) != cloud.container["atlasCidrBlock"] {
			t.Errorf("%s: adopts %+v", cloud.name, found)
		}
	}
}

func TestADeletedPeeringIsGoneFromTheOldInterfaceToo(t *testing.T) {
	c := withDigest(t, serve(t, "accept"))
	group := c.applyProject()
	got := c.send("GET", "/api/atlas/v1.0/groups/"+group+"/peers/"+unknown, nil)
	if got.status != http.StatusNotFound {
		t.Errorf("the old interface answers %d", got.status)
	}
}
