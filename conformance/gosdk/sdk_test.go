// Owns the proof that the official Go SDK, unmodified, does its whole work against Peerage.

package gosdk

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/atlas-sdk/v20250312018/admin"
)

const patience = 20 * time.Second

var counter atomic.Int64

// world is a client of one server, in a project of its own.
type world struct {
	t     *testing.T
	ctx   context.Context
	at    *server
	sdk   *admin.APIClient
	group string
}

func clients(t *testing.T, at *server) map[string]*admin.APIClient {
	t.Helper()
	ctx := context.Background()
	digest, err := admin.NewClient(admin.UseBaseURL(at.BaseURL), admin.UseDigestAuth(at.PublicKey, at.PrivateKey))
	must(t, err)
	// The base URL comes first: the credentials ask for their token there.
	account, err := admin.NewClient(admin.UseBaseURL(at.BaseURL), admin.UseOAuthAuth(ctx, at.ClientID, at.ClientSecret))
	must(t, err)
	return map[string]*admin.APIClient{"digest": digest, "account": account}
}

func newWorld(t *testing.T, at *server, sdk *admin.APIClient) *world {
	t.Helper()
	w := &world{t: t, ctx: context.Background(), at: at, sdk: sdk}
	name := fmt.Sprintf("sdk-%d", counter.Add(1))
	made, answer, err := sdk.ProjectsApi.CreateGroup(w.ctx, &admin.Group{Name: name, OrgId: at.OrgID}).Execute()
	must(t, err)
	equal(t, answer.StatusCode, http.StatusCreated)
	w.group = made.GetId()
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t *testing.T, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("got %v, want %v", got, want)
	}
}

// refused checks the SDK's own reading of an error.
func refused(t *testing.T, err error, status int, code string) *admin.ApiError {
	t.Helper()
	found, ok := admin.AsError(err)
	if !ok {
		t.Fatalf("not an error of the API: %v", err)
	}
	if found.GetError() != status || found.GetErrorCode() != code || !admin.IsErrorCode(err, code) {
		t.Fatalf("got %d %s, want %d %s: %v", found.GetError(), found.GetErrorCode(), status, code, err)
	}
	if found.GetDetail() == "" || found.GetReason() != http.StatusText(status) {
		t.Fatalf("detail %q, reason %q", found.GetDetail(), found.GetReason())
	}
	return found
}

type cloud struct {
	name, first, deleting string
	container             admin.CloudProviderContainer
	peer                  func(container string) *admin.BaseNetworkPeeringConnectionSettings
}

func to[T any](value T) *T { return &value }

func clouds() []cloud {
	unique := fmt.Sprintf("%d", counter.Add(1))
	return []cloud{
		{"AWS", "INITIATING", "TERMINATING",
			admin.CloudProviderContainer{ProviderName: to("AWS"), RegionName: to("US_EAST_1"), AtlasCidrBlock: to("10.8.0.0/21")},
			func(container string) *admin.BaseNetworkPeeringConnectionSettings {
				return &admin.BaseNetworkPeeringConnectionSettings{
					ContainerId: container, ProviderName: to("AWS"), AccepterRegionName: to("us-east-1"),
					AwsAccountId: to("012345678901"), VpcId: to("vpc-0123456789abcdef0"),
					RouteTableCidrBlock: to("172.31.0.0/16"),
				}
			}},
		{"AZURE", "ADDING_PEER", "DELETING",
			admin.CloudProviderContainer{ProviderName: to("AZURE"), Region: to("US_EAST_2"), AtlasCidrBlock: to("10.16.0.0/21")},
			func(container string) *admin.BaseNetworkPeeringConnectionSettings {
				return &admin.BaseNetworkPeeringConnectionSettings{
					ContainerId: container, ProviderName: to("AZURE"),
					AzureDirectoryId:    to("5f3a1c2e-7b44-4c8e-9d3f-2a1b0c9d8e7f"),
					AzureSubscriptionId: to("0e1d2c3b-4a59-4687-b6c5-d4e3f2a1b0c9"),
					ResourceGroupName:   to("Group"), VnetName: to("VNet-" + unique),
				}
			}},
		{"GCP", "ADDING_PEER", "DELETING",
			admin.CloudProviderContainer{ProviderName: to("GCP"), AtlasCidrBlock: to("10.128.0.0/18")},
			func(container string) *admin.BaseNetworkPeeringConnectionSettings {
				return &admin.BaseNetworkPeeringConnectionSettings{
					ContainerId: container, ProviderName: to("GCP"),
					GcpProjectId: to("customer-project"), NetworkName: to("network-" + unique),
				}
			}},
	}
}

