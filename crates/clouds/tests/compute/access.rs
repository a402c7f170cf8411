//! Who may what, where tokens come from, and what happens to those who ask too often.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use peerage_clouds::CloudApi;
use peerage_clouds::gcp::{PERMISSIONS, SERVICE_ACCOUNT, SERVICE_PROJECT};
use serde_json::{Value, json};

use crate::bench::{Bench, STEP, half, path, read, refusal, refused, request, verb};

const OURS: (&str, &str) = (SERVICE_PROJECT, "nt");
const B: (&str, &str) = ("theirs", "b");

fn jwt(account: &str) -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(json!({ "alg": "RS256" }));
    format!("{header}.{}.c2ln", part(json!({ "iss": account, "sub": account })))
}

fn with_token(bench: &Bench, method: &str, path: &str, token: &str) -> (u16, Value) {
    let mut request = request(method, &format!("/compute/v1/{path}"), "");
    let value = format!("Bearer {token}").parse().unwrap();
    request.headers_mut().insert("authorization", value);
    read(&bench.send(request))
}

fn grant(bench: &Bench, account: &str) -> (u16, Value) {
    let grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
    let body = format!("grant_type={grant}&assertion={}", jwt(account));
    read(&bench.send(request("POST", "/token", &body)))
}

/// A call, and every permission that it needs.
type Asked = (&'static str, String, Value, Vec<&'static str>);

/// The calls that only look. Source: the reference of each method, required permissions.
fn looks() -> Vec<Asked> {
    let project = format!("projects/{SERVICE_PROJECT}");
    let [global, regional] = [format!("{project}/global"), format!("{project}/regions/us-east1")];
    let asked = [
        (project.clone(), "compute.projects.get"),
        (format!("{project}/regions"), "compute.regions.list"),
        (regional.clone(), "compute.regions.get"),
        (format!("{global}/networks"), "compute.networks.list"),
        (path(OURS), "compute.networks.get"),
        (verb(OURS, "listPeeringRoutes"), "compute.networks.listPeeringRoutes"),
        (format!("{regional}/subnetworks"), "compute.subnetworks.list"),
        (format!("{project}/aggregated/subnetworks"), "compute.subnetworks.list"),
        (format!("{regional}/subnetworks/s"), "compute.subnetworks.get"),
        (format!("{global}/routes"), "compute.routes.list"),
        (format!("{global}/routes/r"), "compute.routes.get"),
        (format!("{global}/operations"), "compute.globalOperations.list"),
        (format!("{global}/operations/o"), "compute.globalOperations.get"),
        (format!("{regional}/operations"), "compute.regionOperations.list"),
        (format!("{regional}/operations/o"), "compute.regionOperations.get"),
    ];
    asked.map(|(path, permission)| ("GET", path, Value::Null, vec![permission])).into()
}

/// The calls that change something about a network and its peerings. Source: as above.
fn changes_of_networks() -> Vec<Asked> {
    let networks = format!("projects/{SERVICE_PROJECT}/global/networks");
    let network = json!({ "name": "n", "autoCreateSubnetworks": false });
    let named = json!({ "name": "x" });
    let update = json!({ "networkPeering": { "name": "x" } });
    let none = Value::Null;
    let post = |call: &str, body: &Value, permission| {
        ("POST", verb(OURS, call), body.clone(), vec![permission])
    };
    let remove = "compute.networks.removePeering";
    vec![
        ("POST", networks, network, vec!["compute.networks.create"]),
        ("PATCH", path(OURS), json!({}), vec!["compute.networks.update"]),
        ("DELETE", path(OURS), none.clone(), vec!["compute.networks.delete"]),
        post("switchToCustomMode", &none, "compute.networks.switchToCustomMode"),
        post("addPeering", &half("x", B), "compute.networks.addPeering"),
        ("PATCH", verb(OURS, "updatePeering"), update, vec!["compute.networks.updatePeering"]),
        post("removePeering", &named, remove),
        post("requestRemovePeering", &named, remove),
        post("cancelRequestRemovePeering", &named, remove),
    ]
}

/// The calls that change something in a network. Source: as above.
fn changes_in_networks() -> Vec<Asked> {
    let project = format!("projects/{SERVICE_PROJECT}");
    let policy = "compute.networks.updatePolicy";
    let subnetworks = format!("{project}/regions/us-east1/subnetworks");
    let subnetwork = json!({ "name": "s", "network": path(OURS), "ipCidrRange": "10.99.0.0/24" });
    let there = format!("{project}/regions/africa-south1/subnetworks/nt-0");
    let routes = format!("{project}/global/routes");
    let route = json!({ "name": "r", "network": path(OURS), "destRange": "192.168.0.0/16",
        "nextHopIp": "10.8.0.9" });
    vec![
        ("POST", subnetworks, subnetwork, vec!["compute.subnetworks.create", policy]),
        ("DELETE", there, Value::Null, vec!["compute.subnetworks.delete", policy]),
        ("POST", routes.clone(), route, vec!["compute.routes.create", policy]),
        ("DELETE", format!("{routes}/r"), Value::Null, vec!["compute.routes.delete"]),
    ]
}

