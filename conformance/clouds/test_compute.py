"""Owns the proof that Google's own clients find the emulated Compute Engine to be one: both sides of
a peering, made, changed, broken and mended by `google-cloud-compute` alone, and every answer held
against the schema that Google publishes, by the client that carries it."""

import itertools
import json
import re
import time
import uuid

import atlas
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import compute_v1
from google.oauth2 import service_account
from googleapiclient import discovery, discovery_cache
from googleapiclient.errors import HttpError

REGION = "us-east1"
BUSY = "There is a peering operation in progress on the local or peer network. Try again later."
DONE = compute_v1.Operation.Status.DONE


class Side:
    """One of the two parties: a project of one test, and Google's clients of it."""

    def __init__(self, clouds, credentials=None):
        self.project = f"stranger-{uuid.uuid4().hex[:12]}"
        options = {"credentials": credentials or AnonymousCredentials(),
                   "client_options": {"api_endpoint": clouds.gcp}}
        self.networks = compute_v1.NetworksClient(**options)
        self.subnetworks = compute_v1.SubnetworksClient(**options)
        self.routes = compute_v1.RoutesClient(**options)
        self.regions = compute_v1.RegionsClient(**options)
        # Futures of this library ask Google's own address, whatever they are told.
        self.operations = compute_v1.GlobalOperationsClient(**options)
        self.regional = compute_v1.RegionOperationsClient(**options)

    def end(self, operation):
        """The operation once it is done."""
        if operation.region:
            return atlas.until(lambda: self.regional.get(
                project=self.project, region=REGION, operation=operation.name),
                lambda found: found.status == DONE)
        return atlas.until(lambda: self.operations.wait(
            project=self.project, operation=operation.name), lambda found: found.status == DONE)

    def done(self, operation):
        """Waits for an operation that must not fail."""
        ended = self.end(operation)
        assert not ended.error.errors, ended
        assert (ended.progress, ended.http_error_status_code) == (100, 0)
        return ended

    def network(self, name, *blocks):
        """A network in custom mode, with a subnetwork for each block."""
        self.done(self.networks.insert_unary(
            project=self.project, network_resource=compute_v1.Network(
                name=name, auto_create_subnetworks=False)))
        for number, block in enumerate(blocks):
            self.done(self.subnetwork(name, f"{name}-{number}", block))
        return self.get(name)

    def subnetwork(self, network, name, block):
        """Begins a subnetwork."""
        return self.subnetworks.insert_unary(
            project=self.project, region=REGION, subnetwork_resource=compute_v1.Subnetwork(
                name=name, ip_cidr_range=block, network=self.path(network)))

    def path(self, network):
        """How other projects name a network."""
        return f"projects/{self.project}/global/networks/{network}"

    def get(self, network):
        """A network as it is shown."""
        return self.networks.get(project=self.project, network=network)

    def peering(self, network, name):
        """The half of that name."""
        return next(found for found in self.get(network).peerings if found.name == name)

    def add(self, network, name, peer, **options):
        """Begins a half."""
        peering = compute_v1.NetworkPeering(
            name=name, network=peer, exchange_subnet_routes=True, **options)
        body = compute_v1.NetworksAddPeeringRequest(network_peering=peering)
        return self.networks.add_peering_unary(
            project=self.project, network=network,
            networks_add_peering_request_resource=body)

    def update(self, network, name, **options):
        """Changes a half."""
        body = compute_v1.NetworksUpdatePeeringRequest(
            network_peering=compute_v1.NetworkPeering(name=name, **options))
        self.done(self.networks.update_peering_unary(
            project=self.project, network=network,
            networks_update_peering_request_resource=body))

    def remove(self, network, name):
        """Begins the removal of a half."""
        return self.networks.remove_peering_unary(
            project=self.project, network=network,
            networks_remove_peering_request_resource=compute_v1.NetworksRemovePeeringRequest(
                name=name))

    def exchanged(self, network, name, direction):
        """The routes of one direction: what they are, and whether the other side takes them."""
        found = self.networks.list_peering_routes(compute_v1.ListPeeringRoutesNetworksRequest(
            project=self.project, network=network, peering_name=name, region=REGION,
            direction=direction))
        return {(route.dest_range, route.type_, route.imported) for route in found}


@pytest.fixture
def sides(clouds):
    """Two parties that know nothing of each other."""
    return Side(clouds), Side(clouds)


@pytest.fixture
def connected(sides):
    """Two parties with a connection between them."""
    ours, theirs = sides
    ours.network("a", "10.8.0.0/18")
    theirs.network("b", "10.72.0.0/18")
    ours.done(ours.add("a", "ab", theirs.path("b")))
    theirs.done(theirs.add("b", "ba", ours.path("a")))
    return ours, theirs


