// Owns the proof that the Atlas Kubernetes operator makes peerings with Peerage: its reconcilers,
// as they were published, bring containers and peerings of each cloud to ready, change them, say
// what went wrong, and take them away.

package peerage

import (
	"context"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mongodb/mongodb-atlas-kubernetes/v2/api"
	akov2 "github.com/mongodb/mongodb-atlas-kubernetes/v2/api/v1"
)

// cloud is one provider's part of the specifications.
type cloud struct {
	name      string
	container akov2.AtlasNetworkContainerConfig
	network   akov2.AtlasNetworkPeeringConfig
}

var clouds = []cloud{
	{
		name:      "AWS",
		container: akov2.AtlasNetworkContainerConfig{Region: "US_EAST_1", CIDRBlock: "192.168.208.0/21"},
		network: akov2.AtlasNetworkPeeringConfig{
			AWSConfiguration: &akov2.AWSNetworkPeeringConfiguration{
				AccepterRegionName: "us-east-1", AWSAccountID: "123456789012",
				RouteTableCIDRBlock: "10.0.0.0/16", VpcID: "vpc-0abc123def4567890",
			},
		},
	},
	{
		name:      "AZURE",
		container: akov2.AtlasNetworkContainerConfig{Region: "US_EAST_2", CIDRBlock: "192.168.216.0/21"},
		network: akov2.AtlasNetworkPeeringConfig{
			AzureConfiguration: &akov2.AzureNetworkPeeringConfiguration{
				AzureDirectoryID:    "5f3a1c2e-7b44-4c8e-9d3f-2a1b0c9d8e7f",
				AzureSubscriptionID: "0e1d2c3b-4a59-4687-b6c5-d4e3f2a1b0c9",
				ResourceGroupName:   "network-group", VNetName: "customer-vnet",
			},
		},
	},
	{
		name:      "GCP",
		container: akov2.AtlasNetworkContainerConfig{CIDRBlock: "10.128.0.0/18"},
		network: akov2.AtlasNetworkPeeringConfig{
			GCPConfiguration: &akov2.GCPNetworkPeeringConfiguration{
				GCPProjectID: "customer-project-7", NetworkName: "customer-network",
			},
		},
	},
}

func meta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name}
}

func (c *cluster) container(cloud cloud) *akov2.AtlasNetworkContainer {
	return &akov2.AtlasNetworkContainer{
		ObjectMeta: meta("container-" + strings.ToLower(cloud.name)),
		Spec: akov2.AtlasNetworkContainerSpec{
			ProjectDualReference: c.project, Provider: cloud.name,
			AtlasNetworkContainerConfig: cloud.container,
		},
	}
}

func (c *cluster) peering(cloud cloud, container *akov2.AtlasNetworkContainer) *akov2.AtlasNetworkPeering {
	made := &akov2.AtlasNetworkPeering{
		ObjectMeta: meta("peering-" + strings.ToLower(cloud.name)),
		Spec: akov2.AtlasNetworkPeeringSpec{
			ProjectDualReference:      c.project,
			ContainerRef:              akov2.ContainerDualReference{Name: container.Name},
			AtlasNetworkPeeringConfig: *cloud.network.DeepCopy(),
		},
	}
	made.Spec.Provider = cloud.name
	return made
}

func TestPeeringsAreMadeAndTakenAway(t *testing.T) {
	cluster := newCluster(t, serve(t, "accept"))
	for _, cloud := range clouds {
		t.Run(cloud.name, func(t *testing.T) {
			cluster.t = t
			container := cluster.container(cloud)
			cluster.apply(container)
			peering := cluster.peering(cloud, container)
			cluster.apply(peering)
			if peering.Status.ID == "" || peering.Status.Status != "AVAILABLE" {
				t.Fatalf("a ready peering: %+v", peering.Status)
			}
			first := peering.Status.ID
			cluster.ready(peering)
			if peering.Status.ID != first {
				t.Fatalf("%s was made anew as %s", first, peering.Status.ID)
			}
			cluster.remove(peering)
			cluster.remove(container)
		})
	}
}

func TestAContainerThatIsThereIsTakenOver(t *testing.T) {
	home := serve(t, "accept")
	first, second := newCluster(t, home), newCluster(t, home)
	container := first.container(clouds[0])
	first.apply(container)
	// Another cluster finds it by its region instead of making a second one.
	same := second.container(clouds[0])
	second.apply(same)
	if same.Status.ID != container.Status.ID {
		t.Fatalf("%s beside %s", same.Status.ID, container.Status.ID)
	}
	second.remove(same)
}

func TestAChangedRouteIsAppliedToTheSamePeering(t *testing.T) {
	cluster := newCluster(t, serve(t, "accept"))
	container := cluster.container(clouds[0])
	cluster.apply(container)
	peering := cluster.peering(clouds[0], container)
	cluster.apply(peering)
	before := peering.Status.ID
	peering.Spec.AWSConfiguration.RouteTableCIDRBlock = "10.7.0.0/16"
	if err := cluster.kubernetes.Update(context.Background(), peering); err != nil {
		t.Fatal(err)
	}
	cluster.reconcile(peering)
	cluster.ready(peering)
	if peering.Status.ID != before {
		t.Fatalf("%s was made anew as %s", before, peering.Status.ID)
	}
	cluster.remove(peering)
	cluster.remove(container)
}

func TestARejectionIsToldToTheUserOfTheOperator(t *testing.T) {
	cluster := newCluster(t, serve(t, "reject"))
	container := cluster.container(clouds[0])
	cluster.apply(container)
	peering := cluster.peering(clouds[0], container)
	if err := cluster.kubernetes.Create(context.Background(), peering); err != nil {
		t.Fatal(err)
	}
	cluster.until("refused", peering, func() bool {
		return strings.Contains(condition(peering, api.ReadyType).Message, "peering connection failed")
	})
	cluster.remove(peering)
	cluster.remove(container)
}
