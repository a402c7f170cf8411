"""Owns the customer's hand on Azure and GCP: networks, roles and halves of peerings, made with the
official clients of those clouds."""

import time
import uuid
from dataclasses import dataclass

import atlas
import requests
from azure.core.credentials import AccessToken
from azure.mgmt.network import NetworkManagementClient
from google.auth.credentials import AnonymousCredentials
from google.cloud import compute_v1

DIRECTORY = "33333333-3333-3333-3333-333333333333"
SUBSCRIPTION = "0e1d2c3b-4a59-4687-b6c5-d4e3f2a1b0c9"
GROUP = "customer-group"
APPLICATION = "44444444-4444-4444-4444-444444444444"
ACTIONS = [
    "Microsoft.Network/virtualNetworks/virtualNetworkPeerings/read",
    "Microsoft.Network/virtualNetworks/virtualNetworkPeerings/write",
    "Microsoft.Network/virtualNetworks/virtualNetworkPeerings/delete",
    "Microsoft.Network/virtualNetworks/peer/action",
]


class Administrator:
    """The credential of the customer's administrator: a token that the emulator did not issue."""

    def get_token(self, *_scopes, **_options):
        """A token for an hour."""
        return AccessToken("administrator", int(time.time()) + 3600)


@dataclass(frozen=True)
class VNet:
    """A network of the customer on Azure."""

    name: str

    @property
    def names(self):
        """What the Atlas API wants to know of it."""
        return {"azureDirectoryId": DIRECTORY, "azureSubscriptionId": SUBSCRIPTION,
                "resourceGroupName": GROUP, "vnetName": self.name}

    @property
    def id(self):
        """Its name in Resource Manager."""
        return (f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/"
                f"Microsoft.Network/virtualNetworks/{self.name}")


class Azure:
    """The customer on Azure."""

    def __init__(self, clouds):
        self.endpoint, self.ca = clouds.azure, clouds.ca
        self.network = NetworkManagementClient(
            Administrator(), SUBSCRIPTION, base_url=clouds.azure, connection_verify=clouds.ca,
            credential_scopes=[f"{clouds.azure}/.default"], polling_interval=0.1,
        )

    def put(self, path, version, body):
        """A request that the client of networks has no method for."""
        answer = requests.put(
            f"{self.endpoint}{path}?api-version={version}", json=body, verify=self.ca,
            headers={"Authorization": "Bearer administrator"}, timeout=10,
        )
        answer.raise_for_status()
        return answer.json()

    def vnet(self, name, block):
        """A network with these addresses."""
        self.put(f"/subscriptions/{SUBSCRIPTION}/resourcegroups/{GROUP}", "2021-04-01",
                 {"location": "eastus2"})
        self.network.virtual_networks.begin_create_or_update(
            GROUP, f"vnet-{name}",
            {"location": "eastus2", "properties": {"addressSpace": {"addressPrefixes": [block]}}},
        ).result()
        return VNet(f"vnet-{name}")

    def grant(self, vnet):
        """Gives the service's principal the role that the guide asks for."""
        role, grant = uuid.uuid4(), uuid.uuid4()
        base = f"{vnet.id}/providers/Microsoft.Authorization"
        made = self.put(f"{base}/roleDefinitions/{role}", "2022-04-01", {"properties": {
            "roleName": f"AtlasPeering/{vnet.name}", "type": "CustomRole",
            "permissions": [{"actions": ACTIONS, "notActions": []}],
            "assignableScopes": [vnet.id],
        }})
        self.put(f"{base}/roleAssignments/{grant}", "2022-04-01", {"properties": {
            "roleDefinitionId": made["id"], "principalId": service_principal(self),
            "principalType": "ServicePrincipal",
        }})

    def peerings(self, vnet):
        """The peerings in a network of the customer."""
        return list(self.network.virtual_network_peerings.list(GROUP, vnet.name))


def service_principal(azure):
    """Takes the service's application into the customer's directory, as `az ad sp create --id`
    does; its object id there."""
    headers = {"Authorization": "Bearer administrator"}
    base = f"{azure.endpoint}/v1.0/servicePrincipals"
    made = requests.post(base, json={"appId": APPLICATION}, verify=azure.ca, timeout=10,
                         headers=headers)
    if made.status_code == 409:
        made = requests.get(f"{base}(appId='{APPLICATION}')", verify=azure.ca, timeout=10,
                            headers=headers)
    made.raise_for_status()
    return made.json()["id"]


class Google:
    """The customer on GCP."""

    project = "customer-project"

    def __init__(self, clouds):
        options = {"credentials": AnonymousCredentials(),
                   "client_options": {"api_endpoint": clouds.gcp}}
        self.networks = compute_v1.NetworksClient(**options)
        self.subnetworks = compute_v1.SubnetworksClient(**options)
        # Futures of this library ask Google's own address, whatever they are told.
        self.operations = compute_v1.GlobalOperationsClient(**options)
        self.regional = compute_v1.RegionOperationsClient(**options)

    def wait(self, operation):
        """Waits until a global operation is done, and fails as it did."""
        self.finish(lambda: self.operations.get(project=self.project, operation=operation.name))

    @staticmethod
    def finish(look):
        """Waits until an operation is done, and fails as it did."""
        done = atlas.until(look, lambda found: found.status == compute_v1.Operation.Status.DONE)
        assert not done.error.errors, done

    def network(self, name, block):
        """A network with a subnet of these addresses, in the words of the Atlas API."""
        self.wait(self.networks.insert_unary(
            project=self.project, network_resource=compute_v1.Network(
                name=name, auto_create_subnetworks=False)))
        made = self.subnetworks.insert_unary(
            project=self.project, region="us-central1", subnetwork_resource=compute_v1.Subnetwork(
                name=f"{name}-subnet", ip_cidr_range=block,
                network=f"projects/{self.project}/global/networks/{name}",
            ))
        self.finish(lambda: self.regional.get(
            project=self.project, region="us-central1", operation=made.name))
        return {"gcpProjectId": self.project, "networkName": name}

    def join(self, network, project, name):
        """Makes the customer's half of a peering with the service's network."""
        peering = compute_v1.NetworkPeering(
            name="to-the-service", network=f"projects/{project}/global/networks/{name}",
            exchange_subnet_routes=True)
        self.wait(self.networks.add_peering_unary(
            project=self.project, network=network["networkName"],
            networks_add_peering_request_resource=compute_v1.NetworksAddPeeringRequest(
                network_peering=peering)))

    def states(self, network):
        """Where the peerings of a network stand."""
        found = self.networks.get(project=self.project, network=network["networkName"])
        return [peering.state for peering in found.peerings]
