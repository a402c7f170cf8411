// Owns the calls of the Terraform provider for MongoDB Atlas, in its order and with its reading of
// the answers: a project, a container and a peering on each cloud through create, read, update,
// import and delete. The waits are shorter than the provider's; what it waits for is the same.

package conformance

import (
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
)

var (
	createPending = []string{"INITIATING", "FINALIZING", "ADDING_PEER", "WAITING_FOR_USER"}
	createTarget  = []string{"FAILED", "AVAILABLE", "PENDING_ACCEPTANCE"}
	deletePending = []string{
		"AVAILABLE", "INITIATING", "PENDING_ACCEPTANCE", "FINALIZING", "ADDING_PEER",
		"TERMINATING", "DELETING",
	}
)

// project is what the provider reads of a project.
type project struct {
	ID                        *string             `json:"id"`
	Name                      string              `json:"name"`
	OrgID                     string              `json:"orgId"`
	ClusterCount              *int                `json:"clusterCount"`
	Created                   string              `json:"created"`
	WithDefaultAlertsSettings *bool               `json:"withDefaultAlertsSettings"`
	Tags                      []map[string]string `json:"tags"`
}

var projects atomic.Int32

// applyProject makes a project as `terraform apply` does.
func (c *client) applyProject() string {
	c.t.Helper()
	name := fmt.Sprintf("terraform-%d", projects.Add(1))
	body := object{
		"name": name, "orgId": c.org, "withDefaultAlertsSettings": true,
		"tags": []object{{"key": "team", "value": "network"}},
	}
	var made project
	c.ask(http.StatusCreated, "POST", "/groups", body, &made)
	if made.ID == nil || made.ClusterCount == nil || made.Created == "" {
		c.t.Fatalf("the provider dereferences what this project lacks: %+v", made)
	}
	group := "/groups/" + *made.ID
	var settings map[string]*bool
	c.ask(http.StatusOK, "GET", group+"/settings", nil, &settings)
	c.ask(http.StatusOK, "PATCH", group+"/settings", settings, &settings)
	var read project
	c.ask(http.StatusOK, "GET", group, nil, &read)
	if read.WithDefaultAlertsSettings == nil || !*read.WithDefaultAlertsSettings {
		c.t.Fatal("withDefaultAlertsSettings is not what was configured")
	}
	if len(read.Tags) != 1 || read.Tags[0]["key"] != "team" || read.Tags[0]["value"] != "network" {
		c.t.Fatalf("tags are not what was configured: %v", read.Tags)
	}
	if got := c.send("POST", group+"/managedSlowMs/enable", nil); got.status/100 != 2 {
		c.t.Fatalf("managedSlowMs cannot be enabled: %d %s", got.status, got.body)
	}
	c.refreshProject(*made.ID)
	return *made.ID
}

// refreshProject reads what the provider reads of a project in every plan.
func (c *client) refreshProject(id string) {
	c.t.Helper()
	group := "/groups/" + id
	c.ask(http.StatusOK, "GET", group, nil, &project{})
	var teams page[object]
	c.ask(http.StatusOK, "GET", group+"/teams?includeCount=true&itemsPerPage=100&pageNum=1", nil, &teams)
	var limits []struct {
		Name  string `json:"name"`
		Value *int64 `json:"value"`
	}
	c.ask(http.StatusOK, "GET", group+"/limits", nil, &limits)
	for _, limit := range limits {
		if limit.Value == nil {
			c.t.Fatalf("the limit %s has no value", limit.Name)
		}
	}
	var settings map[string]*bool
	c.ask(http.StatusOK, "GET", group+"/settings", nil, &settings)
	for _, name := range []string{
		"isCollectDatabaseSpecificsStatisticsEnabled", "isDataExplorerEnabled",
		"isExtendedStorageSizesEnabled", "isPerformanceAdvisorEnabled",
		"isRealtimePerformancePanelEnabled", "isSchemaAdvisorEnabled",
	} {
		if settings[name] == nil {
			c.t.Fatalf("the provider dereferences the setting %s, which is absent", name)
		}
	}
	var addresses struct {
		GroupID  *string        `json:"groupId"`
		Services map[string]any `json:"services"`
	}
	c.ask(http.StatusOK, "GET", group+"/ipAddresses", nil, &addresses)
	var slow *bool
	c.ask(http.StatusOK, "GET", group+"/managedSlowMs", nil, &slow)
	if slow == nil || !*slow {
		c.t.Fatal("managedSlowMs was enabled and is not")
	}
	var users page[object]
	got := c.sendAs("application/vnd.atlas.2025-02-19+json", "GET", group+"/users?includeCount=true", nil)
	c.read(got, &users)
	if got.status != http.StatusOK || users.TotalCount == nil {
		c.t.Fatalf("GET users: %d %s", got.status, got.body)
	}
}

