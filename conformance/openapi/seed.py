"""Owns what a server has before schemathesis comes: some of everything that paths and bodies can
name, so that not every request ends at an unknown id.

Nothing of it is the caller's own: schemathesis may delete all of it and still be let in.
"""

import json

import atlas
import requests

OLD, ACCOUNTS, PEOPLE = "2023-01-01", "2024-08-05", "2025-02-19"
SOME = range(4)


class Api:
    """Plain requests with a token, for what the client library has no model of."""

    def __init__(self, base, token):
        self.base, self.headers = base, {"Authorization": f"Bearer {token}"}

    def call(self, method, path, version, body=None):
        """The body of a success."""
        accept = f"application/vnd.atlas.{version}+json"
        answer = requests.request(
            method, f"{self.base}/api/atlas/v2{path}", json=body, timeout=20,
            headers={**self.headers, "Accept": accept},
        )
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def post(self, path, body, version=OLD):
        """What was made."""
        return self.call("POST", path, version, body)


def token(base, client_id, client_secret):
    """An access token of a service account."""
    answer = requests.post(
        f"{base}/api/oauth/token", auth=(client_id, client_secret), timeout=20,
        data={"grant_type": "client_credentials"},
    )
    answer.raise_for_status()
    return answer.json()["access_token"]


def api(server):
    """As the service account that the server began with."""
    base = server["baseUrl"]
    return Api(base, token(base, server["clientId"], server["clientSecret"]))


def account(name, roles):
    """A body that asks for a service account."""
    return {"name": name, "description": "seeded", "roles": roles, "secretExpiresAfterHours": 8}


def driver(caller, org):
    """A token of an account that no rule about access lists keeps out."""
    made = caller.post(f"/orgs/{org}/serviceAccounts", account("driver", ["ORG_OWNER"]), ACCOUNTS)
    path = f"/orgs/{org}/serviceAccounts/{made['clientId']}/accessList"
    caller.post(path, [{"ipAddress": "127.0.0.1"}], ACCOUNTS)
    return token(caller.base, made["clientId"], made["secrets"][0]["secret"])


def networks(server):
    """A project with a container and an available peering on each cloud."""
    with atlas.oauth(server) as client:
        group = atlas.new_project(client, server)
        containers, peers = [], []
        for cloud in atlas.CLOUDS:
            container = client.network_peering.create_group_container(group, cloud.container())
            peer = client.network_peering.create_group_peer(group, cloud.peer(container.id))
            atlas.until_state(client, group, peer.id, cloud, "AVAILABLE")
            containers.append(container.id)
            peers.append(peer.id)
        return group, containers, peers


def credentials(caller, org, group, found):
    """API keys and service accounts of the organization, each with a role in the project."""
    for at in SOME:
        key = caller.post(f"/orgs/{org}/apiKeys", {"desc": "seeded", "roles": ["ORG_MEMBER"]})
        path = f"/orgs/{org}/apiKeys/{key['id']}/accessList"
        caller.post(path, [{"ipAddress": f"192.0.2.{at}"} for at in SOME])
        caller.post(f"/groups/{group}/apiKeys/{key['id']}", [{"roles": ["GROUP_READ_ONLY"]}])
        found["keys"].append(key["id"])
        wanted = account(f"seeded {at}", ["ORG_MEMBER"])
        made = caller.post(f"/orgs/{org}/serviceAccounts", wanted, ACCOUNTS)
        own = f"serviceAccounts/{made['clientId']}"
        roles = {"roles": ["GROUP_READ_ONLY"]}
        caller.post(f"/groups/{group}/{own}:invite", roles, ACCOUNTS)
        addresses = [{"ipAddress": f"192.0.2.{at}"} for at in SOME]
        caller.post(f"/orgs/{org}/{own}/accessList", addresses, ACCOUNTS)
        found["accounts"].append(made["clientId"])
        found["secrets"].append(made["secrets"][0]["id"])
        found["texts"].append(made["secrets"][0]["secret"])


def people(caller, org, group, found):
    """People and teams with roles in the project, and invitations to it."""
    for at in SOME:
        name = f"seeded{at}@example.com"
        wanted = {"username": name, "roles": {"orgRoles": ["ORG_MEMBER"]}}
        user = caller.post(f"/orgs/{org}/users", wanted, PEOPLE)
        team = caller.post(f"/orgs/{org}/teams", {"name": f"team {at}", "usernames": [name]})
        roles = [{"teamId": team["id"], "roleNames": ["GROUP_READ_ONLY"]}]
        caller.post(f"/groups/{group}/teams", roles)
        in_group = {"username": name, "roles": ["GROUP_READ_ONLY"]}
        caller.post(f"/groups/{group}/users", in_group, PEOPLE)
        invited = {"username": f"invited{at}@example.com", "roles": ["GROUP_READ_ONLY"]}
        invitation = caller.post(f"/groups/{group}/invites", invited)
        found["users"].append(user["id"])
        found["usernames"].append(name)
        found["teams"].append(team["id"])
        found["teamNames"].append(team["name"])
        found["invitations"].append(invitation["id"])


def some_of_everything(server):
    """What may be filled into the configuration, by name."""
    caller, org = api(server), server["orgId"]
    names = ("keys", "accounts", "secrets", "texts", "users", "usernames", "teams", "teamNames")
    found = {name: [] for name in (*names, "invitations")}
    group, found["containers"], found["peers"] = networks(server)
    entries = [{"ipAddress": f"192.0.2.{at}"} for at in SOME]
    caller.post(f"/groups/{group}/accessList", entries)
    credentials(caller, org, group, found)
    people(caller, org, group, found)
    for place in (f"/groups/{group}", f"/orgs/{org}"):
        events = caller.call("GET", f"{place}/events?itemsPerPage=3", OLD)["results"]
        found.setdefault("events", []).extend(event["id"] for event in events)
    found["groups"], found["orgs"] = [group], [org]
    found["groupNames"] = [caller.call("GET", f"/groups/{group}", OLD)["name"]]
    found["addresses"] = [f"192.0.2.{at}" for at in SOME]
    return {"token": driver(caller, org), **{name: listed(all) for name, all in found.items()}}


def to_be_closed(server):
    """The same, with projects in it that nothing keeps from being closed."""
    caller, org = api(server), server["orgId"]
    spare = [caller.post("/groups", {"name": f"spare {at}", "orgId": org}) for at in range(8)]
    return {**some_of_everything(server), "groups": listed([group["id"] for group in spare])}


def to_be_deleted(server):
    """The same, seen by the owner of another organization, which has no projects."""
    wanted = {"name": "spare", "serviceAccount": account("owner", ["ORG_OWNER"])}
    made = api(server).post("/orgs", wanted)
    owner = made["serviceAccount"]
    secret = owner["secrets"][0]["secret"]
    return {
        **some_of_everything(server),
        "orgs": listed([made["organization"]["id"]]),
        "token": token(server["baseUrl"], owner["clientId"], secret),
    }


def listed(values):
    """The inside of a TOML array of strings."""
    return ", ".join(json.dumps(value) for value in values)