func state(peer *admin.BaseNetworkPeeringConnectionSettings) string {
	if peer.GetProviderName() == "AWS" {
		return peer.GetStatusName()
	}
	return peer.GetStatus()
}

func (w *world) home(of cloud) string {
	w.t.Helper()
	made, _, err := w.sdk.NetworkPeeringApi.CreateGroupContainer(w.ctx, w.group, &of.container).Execute()
	must(w.t, err)
	equal(w.t, made.GetProvisioned(), false)
	return made.GetId()
}

func (w *world) until(id string, wanted func(*admin.BaseNetworkPeeringConnectionSettings) bool) *admin.BaseNetworkPeeringConnectionSettings {
	w.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		found, _, err := w.sdk.NetworkPeeringApi.GetGroupPeer(w.ctx, w.group, id).Execute()
		must(w.t, err)
		if wanted(found) {
			return found
		}
		if time.Now().After(end) {
			w.t.Fatalf("not in time; last %s", state(found))
		}
	}
}

func (w *world) remove(id, deleting string) {
	w.t.Helper()
	_, answer, err := w.sdk.NetworkPeeringApi.DeleteGroupPeer(w.ctx, w.group, id).Execute()
	must(w.t, err)
	equal(w.t, answer.StatusCode, http.StatusAccepted)
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		found, _, err := w.sdk.NetworkPeeringApi.GetGroupPeer(w.ctx, w.group, id).Execute()
		if err != nil {
			refused(w.t, err, http.StatusNotFound, "PEER_NOT_FOUND")
			return
		}
		equal(w.t, state(found), deleting)
		if time.Now().After(end) {
			w.t.Fatal("still there")
		}
	}
}

func TestAPeeringLives(t *testing.T) {
	at := serve(t, "accept")
	for auth, sdk := range clients(t, at) {
		for _, of := range clouds() {
			t.Run(auth+"/"+of.name, func(t *testing.T) {
				w := newWorld(t, at, sdk)
				home := w.home(of)
				made, answer, err := sdk.NetworkPeeringApi.CreateGroupPeer(w.ctx, w.group, of.peer(home)).Execute()
				must(t, err)
				equal(t, answer.StatusCode, http.StatusOK)
				equal(t, state(made), of.first)
				equal(t, made.GetContainerId(), home)
				found := w.until(made.GetId(), func(peer *admin.BaseNetworkPeeringConnectionSettings) bool { return state(peer) == "AVAILABLE" })
				if found.HasErrorState() || found.HasErrorStateName() || found.HasErrorMessage() {
					t.Fatalf("an error on what works: %+v", found)
				}
				container, _, err := sdk.NetworkPeeringApi.GetGroupContainer(w.ctx, w.group, home).Execute()
				must(t, err)
				equal(t, container.GetProvisioned(), true)
				_, err = sdk.NetworkPeeringApi.DeleteGroupContainer(w.ctx, w.group, home).Execute()
				refused(t, err, http.StatusConflict, "CONTAINERS_IN_USE")
				_, _, err = sdk.NetworkPeeringApi.CreateGroupPeer(w.ctx, w.group, of.peer(home)).Execute()
				twin := refused(t, err, http.StatusConflict, map[string]string{
					"AWS": "PEER_ALREADY_EXISTS", "AZURE": "PEER_ALREADY_EXISTS_AZURE", "GCP": "PEER_ALREADY_EXISTS_GCP"}[of.name])
				equal(t, len(twin.GetParameters()), 2)
				listed, _, err := sdk.NetworkPeeringApi.ListGroupPeers(w.ctx, w.group).ProviderName(of.name).Execute()
				must(t, err)
				equal(t, listed.GetTotalCount(), 1)
				equal(t, listed.GetResults()[0].GetId(), made.GetId())
				same := &admin.BaseNetworkPeeringConnectionSettings{ContainerId: home, ProviderName: to(of.name)}
				_, _, err = sdk.NetworkPeeringApi.UpdateGroupPeer(w.ctx, w.group, made.GetId(), same).Execute()
				must(t, err)
				w.remove(made.GetId(), of.deleting)
				w.dropContainer(home)
				answer, err = sdk.ProjectsApi.DeleteGroup(w.ctx, w.group).Execute()
				must(t, err)
				equal(t, answer.StatusCode, http.StatusAccepted)
				_, _, err = sdk.ProjectsApi.GetGroup(w.ctx, w.group).Execute()
				refused(t, err, http.StatusNotFound, "GROUP_NOT_FOUND")
			})
		}
	}
}

