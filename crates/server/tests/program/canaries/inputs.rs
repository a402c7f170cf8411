//! Puts canaries into every input: each text of each body, unknown fields, queries, headers, forms
//! and every kind of credentials. Every answer is looked through for the secrets known before it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use peerage::http::operation::Operation;
use peerage::http::operations;
use serde_json::{Value, json};

use super::scan::Needles;
use crate::server::{Server, eventually};
use crate::walk::{Place, Walk, path};

/// Something secret, in a place where none belongs.
pub(super) const SECRET: &str = "qz-secret-canary";
/// Something that a tenant wrote.
pub(super) const USER: &str = "qz-user-canary";
/// A tenant's network.
pub(super) const NETWORK: &str = "vpc-0c0ffee0c0ffee001";
/// A tenant's account.
pub(super) const ACCOUNT: &str = "314159265358";

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

/// Who makes the calls.
pub(super) struct Walker {
    pub(super) server: Server,
    pub(super) secrets: Needles,
    pub(super) leaks: Vec<String>,
    rows: BTreeMap<&'static str, Operation>,
    place: Place,
    token: String,
    planted: usize,
}

impl Walker {
    pub(super) fn new(server: Server) -> Self {
        let place =
            Place { org: server.credential("orgId"), group: server.credential("projectId") };
        let token = server.token().to_owned();
        let rows = operations::all().into_iter().map(|row| (row.id, row)).collect();
        let (secrets, leaks) = (Needles::default(), Vec::new());
        Self { server, secrets, leaks, rows, place, token, planted: 0 }
    }

    /// One request; its answer is looked through, and what it issues is known from then on.
    fn send(&mut self, method: &str, path: &str, head: &str, body: &str) -> (u16, Value) {
        let (status, answer) = self.server.exchange(method, path, head, body);
        assert!(status < 500, "{method} {path}: {answer}");
        self.leaks.extend(self.secrets.find("an answer", answer.as_bytes()));
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        let body = serde_json::from_str(body).unwrap_or(Value::Null);
        self.learn(&body);
        (status, body)
    }

