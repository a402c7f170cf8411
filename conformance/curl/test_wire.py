"""Owns the proof of the bytes on the wire: the challenge, media types and versions, headers,
statuses, and what is answered to requests that no SDK would send.
"""

import re

import pytest

V2 = "/api/atlas/v2"
DATED = "application/vnd.atlas.2023-01-01+json"
AWS = {"providerName": "AWS", "regionName": "US_EAST_1", "atlasCidrBlock": "10.8.0.0/21"}
CHALLENGE = re.compile(
    r'Digest realm="MMS Public API", domain="", nonce="[^"]{32,}", algorithm=MD5, '
    r'qop="auth", stale=(true|false)'
)
UNAUTHORIZED = {
    "error": 401,
    "reason": "Unauthorized",
    "detail": "You are not authorized for this resource.",
    "errorCode": "UNEXPECTED_ERROR",
}


def test_the_challenge_is_the_one_that_every_client_reads(curl):
    answer = curl.plain(V2 + "/groups")
    assert answer.status == 401
    first = answer.all("www-authenticate")[0]
    assert CHALLENGE.fullmatch(first), first
    assert all(other.startswith("Bearer") for other in answer.all("www-authenticate")[1:])
    assert answer.one("content-type") == "application/json"
    body = answer.json()
    assert body.pop("parameters", []) == []
    assert body == UNAUTHORIZED


def test_a_post_with_digest_sends_its_body_the_second_time(curl):
    made = curl.post(f"{V2}/groups", {"name": "curl-post", "orgId": curl.server["orgId"]})
    assert [answer.status for answer in curl.answers if answer.status != 100] == [401, 201]
    assert made.json()["name"] == "curl-post"
    location = made.one("location")
    assert location.endswith(f"{V2}/groups/{made.json()['id']}")
    rels = {link["rel"].rsplit("/", 1)[-1] for link in made.json()["links"]}
    assert {"self", "containers", "clusters", "databaseUsers", "peers", "processes",
            "whitelist"} <= rels


def test_a_bearer_token_from_the_basic_form(curl):
    user = f"{curl.server['clientId']}:{curl.server['clientSecret']}"
    token = curl.plain(
        "--user", user, "--data", "grant_type=client_credentials", "/api/oauth/token"
    )
    assert token.status == 200
    assert set(token.json()) >= {"access_token", "expires_in", "token_type"}
    assert (token.json()["expires_in"], token.json()["token_type"]) == (3600, "Bearer")
    bearer = ["--header", f"Authorization: Bearer {token.json()['access_token']}"]
    assert curl.plain(*bearer, f"{V2}/groups").status == 200

    revoked = curl.plain(
        "--user", user, "--data", f"token={token.json()['access_token']}",
        "--data", "token_type_hint=access_token", "/api/oauth/revoke",
    )
    assert revoked.status == 200
    assert curl.plain(*bearer, f"{V2}/groups").status == 401


@pytest.mark.parametrize(
    "accept", [DATED, "application/vnd.atlas.2025-03-12+json", "application/json", "*/*", ""]
)
def test_the_newest_version_not_after_the_asked_date_is_served(curl, group, accept):
    answer = curl.digest("--header", f"Accept: {accept}".strip(), f"{V2}/groups/{group}/peers")
    assert answer.status == 200
    assert answer.one("content-type") == f"{DATED};charset=utf-8"


@pytest.mark.parametrize("accept", ["application/vnd.atlas.2022-01-01+json", "text/html"])
def test_what_cannot_be_served_is_not_acceptable(curl, group, accept):
    answer = curl.digest("--header", f"Accept: {accept}", f"{V2}/groups/{group}/peers")
    assert answer.status == 406
    assert answer.one("content-type") == "application/json"
    assert answer.json()["error"] == 406


def test_an_unserved_date_has_its_own_code(curl, group):
    accept = "Accept: application/vnd.atlas.2022-01-01+json"
    answer = curl.digest("--header", accept, f"{V2}/groups/{group}/peers")
    assert answer.json()["errorCode"] == "VERSION_UNSUPPORTED"