// dropContainer waits as clients do: not provisioned any more, then deleted.
func (w *world) dropContainer(home string) {
	w.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		found, _, err := w.sdk.NetworkPeeringApi.GetGroupContainer(w.ctx, w.group, home).Execute()
		must(w.t, err)
		if !found.GetProvisioned() {
			break
		}
		if time.Now().After(end) {
			w.t.Fatal("still provisioned")
		}
	}
	_, err := w.sdk.NetworkPeeringApi.DeleteGroupContainer(w.ctx, w.group, home).Execute()
	must(w.t, err)
}

func TestAnUpdateOnAWS(t *testing.T) {
	at := serve(t, "accept")
	w := newWorld(t, at, clients(t, at)["digest"])
	of := clouds()[0]
	made, _, err := w.sdk.NetworkPeeringApi.CreateGroupPeer(w.ctx, w.group, of.peer(w.home(of))).Execute()
	must(t, err)
	available := func(peer *admin.BaseNetworkPeeringConnectionSettings) bool { return state(peer) == "AVAILABLE" }
	before := w.until(made.GetId(), available)
	route := &admin.BaseNetworkPeeringConnectionSettings{ContainerId: made.ContainerId, RouteTableCidrBlock: to("172.30.0.0/16")}
	changed, _, err := w.sdk.NetworkPeeringApi.UpdateGroupPeer(w.ctx, w.group, made.GetId(), route).Execute()
	must(t, err)
	equal(t, changed.GetRouteTableCidrBlock(), "172.30.0.0/16")
	equal(t, state(changed), "AVAILABLE")
	equal(t, changed.GetConnectionId(), before.GetConnectionId())
	network := &admin.BaseNetworkPeeringConnectionSettings{ContainerId: made.ContainerId, VpcId: to("vpc-00000000000000001")}
	changed, _, err = w.sdk.NetworkPeeringApi.UpdateGroupPeer(w.ctx, w.group, made.GetId(), network).Execute()
	must(t, err)
	equal(t, state(changed), "INITIATING")
	after := w.until(made.GetId(), available)
	if after.GetConnectionId() == before.GetConnectionId() {
		t.Fatal("another network has the old connection")
	}
	w.remove(made.GetId(), "TERMINATING")
}

func TestRefusals(t *testing.T) {
	at := serve(t, "accept")
	w := newWorld(t, at, clients(t, at)["account"])
	of := clouds()[0]
	home := w.home(of)
	bad := of.peer(home)
	bad.AwsAccountId, bad.VpcId, bad.RouteTableCidrBlock = to("x"), to("y"), to("10.0.0.0/33")
	_, _, err := w.sdk.NetworkPeeringApi.CreateGroupPeer(w.ctx, w.group, bad).Execute()
	found := refused(t, err, http.StatusBadRequest, "INVALID_ATTRIBUTE")
	detail := found.GetBadRequestDetail()
	var fields []string
	for _, field := range detail.GetFields() {
		fields = append(fields, field.GetField())
	}
	for _, name := range []string{"awsAccountId", "vpcId", "routeTableCidrBlock"} {
		if !strings.Contains(strings.Join(fields, " "), name) {
			t.Fatalf("%s is not named: %v", name, fields)
		}
	}
	_, _, err = w.sdk.NetworkPeeringApi.CreateGroupPeer(w.ctx, w.group, &admin.BaseNetworkPeeringConnectionSettings{ContainerId: home}).Execute()
	refused(t, err, http.StatusBadRequest, "MISSING_ATTRIBUTE")
	_, _, err = w.sdk.NetworkPeeringApi.CreateGroupPeer(w.ctx, w.group, of.peer("0123456789abcdef01234567")).Execute()
	refused(t, err, http.StatusNotFound, "CLOUD_PROVIDER_CONTAINER_NOT_FOUND")
	_, _, err = w.sdk.NetworkPeeringApi.GetGroupPeer(w.ctx, "xyz", home).Execute()
	refused(t, err, http.StatusBadRequest, "PATH_PARAM_PARSE_ERROR")
	_, _, err = w.sdk.NetworkPeeringApi.ListGroupPeers(w.ctx, "0123456789abcdef01234567").Execute()
	refused(t, err, http.StatusNotFound, "GROUP_NOT_FOUND")
	_, _, err = w.sdk.NetworkPeeringApi.CreateGroupContainer(w.ctx, w.group, &of.container).Execute()
	refused(t, err, http.StatusConflict, "CONTAINER_ALREADY_EXISTS")
	inside := of.peer(home)
	inside.RouteTableCidrBlock = to("10.8.0.0/16")
	_, _, err = w.sdk.NetworkPeeringApi.CreateGroupPeer(w.ctx, w.group, inside).Execute()
	refused(t, err, http.StatusConflict, "OVERLAPPING_ATLAS_CIDR_BLOCK")
	stranger, err := admin.NewClient(admin.UseBaseURL(at.BaseURL), admin.UseDigestAuth("abcdefgh", "00000000-0000-0000-0000-000000000000"))
	must(t, err)
	_, _, err = stranger.ProjectsApi.ListGroups(w.ctx).Execute()
	if found, ok := admin.AsError(err); !ok || found.GetError() != http.StatusUnauthorized {
		t.Fatalf("a stranger got %v", err)
	}
}