    /// Notes each secret that an answer shows.
    fn learn(&mut self, answer: &Value) {
        match answer {
            Value::Array(elements) => elements.iter().for_each(|element| self.learn(element)),
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value.as_str() {
                        Some(text)
                            if ["privateKey", "secret", "access_token"].contains(&&**name)
                                && !text.contains('*') =>
                        {
                            self.secrets.add(format!("an issued {name}"), text);
                        }
                        _ => self.learn(value),
                    }
                }
            }
            _ => (),
        }
    }

    /// The head of a request with credentials, and canaries in headers that nobody asked for.
    fn head(&self) -> String {
        format!(
            "Authorization: Bearer {}\r\nContent-Type: application/json\r\nCookie: id={SECRET}\r\n\
             X-Api-Key: {SECRET}\r\nUser-Agent: {USER}\r\nReferer: http://{USER}/?key={SECRET}\r\n",
            self.token
        )
    }

    fn text(&mut self) -> Value {
        self.planted += 1;
        format!("{USER}-{}", self.planted).into()
    }

    /// The same request with a canary in one place, for each place.
    fn plant(&mut self, method: &str, path: &str, body: &Value) {
        let head = self.head();
        for place in texts(body, String::new()) {
            let mut planted = body.clone();
            *planted.pointer_mut(&place).expect("a place that is there") = self.text();
            self.send(method, path, &head, &planted.to_string());
        }
        let mut planted = body.clone();
        let object = match &mut planted {
            Value::Array(elements) => &mut elements[0],
            other => other,
        };
        if let Some(fields) = object.as_object_mut() {
            for name in ["privateKey", "clientSecret", "password"] {
                fields.insert(name.to_owned(), SECRET.into());
            }
            fields.insert(USER.to_owned(), true.into());
        }
        if !body.is_null() {
            // Broken in the end, so that it is refused whatever else is in it.
            self.send(method, path, &head, &format!("{planted}{SECRET}"));
        }
        // Where nothing is, so that the walk goes on as it would have.
        let nowhere = "000000000000000000000000";
        let elsewhere = path.replace(&self.place.group, nowhere).replace(&self.place.org, nowhere);
        let query = format!("{elsewhere}?access_token={SECRET}&{USER}={USER}&envelope={USER}");
        self.send(method, &query, &head, &planted.to_string());
    }

    fn ok(&mut self, method: &str, path: &str, body: &Value) -> Value {
        let (head, text) = (self.head(), body.to_string());
        let text = if body.is_null() { "" } else { &text };
        let (status, answer) = self.send(method, path, &head, text);
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        answer
    }

    /// Back to the first organization, as its own account.
    pub(super) fn come_home(&mut self) {
        self.place.org = self.server.credential("orgId");
        self.token = self.server.token().to_owned();
    }

    /// A peering of each cloud, with names that are canaries, until it is settled.
    pub(super) fn peerings(&mut self) {
        let group = format!("/api/atlas/v2/groups/{}", self.place.group);
        let uuid = "6b4f0f5e-8d31-4b5f-9d0a-0f1e2d3c4b5a";
        let clouds = [
            (
                json!({ "providerName": "AWS", "regionName": "EU_WEST_1",
                    "atlasCidrBlock": "192.168.200.0/21" }),
                json!({ "providerName": "AWS", "accepterRegionName": "us-east-1",
                    "awsAccountId": ACCOUNT, "vpcId": NETWORK,
                    "routeTableCidrBlock": "10.44.0.0/16" }),
            ),
            (
                json!({ "providerName": "AZURE", "region": "US_EAST_2",
                    "atlasCidrBlock": "192.168.208.0/21" }),
                json!({ "providerName": "AZURE", "azureDirectoryId": uuid,
                    "azureSubscriptionId": uuid, "resourceGroupName": USER, "vnetName": USER }),
            ),
            (
                json!({ "providerName": "GCP", "atlasCidrBlock": "10.128.0.0/18" }),
                json!({ "providerName": "GCP", "gcpProjectId": USER, "networkName": USER }),
            ),
        ];
        for (container, mut peer) in clouds {
            let container = self.ok("POST", &format!("{group}/containers"), &container);
            peer["containerId"] = container["id"].clone();
            self.ok("POST", &format!("{group}/peers"), &peer);
        }
        let server = &self.server;
        eventually("the peerings are known to their clouds", || {
            let list = server.ok("GET", &format!("{group}/peers"), None);
            let peers = list["results"].as_array().unwrap();
            peers.iter().all(|peer| peer["statusName"] != "INITIATING")
        });
        for below in ["/peers", "/containers", "/events", "/peers/qz-user-canary"] {
            let head = self.head();
            self.send("GET", &format!("{group}{below}"), &head, "");
        }
    }

    /// What Atlas lacks: every operation with canaries, and what each shows.
    pub(super) fn emulation(&mut self) {
        let base = "/api/peerage/v1";
        self.plant("POST", &format!("{base}/clock"), &json!({ "advance": "1s" }));
        let fault = json!({ "provider": USER, "group": USER, "peering": USER,
            "effect": { "error": { "code": USER, "message": USER } }, "times": 1 });
        self.plant("POST", &format!("{base}/faults"), &fault);
        for act in ["accept", "reject", "delete"] {
            let path = format!("{base}/groups/{}/peers/{USER}/customer:{act}", self.place.group);
            self.plant("POST", &path, &json!({ "text": USER }));
        }
        for below in ["clock", "faults"] {
            self.ok("GET", &format!("{base}/{below}"), &Value::Null);
        }
        self.ok("DELETE", &format!("{base}/faults"), &Value::Null);
    }

    /// Tokens: issued, shown in the wrong place, and revoked.
    pub(super) fn tokens(&mut self) {
        let [id, secret] = ["clientId", "clientSecret"].map(|name| self.server.credential(name));
        let form =
            format!("grant_type=client_credentials&client_id={id}&client_secret={secret}&x={USER}");
        let (status, made) = self.send("POST", "/api/oauth/token", FORM, &form);
        assert_eq!(status, 200, "{made}");
        let token = made["access_token"].as_str().unwrap().to_owned();
        // A token in the query, which proxies log.
        self.send("GET", &format!("/api/atlas/v2/groups?access_token={token}"), "", "");
        let form = format!("client_id={id}&client_secret={secret}&token={token}");
        assert_eq!(self.send("POST", "/api/oauth/revoke", FORM, &form).0, 200);
        let head = format!("Authorization: Bearer {token}\r\n");
        assert_eq!(self.send("GET", "/api/atlas/v2/groups", &head, "").0, 401);
    }

    /// Every kind of credentials: right ones, and wrong ones with canaries in each part.
    pub(super) fn wrong_credentials(&mut self) {
        let digest = self.digest();
        self.secrets.add("an answer to a challenge", &digest.1);
        assert_eq!(self.send("GET", "/api/atlas/v2/groups", &digest.0, "").0, 200);
        let basic = STANDARD.encode(format!("{USER}:{SECRET}"));
        let heads = [
            format!("Authorization: Bearer {SECRET}\r\n"),
            format!("Authorization: Bearer {SECRET} {SECRET}\r\n"),
            format!("Authorization: Basic {basic}\r\n"),
            format!("Authorization: Negotiate {SECRET}\r\n"),
            format!("Authorization: Digest {SECRET}\r\n"),
            format!("Authorization: Digest username=\"{SECRET}\", response=\"{SECRET}\"\r\n"),
            digest.0.replace("cnonce=\"abcdef\"", &format!("cnonce=\"{SECRET}\"")),
            digest.0.replace("Digest ", &format!("Digest opaque=\"{SECRET}\", ")),
            format!("Authorization: Bearer a\r\nAuthorization: Bearer {SECRET}\r\n"),
        ];
        for head in heads {
            assert_eq!(self.send("GET", "/api/atlas/v2/groups", &head, "").0, 401, "{head}");
        }
        let forms = [
            format!("grant_type=client_credentials&client_id={USER}&client_secret={SECRET}"),
            format!("grant_type={SECRET}&client_id={USER}&client_secret={SECRET}"),
            format!("grant_type=password&username={USER}&password={SECRET}"),
            format!("client_secret={SECRET}&client_secret={SECRET}&%zz={SECRET}"),
        ];
        for form in forms {
            let (status, answer) = self.send("POST", "/api/oauth/token", FORM, &form);
            assert!((400..429).contains(&status), "{status} {answer}");
        }
        let form = format!("token={SECRET}&client_id={USER}&client_secret={SECRET}");
        self.send("POST", "/api/oauth/revoke", FORM, &form);
    }

    /// The header of a right answer to a challenge, and the part of it that proves.
    fn digest(&self) -> (String, String) {
        let (_, answer) = self.server.exchange("GET", "/api/atlas/v2/groups", "", "");
        let nonce = answer.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap();
        let md5 = |text: String| hex::encode(Md5::digest(text));
        let [user, key] = ["publicKey", "privateKey"].map(|name| self.server.credential(name));
        let one = md5(format!("{user}:MMS Public API:{key}"));
        let two = md5("GET:/api/atlas/v2/groups".to_owned());
        let proof = md5(format!("{one}:{nonce}:00000001:abcdef:auth:{two}"));
        let header = format!(
            "Authorization: Digest username=\"{user}\", realm=\"MMS Public API\", \
             nonce=\"{nonce}\", uri=\"/api/atlas/v2/groups\", algorithm=MD5, \
             response=\"{proof}\", qop=auth, nc=00000001, cnonce=\"abcdef\"\r\n"
        );
        (header, proof)
    }

    /// Puts a secret where it is kept, shown and logged, as nobody should.
    pub(super) fn leak(&mut self) {
        let path = format!("/api/atlas/v2/groups/{}", self.place.group);
        self.ok("PATCH", &path, &json!({ "name": SECRET }));
        let head = format!("{}X-Request-Id: {SECRET}\r\n", self.head());
        self.send("GET", &path, &head, "");
        let head = format!("{}X-Request-Id: {USER}\r\n", self.head());
        self.send("GET", &path, &head, "");
    }
}