def test_a_connection_lives_from_one_half_to_none(sides):
    ours, theirs = sides
    network = ours.network("a", "10.8.0.0/18")
    theirs.network("b", "10.72.0.0/18")
    assert (network.auto_create_subnetworks, network.routing_config.routing_mode) == (
        False, "REGIONAL")
    done = ours.done(ours.add("a", "ab", theirs.path("b")))
    assert done.operation_type == "addPeering"
    assert done.target_link == network.self_link and done.target_id == network.id
    half = ours.peering("a", "ab")
    assert half.state == "INACTIVE"
    assert half.state_details.endswith("]: Waiting for peer network to connect.")
    assert not theirs.get("b").peerings
    theirs.done(theirs.add("b", "ba", ours.path("a")))
    halves = [ours.peering("a", "ab"), theirs.peering("b", "ba")]
    assert [half.state for half in halves] == ["ACTIVE", "ACTIVE"]
    assert all(half.state_details.endswith("]: Connected.") for half in halves)
    assert halves[0].peer_mtu == theirs.get("b").mtu
    theirs.done(theirs.remove("b", "ba"))
    assert ours.peering("a", "ab").state == "INACTIVE"
    ours.done(ours.remove("a", "ab"))
    assert not ours.get("a").peerings


def test_routes_go_through_as_both_sides_want(connected):
    ours, theirs = connected
    subnet, static = "SUBNET_PEERING_ROUTE", "STATIC_PEERING_ROUTE"
    assert ours.exchanged("a", "ab", "INCOMING") == {("10.72.0.0/18", subnet, True)}
    assert ours.exchanged("a", "ab", "OUTGOING") == {("10.8.0.0/18", subnet, True)}
    theirs.done(theirs.routes.insert_unary(
        project=theirs.project, route_resource=compute_v1.Route(
            name="on-premises", network=theirs.path("b"), dest_range="192.168.0.0/16",
            next_hop_ip="10.72.0.9", priority=900)))
    theirs.update("b", "ba", export_custom_routes=True)
    assert ("192.168.0.0/16", static, False) in ours.exchanged("a", "ab", "INCOMING")
    ours.update("a", "ab", import_custom_routes=True)
    assert ("192.168.0.0/16", static, True) in ours.exchanged("a", "ab", "INCOMING")
    traffic = ours.peering("a", "ab").connection_status.traffic_configuration
    assert traffic.import_custom_routes_from_peer and not traffic.export_custom_routes_to_peer
    hops = {route.dest_range: route.next_hop_peering
            for route in ours.routes.list(project=ours.project)}
    assert hops["192.168.0.0/16"] == "ab" and hops["10.72.0.0/18"] == "ab"


def test_who_comes_while_an_operation_runs_tries_again(sides):
    ours, theirs = sides
    ours.network("a", "10.8.0.0/18")
    names = [f"b{number}" for number in range(5)]
    busy = 0
    for name in names:
        begun = None
        deadline = time.monotonic() + 30
        while begun is None:
            assert time.monotonic() < deadline
            try:
                begun = ours.add("a", name, theirs.path(name))
            except exceptions.BadRequest as error:
                assert error.message.endswith(BUSY), error
                busy += 1
                time.sleep(0.02)
    ours.done(begun)
    assert busy > 0
    assert sorted(half.name for half in ours.get("a").peerings) == names


def test_addresses_that_overlap_are_refused_by_the_operation(connected):
    ours, theirs = connected
    failed = ours.end(ours.subnetwork("a", "late", "10.72.16.0/20"))
    assert (failed.error.errors[0].code, failed.http_error_status_code) == ("INVALID_USAGE", 400)
    ours.network("c", "10.8.0.0/20")
    failed = ours.end(ours.add("c", "cb", theirs.path("b")))
    assert failed.http_error_message == "BAD REQUEST"
    assert failed.error.errors[0].message.startswith("An IP range in the peer network (")
    assert not ours.get("c").peerings
    ours.network("d", "10.72.0.0/20")
    failed = ours.end(ours.add("d", "db", theirs.path("b")))
    assert failed.error.errors[0].message == (
        "An IP range in the peer network (10.72.0.0/18) overlaps with an IP range in the local "
        f"network (10.72.0.0/20) allocated by resource (projects/{ours.project}/regions/{REGION}/"
        "subnetworks/d-0).")