/// Source: "Required 'compute.networks.addPeering' permission for 'projects/…/global/networks/…'",
/// terraform-google-modules/terraform-google-data-fusion#38.
#[test]
fn who_lacks_a_permission_is_told_which() {
    let mut asked = std::collections::BTreeSet::new();
    let calls = [looks(), changes_of_networks(), changes_in_networks()].concat();
    for (method, path, body, permissions) in calls {
        for permission in permissions {
            let bench = Bench::new();
            bench.network(SERVICE_PROJECT, "nt", &["10.8.0.0/18"]);
            bench.api.deny(permission);
            let (status, reason, words) = refusal(bench.call(method, &path, &body));
            assert_eq!((status, reason.as_str()), (403, "forbidden"), "{method} {path}: {words}");
            let front =
                format!("Required '{permission}' permission for 'projects/{SERVICE_PROJECT}");
            assert!(words.starts_with(&front), "{method} {path}: {words}");
            bench.api.allow_all();
            assert_ne!(bench.call(method, &path, &body).0, 403, "{method} {path}");
            asked.insert(permission);
        }
    }
    assert_eq!(asked.into_iter().collect::<Vec<_>>(), {
        let mut all = PERMISSIONS.to_vec();
        all.sort_unstable();
        all
    });
}

#[test]
fn the_words_of_a_denial_are_googles() {
    let bench = Bench::new();
    bench.network(SERVICE_PROJECT, "nt", &[]);
    bench.api.deny("compute.networks.addPeering");
    let words = "Required 'compute.networks.addPeering' permission for \
                 'projects/peerage-service/global/networks/nt'";
    refused(bench.post(&verb(OURS, "addPeering"), &half("x", B)), 403, "forbidden", words);
}

#[test]
fn what_the_service_may_not_others_may() {
    let bench = Bench::new();
    bench.network("theirs", "b", &[]);
    bench.api.deny("compute.networks.get");
    let theirs = path(B);
    assert_eq!(bench.get(&theirs).0, 200);
    assert_eq!(with_token(&bench, "GET", &theirs, "theirs-own").0, 200);
    let customer = jwt("terraform@theirs.iam.gserviceaccount.com");
    assert_eq!(with_token(&bench, "GET", &theirs, &customer).0, 200);
    assert_eq!(with_token(&bench, "GET", &theirs, &jwt(SERVICE_ACCOUNT)).0, 403);
    let token = grant(&bench, SERVICE_ACCOUNT).1["access_token"].as_str().unwrap().to_owned();
    assert_eq!(with_token(&bench, "GET", &theirs, &token).0, 403);
    let networks = format!("projects/{SERVICE_PROJECT}/global/networks/nt");
    assert_eq!(with_token(&bench, "GET", &networks, "theirs-own").0, 403);
}

/// Source: RFC 7523; using OAuth 2.0 for server to server applications.
#[test]
fn a_token_is_given_for_a_signed_assertion_and_ends() {
    let mut bench = Bench::new();
    let (status, body) = grant(&bench, "any@theirs.iam.gserviceaccount.com");
    assert_eq!(
        (status, &body["token_type"], &body["expires_in"]),
        (200, &json!("Bearer"), &json!(3600))
    );
    let token = body["access_token"].as_str().unwrap().to_owned();
    bench.network("theirs", "b", &[]);
    assert_eq!(with_token(&bench, "GET", &path(B), &token).0, 200);
    let state = bench.api.state().to_string();
    assert!(!state.contains(&token), "a token is kept as it is");
    for _ in 0..361 {
        bench.pass(STEP);
    }
    let (status, reason, _) = refusal(with_token(&bench, "GET", &path(B), &token));
    assert_eq!((status, reason.as_str()), (401, "authError"));
}

#[test]
fn an_operation_names_whoever_asked_for_it() {
    let bench = Bench::new();
    bench.network("theirs", "b", &[]);
    let account = "any@theirs.iam.gserviceaccount.com";
    let token = grant(&bench, account).1["access_token"].as_str().unwrap().to_owned();
    let (_, operation) = with_token(&bench, "DELETE", &path(B), &token);
    assert_eq!(operation["user"], account);
}

#[test]
fn only_known_accounts_get_a_token_once_one_is_known() {
    let bench = Bench::new();
    bench.api.add_account("known@theirs.iam.gserviceaccount.com");
    assert_eq!(grant(&bench, "known@theirs.iam.gserviceaccount.com").0, 200);
    assert_eq!(grant(&bench, SERVICE_ACCOUNT).0, 200);
    let (status, body) = grant(&bench, "other@theirs.iam.gserviceaccount.com");
    assert_eq!((status, &body["error"]), (400, &json!("invalid_grant")));
    assert_eq!(body["error_description"], "Invalid grant: account not found");
}