impl Walk for Walker {
    fn place(&mut self) -> &mut Place {
        &mut self.place
    }

    async fn act(&mut self, id: &'static str, with: &[&str], body: Value) -> Value {
        let path = path(&self.rows[id], &self.place, with);
        let method = self.rows[id].method.to_string();
        let mut planted = body.clone();
        if id == "createGroupPeer" {
            // A region may be any text, and one network is peered once.
            planted["vpcId"] = "vpc-0c0ffee0c0ffee002".into();
            planted["routeTableCidrBlock"] = "10.45.0.0/16".into();
        }
        self.plant(&method, &path, &planted);
        self.ok(&method, &path, &body)
    }

    async fn switch_private_ip_mode_on(&mut self) {}

    async fn call_as(&mut self, client_id: String, secret: String) {
        self.token = self.server.token_of(&client_id, &secret);
        self.secrets.add("a second token", &self.token);
    }
}

/// Where a body has texts, as JSON pointers.
fn texts(body: &Value, at: String) -> Vec<String> {
    match body {
        Value::String(_) => vec![at],
        Value::Array(elements) => {
            let parts = elements.iter().enumerate();
            parts.flat_map(|(index, part)| texts(part, format!("{at}/{index}"))).collect()
        }
        Value::Object(fields) => {
            fields.iter().flat_map(|(name, part)| texts(part, format!("{at}/{name}"))).collect()
        }
        _ => vec![],
    }
}