func TestARoleThatReads(t *testing.T) {
	at := serve(t, "accept")
	w := newWorld(t, at, clients(t, at)["digest"])
	request := &admin.CreateAtlasProjectApiKey{Desc: "reader", Roles: []string{"GROUP_READ_ONLY"}}
	key, _, err := w.sdk.ProgrammaticAPIKeysApi.CreateGroupApiKey(w.ctx, w.group, request).Execute()
	must(t, err)
	reader, err := admin.NewClient(admin.UseBaseURL(at.BaseURL), admin.UseDigestAuth(key.GetPublicKey(), key.GetPrivateKey()))
	must(t, err)
	_, _, err = reader.NetworkPeeringApi.ListGroupPeers(w.ctx, w.group).Execute()
	must(t, err)
	of := clouds()[0]
	_, _, err = reader.NetworkPeeringApi.CreateGroupContainer(w.ctx, w.group, &of.container).Execute()
	refused(t, err, http.StatusForbidden, "USER_UNAUTHORIZED")
	_, _, err = reader.NetworkPeeringApi.ListGroupPeers(w.ctx, at.ProjectID).Execute()
	refused(t, err, http.StatusNotFound, "GROUP_NOT_FOUND")
	_, err = w.sdk.ProgrammaticAPIKeysApi.DeleteOrgApiKey(w.ctx, at.OrgID, key.GetId()).Execute()
	must(t, err)
	_, _, err = reader.NetworkPeeringApi.ListGroupPeers(w.ctx, w.group).Execute()
	if found, ok := admin.AsError(err); !ok || found.GetError() != http.StatusUnauthorized {
		t.Fatalf("a deleted key got %v", err)
	}
}

func TestPagesAndEnvelopes(t *testing.T) {
	at := serve(t, "accept")
	w := newWorld(t, at, clients(t, at)["account"])
	for _, region := range []string{"US_EAST_1", "US_EAST_2", "EU_WEST_1"} {
		container := admin.CloudProviderContainer{ProviderName: to("AWS"), RegionName: to(region)}
		_, _, err := w.sdk.NetworkPeeringApi.CreateGroupContainer(w.ctx, w.group, &container).Execute()
		must(t, err)
	}
	page, _, err := w.sdk.NetworkPeeringApi.ListGroupContainerAll(w.ctx, w.group).ItemsPerPage(2).PageNum(2).Execute()
	must(t, err)
	equal(t, page.GetTotalCount(), 3)
	equal(t, len(page.GetResults()), 1)
	equal(t, page.GetResults()[0].GetAtlasCidrBlock(), "192.168.248.0/21")
	page, _, err = w.sdk.NetworkPeeringApi.ListGroupContainers(w.ctx, w.group).ProviderName("AWS").IncludeCount(false).Execute()
	must(t, err)
	equal(t, page.HasTotalCount(), false)
	equal(t, len(page.GetResults()), 3)
	_, _, err = w.sdk.NetworkPeeringApi.ListGroupContainerAll(w.ctx, w.group).ItemsPerPage(501).Execute()
	refused(t, err, http.StatusBadRequest, "INVALID_QUERY_PARAMETER")
	mode, _, err := w.sdk.NetworkPeeringApi.VerifyPrivateIpMode(w.ctx, w.group).Execute()
	must(t, err)
	equal(t, mode.GetEnabled(), false)
}

