// Owns both ends of a peering on each cloud as request bodies, and the fields that the Go clients
// read of the answers, with pointers where they dereference one.

package conformance

import "maps"

type object = map[string]any

// cloud is one provider's words.
type cloud struct {
	name      string
	container object
	network   object
	first     string
	deleting  string
}

var (
	aws = cloud{
		name: "AWS",
		container: object{
			"providerName": "AWS", "regionName": "US_EAST_1", "atlasCidrBlock": "192.168.208.0/21",
		},
		network: object{
			"accepterRegionName": "us-east-1", "awsAccountId": "012345678901",
			"routeTableCidrBlock": "10.0.0.0/16", "vpcId": "vpc-0abc123def4567890",
		},
		first: "INITIATING", deleting: "TERMINATING",
	}
	azure = cloud{
		name: "AZURE",
		container: object{
			"providerName": "AZURE", "region": "US_EAST_2", "atlasCidrBlock": "192.168.216.0/21",
		},
		network: object{
			"azureDirectoryId":    "5f3a1c2e-7b44-4c8e-9d3f-2a1b0c9d8e7f",
			"azureSubscriptionId": "0e1d2c3b-4a59-4687-b6c5-d4e3f2a1b0c9",
			"resourceGroupName":   "Network-Group_1", "vnetName": "Customer-VNet",
		},
		first: "ADDING_PEER", deleting: "DELETING",
	}
	gcp = cloud{
		name: "GCP",
		container: object{
			"providerName": "GCP", "regions": []string{"WESTERN_EUROPE", "CENTRAL_US"},
			"atlasCidrBlock": "10.128.0.0/18",
		},
		network: object{"gcpProjectId": "customer-project-7", "networkName": "customer-network"},
		first:   "ADDING_PEER", deleting: "DELETING",
	}
	clouds = []cloud{aws, azure, gcp}
)

// peer is the body that asks for a peering, with some values changed.
func (c cloud) peer(container string, changes object) object {
	body := object{"providerName": c.name, "containerId": container}
	maps.Copy(body, c.network)
	maps.Copy(body, changes)
	return body
}

// peering is what the Go clients read of a peering.
type peering struct {
	ID                  string  `json:"id"`
	ContainerID         string  `json:"containerId"`
	ProviderName        *string `json:"providerName"`
	StatusName          *string `json:"statusName"`
	Status              *string `json:"status"`
	ErrorStateName      *string `json:"errorStateName"`
	ErrorState          *string `json:"errorState"`
	ErrorMessage        *string `json:"errorMessage"`
	ConnectionID        *string `json:"connectionId"`
	AccepterRegionName  *string `json:"accepterRegionName"`
	AwsAccountID        *string `json:"awsAccountId"`
	RouteTableCidrBlock *string `json:"routeTableCidrBlock"`
	VpcID               *string `json:"vpcId"`
	VnetName            *string `json:"vnetName"`
	ResourceGroupName   *string `json:"resourceGroupName"`
	NetworkName         *string `json:"networkName"`
	GcpProjectID        *string `json:"gcpProjectId"`
}

// state is where the peering stands: the Terraform provider takes statusName on AWS, else status.
func (p peering) state() string {
	if p.StatusName != nil && *p.StatusName != "" {
		return *p.StatusName
	}
	return deref(p.Status)
}

// failed is how the operator and the CloudFormation handlers see a failure: any text at all.
func (p peering) failed() bool {
	return deref(p.ErrorStateName) != "" || deref(p.ErrorState) != "" || deref(p.ErrorMessage) != ""
}

// container is what the Go clients read of a container; `provisioned` is dereferenced.
type container struct {
	ID             string   `json:"id"`
	ProviderName   string   `json:"providerName"`
	Provisioned    *bool    `json:"provisioned"`
	AtlasCidrBlock *string  `json:"atlasCidrBlock"`
	RegionName     *string  `json:"regionName"`
	Region         *string  `json:"region"`
	Regions        []string `json:"regions"`
	GcpProjectID   *string  `json:"gcpProjectId"`
	NetworkName    *string  `json:"networkName"`
}

// page is a list; `totalCount` is dereferenced, `results` must not be null.
type page[T any] struct {
	Links []struct {
		Rel  string `json:"rel"`
		Href string `json:"href"`
	} `json:"links"`
	Results    []T  `json:"results"`
	TotalCount *int `json:"totalCount"`
}

func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