// destroyProject deletes a project as `terraform destroy` does.
func (c *client) destroyProject(id string) {
	c.t.Helper()
	var clusters page[object]
	got := c.sendAs("application/vnd.atlas.2024-08-05+json", "GET",
		"/groups/"+id+"/clusters?includeCount=true&includeDeletedWithRetainedBackups=false&itemsPerPage=100&pageNum=1", nil)
	c.read(got, &clusters)
	if clusters.TotalCount == nil || *clusters.TotalCount != 0 {
		c.t.Fatalf("the provider dereferences totalCount of clusters: %s", got.body)
	}
	c.ask(http.StatusAccepted, "DELETE", "/groups/"+id, nil, nil)
	c.refused(http.StatusNotFound, "GROUP_NOT_FOUND", "GET", "/groups/"+id, nil)
}

// refreshPeering reads a peering as every plan does, and gives it back with its container.
func (c *client) refreshPeering(group, id string) (peering, container) {
	c.t.Helper()
	var found peering
	var home container
	c.ask(http.StatusOK, "GET", "/groups/"+group+"/peers/"+id, nil, &found)
	c.ask(http.StatusOK, "GET", "/groups/"+group+"/containers/"+found.ContainerID, nil, &home)
	if home.Provisioned == nil || home.AtlasCidrBlock == nil {
		c.t.Fatalf("the provider dereferences what this container lacks: %+v", home)
	}
	return found, home
}

// waitForPeering polls as the provider does after a POST or a PATCH.
func (c *client) waitForPeering(group, id string) peering {
	c.t.Helper()
	var last peering
	c.poll("a peering that is made", func() bool {
		found, home := c.refreshPeering(group, id)
		last = found
		state := found.state()
		if state == "WAITING_FOR_USER" && *home.Provisioned {
			return true
		}
		if !slices.Contains(createPending, state) && !slices.Contains(createTarget, state) {
			c.t.Fatalf("unexpected state '%s'", state)
		}
		return slices.Contains(createTarget, state)
	})
	return last
}

// destroyPeering deletes a peering and polls until it is gone.
func (c *client) destroyPeering(group, id string) {
	c.t.Helper()
	path := "/groups/" + group + "/peers/" + id
	c.ask(http.StatusAccepted, "DELETE", path, nil, nil)
	c.poll("a peering that is gone", func() bool {
		got := c.send("GET", path, nil)
		if got.status == http.StatusNotFound {
			return true
		}
		var found peering
		c.read(got, &found)
		if !slices.Contains(deletePending, found.state()) {
			c.t.Fatalf("unexpected state '%s' after DELETE", found.state())
		}
		return false
	})
}

// destroyContainer deletes a container as the provider does: when it is no longer provisioned.
func (c *client) destroyContainer(group, id string) {
	c.t.Helper()
	path := "/groups/" + group + "/containers/" + id
	c.poll("a container that is deleted", func() bool {
		var home container
		c.ask(http.StatusOK, "GET", path, nil, &home)
		return !*home.Provisioned && c.send("DELETE", path, nil).status == http.StatusNoContent
	})
	c.refused(http.StatusNotFound, "CLOUD_PROVIDER_CONTAINER_NOT_FOUND", "GET", path, nil)
}

func TestTerraformAppliesPlansAndDestroys(t *testing.T) {
	for _, cloud := range clouds {
		t.Run(cloud.name, func(t *testing.T) {
			both(t, "accept", func(c *client) { c.liveThrough(cloud) })
		})
	}
}