func TestWhatIsAround(t *testing.T) {
	at := serve(t, "accept")
	w := newWorld(t, at, clients(t, at)["account"])
	ctx := w.ctx
	project, _, err := w.sdk.ProjectsApi.GetGroup(ctx, w.group).Execute()
	must(t, err)
	named, _, err := w.sdk.ProjectsApi.GetGroupByName(ctx, project.GetName()).Execute()
	must(t, err)
	equal(t, named.GetId(), w.group)
	renamed, _, err := w.sdk.ProjectsApi.UpdateGroup(ctx, w.group, &admin.GroupUpdate{Name: to(project.GetName() + "-new")}).Execute()
	must(t, err)
	equal(t, renamed.GetName(), project.GetName()+"-new")
	settings, _, err := w.sdk.ProjectsApi.UpdateGroupSettings(ctx, w.group, &admin.GroupSettings{IsDataExplorerEnabled: to(false)}).Execute()
	must(t, err)
	equal(t, settings.GetIsDataExplorerEnabled(), false)
	equal(t, settings.GetIsSchemaAdvisorEnabled(), true)
	limits, _, err := w.sdk.ProjectsApi.ListGroupLimits(ctx, w.group).Execute()
	must(t, err)
	if len(limits) == 0 {
		t.Fatal("no limits")
	}
	entries := []admin.NetworkPermissionEntry{{CidrBlock: to("10.1.0.0/16"), Comment: to("c")}, {IpAddress: to("10.2.0.1")}}
	list, _, err := w.sdk.ProjectIPAccessListApi.CreateAccessListEntry(ctx, w.group, &entries).Execute()
	must(t, err)
	equal(t, list.GetTotalCount(), 2)
	entry, _, err := w.sdk.ProjectIPAccessListApi.GetAccessListEntry(ctx, w.group, "10.1.0.0/16").Execute()
	must(t, err)
	equal(t, entry.GetComment(), "c")
	_, err = w.sdk.ProjectIPAccessListApi.DeleteAccessListEntry(ctx, w.group, "10.2.0.1").Execute()
	must(t, err)
	orgs, _, err := w.sdk.OrganizationsApi.ListOrgs(ctx).Execute()
	must(t, err)
	equal(t, orgs.GetResults()[0].GetId(), at.OrgID)
	team, _, err := w.sdk.TeamsApi.CreateOrgTeam(ctx, at.OrgID, &admin.Team{Name: "team-" + w.group, Usernames: []string{}}).Execute()
	must(t, err)
	roles := []admin.TeamRole{{TeamId: team.GetId(), RoleNames: []string{"GROUP_OWNER"}}}
	teams, _, err := w.sdk.TeamsApi.AddGroupTeams(ctx, w.group, &roles).Execute()
	must(t, err)
	equal(t, teams.GetResults()[0].GetTeamId(), team.GetId())
	account, _, err := w.sdk.ServiceAccountsApi.CreateOrgServiceAccount(ctx, at.OrgID, &admin.OrgServiceAccountRequest{
		Name: "sdk", Description: "d", Roles: []string{"ORG_READ_ONLY"}, SecretExpiresAfterHours: 8}).Execute()
	must(t, err)
	secret := account.GetSecrets()[0]
	other, err := admin.NewClient(admin.UseBaseURL(at.BaseURL), admin.UseOAuthAuth(ctx, account.GetClientId(), secret.GetSecret()))
	must(t, err)
	_, _, err = other.ProjectsApi.GetGroup(ctx, w.group).Execute()
	must(t, err)
	_, err = w.sdk.ServiceAccountsApi.DeleteOrgServiceAccount(ctx, account.GetClientId(), at.OrgID).Execute()
	must(t, err)
	_, _, err = other.ProjectsApi.GetGroup(ctx, w.group).Execute()
	if found, ok := admin.AsError(err); !ok || found.GetError() != http.StatusUnauthorized {
		t.Fatalf("a deleted account got %v", err)
	}
	events, _, err := w.sdk.EventsApi.ListGroupEvents(ctx, w.group).Execute()
	must(t, err)
	if events.GetTotalCount() < 4 {
		t.Fatalf("%d events", events.GetTotalCount())
	}
}