#[test]
fn what_is_no_grant_gets_no_token() {
    let bench = Bench::new();
    let check = |body: &str, error: &str| {
        let (status, answer) = read(&bench.send(request("POST", "/token", body)));
        assert_eq!((status, answer["error"].as_str().unwrap()), (400, error), "{body}");
    };
    check("", "unsupported_grant_type");
    check("grant_type=refresh_token", "unsupported_grant_type");
    let grant = "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer";
    check(grant, "invalid_grant");
    check(&format!("{grant}&assertion=a.b.c"), "invalid_grant");
}

/// Source: metadata server of Compute Engine.
#[test]
fn a_machine_gets_its_token_from_the_metadata_server() {
    let bench = Bench::new();
    let get = |item: &str, flavour: Option<&str>| {
        let mut request = request("GET", &format!("/computeMetadata/v1/{item}"), "");
        if let Some(flavour) = flavour {
            request.headers_mut().insert("metadata-flavor", flavour.parse().unwrap());
        }
        bench.send(request)
    };
    let item = "instance/service-accounts/default/token";
    assert_eq!(get(item, None).status(), 403);
    let (status, body) = read(&get(item, Some("Google")));
    assert_eq!((status, &body["token_type"]), (200, &json!("Bearer")));
    let text = |item: &str| {
        let response = get(item, Some("Google"));
        assert_eq!(response.headers()["metadata-flavor"], "Google");
        String::from_utf8(response.body().to_vec()).unwrap()
    };
    assert_eq!(text("project/project-id"), SERVICE_PROJECT);
    assert_eq!(text("instance/service-accounts/default/email"), SERVICE_ACCOUNT);
    let all = text("instance/service-accounts/default/?recursive=true");
    assert!(all.contains(SERVICE_ACCOUNT), "{all}");
    assert_eq!(get("instance/attributes/none", Some("Google")).status(), 404);
}

/// Source: the Security Token Service and the IAM credentials API, as workload identity uses them.
#[test]
fn a_foreign_identity_becomes_an_account() {
    let bench = Bench::new();
    let body = "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&audience=%2F%2Fiam\
                &subject_token=abc";
    let (status, body) = read(&bench.send(request("POST", "/v1/token", body)));
    assert_eq!((status, &body["expires_in"]), (200, &json!(3600)));
    let call = format!("/v1/projects/-/serviceAccounts/{SERVICE_ACCOUNT}:generateAccessToken");
    let (status, body) = read(&bench.send(request("POST", &call, "{}")));
    assert!(status == 200 && body["expireTime"].is_string(), "{body}");
    bench.network("theirs", "b", &[]);
    bench.api.deny("compute.networks.get");
    let token = body["accessToken"].as_str().unwrap();
    assert_eq!(with_token(&bench, "GET", &path(B), token).0, 403);
    let (status, body) = read(&bench.send(request("POST", "/v1/token", "audience=x")));
    assert_eq!((status, &body["error"]), (400, &json!("invalid_request")));
}

/// The bound is ours: a name is kept with its token.
#[test]
fn whoever_gets_a_token_has_a_name_of_2048_characters_at_most() {
    let bench = Bench::new();
    let (fits, long) = ("a".repeat(2_048), "a".repeat(2_049));
    assert_eq!(grant(&bench, &fits).0, 200);
    let (status, body) = grant(&bench, &long);
    assert_eq!((status, &body["error"]), (400, &json!("invalid_grant")));
    let post = |path: &str, body: &str| read(&bench.send(request("POST", path, body)));
    let exchange = |audience: &str| format!("subject_token=abc&audience={audience}");
    assert_eq!(post("/v1/token", &exchange(&fits)).0, 200);
    let (status, body) = post("/v1/token", &exchange(&long));
    assert_eq!((status, &body["error"]), (400, &json!("invalid_request")));
    let impersonate =
        |account: &str| format!("/v1/projects/-/serviceAccounts/{account}:generateAccessToken");
    assert_eq!(post(&impersonate(&fits), "{}").0, 200);
    let (status, body) = post(&impersonate(&long), "{}");
    assert_eq!((status, &body["error"]["status"]), (400, &json!("INVALID_ARGUMENT")));
    bench.network("theirs", "b", &[]);
    let (_, operation) = with_token(&bench, "DELETE", &path(B), &jwt(&long));
    assert_eq!(operation["user"], "unknown");
}

/// Source: "Error adding network peering: googleapi: Error 403: Rate Limit Exceeded" and its
/// details, troubleshooting of terraform-google-modules/terraform-example-foundation; 429: rate
/// quotas of the Compute Engine API.
#[test]
fn who_asks_too_often_is_told_so() {
    let bench = Bench::new();
    bench.network("theirs", "b", &[]);
    bench.api.throttle(2);
    for (expected, detail) in
        [(429, "RATE_LIMIT_EXCEEDED"), (403, "CONCURRENT_OPERATIONS_QUOTA_EXCEEDED")]
    {
        let answer = bench.get(&path(B));
        assert_eq!(answer.1["error"]["details"][0]["reason"], detail);
        let (status, reason, _) = refusal(answer);
        assert_eq!((status, reason.as_str()), (expected, "rateLimitExceeded"));
    }
    assert_eq!(bench.get(&path(B)).0, 200);
}