func (c *client) liveThrough(cloud cloud) {
	group := c.applyProject()
	path := "/groups/" + group
	var home container
	c.ask(http.StatusOK, "POST", path+"/containers", cloud.container, &home)
	var made peering
	c.ask(http.StatusOK, "POST", path+"/peers", cloud.peer(home.ID, nil), &made)
	if made.state() != cloud.first {
		c.t.Fatalf("a new peering is %s, not %s", made.state(), cloud.first)
	}
	c.waitForPeering(group, made.ID)

	// A plan, and an import, find what was configured.
	got := c.ask(http.StatusOK, "GET", path+"/peers/"+made.ID, nil, nil)
	var fields object
	c.read(got, &fields)
	for name, want := range cloud.peer(home.ID, nil) {
		if fields[name] != want {
			c.t.Errorf("a difference in every plan: %s is %v, configured is %v", name, fields[name], want)
		}
	}
	_, found := c.refreshPeering(group, made.ID)
	if cloud.name == "GCP" && (deref(found.GcpProjectID) == "" || deref(found.NetworkName) == "") {
		c.t.Error("atlas_gcp_project_id and atlas_vpc_name would be empty")
	}
	if !slices.Equal(found.Regions, gcpRegions(cloud)) {
		c.t.Errorf("a difference in every plan: regions are %v", found.Regions)
	}
	var all page[container]
	c.ask(http.StatusOK, "GET", path+"/containers/all?includeCount=true&itemsPerPage=100&pageNum=1", nil, &all)
	if len(all.Results) != 1 || all.Results[0].ID != home.ID {
		c.t.Errorf("the data source of containers sees %v", all.Results)
	}

	c.destroyPeering(group, made.ID)
	c.destroyContainer(group, home.ID)
	c.destroyProject(group)
}

func gcpRegions(cloud cloud) []string {
	regions, _ := cloud.container["regions"].([]string)
	return regions
}

func TestTerraformUpdatesInPlace(t *testing.T) {
	both(t, "accept", func(c *client) {
		group := c.applyProject()
		path := "/groups/" + group
		var home container
		c.ask(http.StatusOK, "POST", path+"/containers", aws.container, &home)

		moved := object{"providerName": "AWS", "regionName": "US_EAST_2", "atlasCidrBlock": "192.168.224.0/21"}
		var after container
		c.ask(http.StatusOK, "PATCH", path+"/containers/"+home.ID, moved, &after)
		if after.ID != home.ID || deref(after.RegionName) != "US_EAST_2" {
			c.t.Fatalf("the container did not move in place: %+v", after)
		}

		var made peering
		c.ask(http.StatusOK, "POST", path+"/peers", aws.peer(home.ID, nil), &made)
		c.poll("an available peering", func() bool {
			return c.waitForPeering(group, made.ID).state() == "AVAILABLE"
		})
		changed := aws.peer(home.ID, object{"routeTableCidrBlock": "10.2.0.0/16"})
		c.ask(http.StatusOK, "PATCH", path+"/peers/"+made.ID, changed, nil)
		updated := c.waitForPeering(group, made.ID)
		if deref(updated.RouteTableCidrBlock) != "10.2.0.0/16" || updated.ID != made.ID {
			c.t.Errorf("the peering was not updated in place: %+v", updated)
		}
		c.destroyPeering(group, made.ID)
		c.destroyContainer(group, home.ID)
		c.destroyProject(group)
	})
}

func TestTerraformWaitsForTheCustomerOnlyOnce(t *testing.T) {
	c := withDigest(t, serve(t, "manual"))
	for cloud, want := range map[*cloud]string{&aws: "PENDING_ACCEPTANCE", &gcp: "WAITING_FOR_USER"} {
		group := c.applyProject()
		var home container
		c.ask(http.StatusOK, "POST", "/groups/"+group+"/containers", cloud.container, &home)
		var made peering
		c.ask(http.StatusOK, "POST", "/groups/"+group+"/peers", cloud.peer(home.ID, nil), &made)
		if got := c.waitForPeering(group, made.ID).state(); got != want {
			t.Errorf("apply ends at %s, not at %s", got, want)
		}
		c.destroyPeering(group, made.ID)
		c.destroyContainer(group, home.ID)
	}
}

func TestTerraformKeepsTheAccessList(t *testing.T) {
	both(t, "accept", func(c *client) {
		group := c.applyProject()
		path := "/groups/" + group + "/accessList"
		type entry struct {
			IPAddress, CidrBlock, Comment *string
		}
		var made page[entry]
		c.ask(http.StatusOK, "POST", path, []object{{"cidrBlock": "10.3.0.0/16", "comment": "vpn"}}, &made)
		var found entry
		c.ask(http.StatusOK, "GET", path+"/10.3.0.0%2F16", nil, &found)
		if deref(found.CidrBlock) != "10.3.0.0/16" || deref(found.Comment) != "vpn" {
			c.t.Errorf("a difference in every plan: %+v", found)
		}
		c.ask(http.StatusNoContent, "DELETE", path+"/10.3.0.0%2F16", nil, nil)
		if got := c.send("GET", path+"/10.3.0.0%2F16", nil); got.status != http.StatusNotFound {
			c.t.Errorf("a deleted entry answers %d", got.status)
		}
		c.destroyProject(group)
	})
}