def test_what_is_in_use_is_kept_until_it_is_not(connected):
    ours, theirs = connected

    def delete():
        return ours.end(ours.networks.delete_unary(project=ours.project, network="a"))

    failed = delete()
    assert failed.error.errors[0].code == "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE"
    ours.done(ours.subnetworks.delete_unary(
        project=ours.project, region=REGION, subnetwork="a-0"))
    assert "already being used by 'ab'" in delete().error.errors[0].message
    ours.done(ours.remove("a", "ab"))
    assert not delete().error.errors
    with pytest.raises(exceptions.NotFound):
        ours.get("a")
    assert theirs.peering("b", "ba").state == "INACTIVE"
    assert not list(ours.routes.list(project=ours.project))


def test_a_removal_that_both_have_to_ask_for(sides):
    ours, theirs = sides
    ours.network("a", "10.8.0.0/18")
    theirs.network("b", "10.72.0.0/18")
    options = {"update_strategy": "CONSENSUS", "export_subnet_routes_with_public_ip": False}
    ours.done(ours.add("a", "ab", theirs.path("b"), **options))
    theirs.done(theirs.add("b", "ba", ours.path("a"), **options))
    with pytest.raises(exceptions.BadRequest, match="CONSENSUS"):
        ours.remove("a", "ab")
    for side, network, name in ((ours, "a", "ab"), (theirs, "b", "ba")):
        body = compute_v1.NetworksRequestRemovePeeringRequest(name=name)
        side.done(side.networks.request_remove_peering_unary(
            project=side.project, network=network,
            networks_request_remove_peering_request_resource=body))
    state = ours.peering("a", "ab").connection_status.consensus_state
    assert (state.delete_status, state.update_status) == ("DELETE_ACKNOWLEDGED", "IN_SYNC")
    ours.done(ours.remove("a", "ab"))
    assert theirs.peering("b", "ba").state == "INACTIVE"


def test_a_request_that_is_repeated_is_done_once(sides):
    ours, _ = sides
    request = compute_v1.InsertNetworkRequest(
        project=ours.project, request_id=str(uuid.uuid4()),
        network_resource=compute_v1.Network(name="a", auto_create_subnetworks=False))
    first, again = ours.networks.insert_unary(request), ours.networks.insert_unary(request)
    assert first.name == again.name
    ours.done(first)
    other = compute_v1.Network(name="a", auto_create_subnetworks=False)
    with pytest.raises(exceptions.Conflict, match="already exists"):
        ours.networks.insert_unary(project=ours.project, network_resource=other)


def test_lists_are_read_to_their_end(sides):
    ours, _ = sides
    names = [f"n{number}" for number in range(7)]
    for operation in [ours.networks.insert_unary(
            project=ours.project, network_resource=compute_v1.Network(
                name=name, auto_create_subnetworks=False)) for name in names]:
        ours.done(operation)
    found = ours.networks.list(compute_v1.ListNetworksRequest(
        project=ours.project, max_results=3))
    pages = [[network.name for network in page.items] for page in found.pages]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert list(itertools.chain(*pages)) == names
    found = ours.networks.list(compute_v1.ListNetworksRequest(
        project=ours.project, filter="name = n3"))
    assert [network.name for network in found] == ["n3"]
    assert {region.name for region in ours.regions.list(project=ours.project)} > {REGION}


def test_a_service_account_gets_its_token_here(clouds):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()).decode()
    email = "terraform@customer-project.iam.gserviceaccount.com"
    credentials = service_account.Credentials.from_service_account_info(
        {"client_email": email, "private_key": key, "private_key_id": "1", "type":
         "service_account", "token_uri": f"{clouds.gcp}/token"},
        scopes=["https://www.googleapis.com/auth/compute"])
    side = Side(clouds, credentials)
    operation = side.networks.insert_unary(
        project=side.project, network_resource=compute_v1.Network(
            name="a", auto_create_subnetworks=False))
    assert operation.user == email
    side.done(operation)


@pytest.fixture(scope="module")
def schemas():
    """The schemas of Google's own description of the API, as its client carries it."""
    return Schemas(json.loads(discovery_cache.get_static_doc("compute", "v1"))["schemas"])


@pytest.fixture
def google(clouds):
    """The client that is made from that description."""
    endpoint = {"api_endpoint": f"{clouds.gcp}/compute/v1/"}
    return discovery.build("compute", "v1", static_discovery=True, client_options=endpoint,
                           credentials=AnonymousCredentials())