@pytest.mark.parametrize("media", [DATED, "application/json", "application/json; charset=utf-8"])
def test_a_body_is_taken_in_any_spelling_of_json(curl, group, media):
    answer = curl.post(f"{V2}/groups/{group}/containers", AWS, media=media)
    assert answer.status == 200, answer.body
    assert answer.one("content-type") == f"{DATED};charset=utf-8"
    assert answer.json()["provisioned"] is False


def test_another_media_type_is_refused(curl, group):
    answer = curl.digest(
        "--header", "Content-Type: text/plain", "--data", "x", f"{V2}/groups/{group}/containers"
    )
    assert (answer.status, answer.json()["error"]) == (415, 415)


@pytest.mark.parametrize("body", ["{", "nothing", '{"a": }', "[]", '"text"'])
def test_a_body_that_is_no_json_object_is_refused(curl, group, body):
    answer = curl.post(f"{V2}/groups/{group}/containers", body)
    assert answer.status == 400
    assert answer.json()["errorCode"] in ("MALFORMED_JSON", "INVALID_ATTRIBUTE")
    if body in ("{", "nothing", '{"a": }'):
        assert answer.json()["errorCode"] == "MALFORMED_JSON"


def test_deletions_answer_what_clients_read(curl, group):
    made = curl.post(f"{V2}/groups/{group}/containers", AWS).json()
    gone = curl.digest("--request", "DELETE", f"{V2}/groups/{group}/containers/{made['id']}")
    assert (gone.status, gone.body) == (204, "")
    closed = curl.digest("--request", "DELETE", f"{V2}/groups/{group}")
    assert (closed.status, closed.json()) == (202, {})


def test_every_answer_tells_the_rate_limit(curl, group):
    answer = curl.digest(f"{V2}/groups/{group}/peers")
    limit, left = (int(answer.one(f"ratelimit-{name}")) for name in ("limit", "remaining"))
    assert 0 <= left < limit


def test_another_method_is_405_and_names_the_right_ones(curl, group):
    answer = curl.digest("--request", "PUT", f"{V2}/groups/{group}/peers")
    assert (answer.status, answer.json()["error"]) == (405, 405)
    assert {"GET", "POST"} <= set(answer.one("allow").replace(" ", "").split(","))


@pytest.mark.parametrize(
    "path", [f"{V2}/nothing", "/api/atlas/v1.0/groups", "/api/atlas/v1.0/groups/{}/peers/{}"]
)
def test_an_unknown_path_is_404_in_json(curl, group, path):
    answer = curl.digest("--header", "Accept: */*", path.format(group, group))
    assert answer.status == 404
    assert answer.one("content-type").startswith("application/json")
    assert answer.json()["error"] == 404


def test_pretty_and_envelope_are_about_form_only(curl, group):
    path = f"{V2}/groups/{group}/peers"
    compact = curl.digest(f"{path}?pretty=false")
    pretty = curl.digest(f"{path}?pretty=true")
    assert "\n" not in compact.body.strip()
    assert "\n" in pretty.body.strip()
    assert pretty.json()["results"] == compact.json()["results"]
    wrapped = curl.digest(f"{V2}/groups/{group}/peers/0123456789abcdef01234567?envelope=true")
    assert (wrapped.status, wrapped.json()["status"]) == (200, 404)


def test_what_needs_no_credentials(curl):
    addresses = curl.plain(f"{V2}/unauth/controlPlaneIPAddresses")
    assert addresses.status == 200
    assert set(addresses.json()) >= {"inbound", "outbound"}
    assert curl.plain("/healthz").status == 200
    assert curl.plain("/readyz").status == 200
    document = curl.plain("/openapi.json")
    assert document.status == 200
    assert f"{V2}/groups/{{groupId}}/peers" in document.json()["paths"]


def test_a_reused_nonce_is_stale_or_counted(curl, group):
    """Two calls on one connection: curl signs the second with the nonce that it has."""
    path = f"{V2}/groups/{group}/peers"
    curl.digest(curl.server["baseUrl"] + path, path)
    statuses = [answer.status for answer in curl.answers]
    assert statuses[-1] == 200
    assert statuses.count(200) == 2