def test_the_client_made_from_the_description_peers(google, clouds):
    ours = Side(clouds)
    ours.network("a", "10.8.0.0/18")
    peering = {"name": "ab", "network": "projects/nobody/global/networks/b",
               "exchangeSubnetRoutes": True}
    begun = google.networks().addPeering(
        project=ours.project, network="a", body={"networkPeering": peering}).execute()
    with pytest.raises(HttpError) as refused:
        google.networks().addPeering(
            project=ours.project, network="a", body={"networkPeering": peering}).execute()
    assert (refused.value.status_code, refused.value.reason) == (400, BUSY)
    assert refused.value.error_details[0]["reason"] == "badRequest"
    atlas.until(
        lambda: google.globalOperations().wait(
            project=ours.project, operation=begun["name"]).execute(),
        lambda found: found["status"] == "DONE")
    shown = google.networks().get(project=ours.project, network="a").execute()
    assert shown["peerings"][0]["state"] == "INACTIVE"


def test_every_answer_is_as_google_describes_it(connected, clouds, schemas):
    ours, theirs = connected
    ours.end(ours.add("a", "other", ours.path("c")))
    ours.end(ours.subnetwork("a", "late", "10.72.16.0/20"))
    project, network = f"projects/{ours.project}", ours.path("a")
    operation = next(iter(ours.operations.list(project=ours.project))).name
    route = next(iter(ours.routes.list(project=ours.project))).name
    exchanged = f"peeringName=ab&region={REGION}&direction=INCOMING"
    for path, schema in [
        (project, "Project"),
        (f"{project}/regions", "RegionList"),
        (f"{project}/regions/{REGION}", "Region"),
        (f"{project}/global/networks", "NetworkList"),
        (network, "Network"),
        (f"{network}/listPeeringRoutes?{exchanged}", "ExchangedPeeringRoutesList"),
        (f"{project}/regions/{REGION}/subnetworks", "SubnetworkList"),
        (f"{project}/regions/{REGION}/subnetworks/a-0", "Subnetwork"),
        (f"{project}/aggregated/subnetworks", "SubnetworkAggregatedList"),
        (f"{project}/global/routes", "RouteList"),
        (f"{project}/global/routes/{route}", "Route"),
        (f"{project}/global/operations", "OperationList"),
        (f"{project}/global/operations/{operation}", "Operation"),
        (f"{project}/regions/{REGION}/operations", "OperationList"),
    ]:
        answer = requests.get(f"{clouds.gcp}/compute/v1/{path}", timeout=10)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert body["selfLink"].startswith("https://www.googleapis.com/compute/v1/projects/")
        assert body["kind"] == schemas.all[schema]["properties"]["kind"]["default"]
        assert schemas.faults(body, {"$ref": schema}, schema) == []
    assert theirs.peering("b", "ba").state == "ACTIVE"


def test_the_check_of_answers_finds_what_is_wrong(schemas):
    good = {"name": "a", "id": "1", "mtu": 1460, "peerings": [{"state": "ACTIVE"}]}
    assert schemas.faults(good, {"$ref": "Network"}, "n") == []
    for bad in ({"id": 1}, {"id": "x"}, {"mtu": "1460"}, {"nmae": "a"}, {"peerings": [{"state": "UP"}]},
                {"peerings": {}}, {"autoCreateSubnetworks": "false"}):
        assert schemas.faults(bad, {"$ref": "Network"}, "n"), bad
    assert schemas.faults({"fingerprint": "a/b="}, {"$ref": "Subnetwork"}, "s")


class Schemas:
    """The schemas of a description, and what of a value is not as they say."""

    formats = {"uint64": r"\d+", "int64": r"-?\d+", "byte": r"[\w-]+={0,2}"}
    kinds = {"string": str, "boolean": bool, "array": list, "object": dict, "number": (int, float)}

    def __init__(self, schemas):
        self.all = schemas

    def faults(self, value, schema, place):
        """Everything that is wrong with a value, by its place."""
        schema = self.all[schema["$ref"]] if "$ref" in schema else schema
        kind = schema.get("type", "object")
        if kind == "integer":
            fits = isinstance(value, int) and not isinstance(value, bool)
        else:
            fits = isinstance(value, self.kinds[kind])
        if not fits:
            return [f"{place}: {value!r} is no {kind}"]
        if kind == "array":
            return [fault for number, item in enumerate(value)
                    for fault in self.faults(item, schema["items"], f"{place}[{number}]")]
        if kind == "object":
            return self.faults_of_fields(value, schema, place)
        pattern = self.formats.get(schema.get("format"))
        if pattern and not re.fullmatch(pattern, value):
            return [f"{place}: {value!r} is no {schema['format']}"]
        if "enum" in schema and value not in schema["enum"]:
            return [f"{place}: {value!r} is none of {schema['enum']}"]
        return []

    def faults_of_fields(self, value, schema, place):
        """The same, of an object's fields."""
        faults = []
        for name, field in value.items():
            of_field = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            if of_field is None:
                faults.append(f"{place}.{name}: there is no such field")
            else:
                faults += self.faults(field, of_field, f"{place}.{name}")
        return faults
