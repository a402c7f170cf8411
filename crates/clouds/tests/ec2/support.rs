//! A world, somebody who asks, and an answer that is looked into.

use std::cell::Cell;
use std::time::Duration;

use bytes::Bytes;
use peerage_clouds::aws::Ec2;
use peerage_clouds::{CloudApi, Options, Request};
use peerage_core::time::Timestamp;
use peerage_fabric::emulated::{CustomerMode, Pace};

pub(super) const OURS: Who = Who { account: "999988887777", region: "us-east-1" };
pub(super) const THEIRS: Who = Who { account: "123456789012", region: "us-east-1" };
pub(super) const THEIRS_WEST: Who = Who { account: "123456789012", region: "us-west-2" };
pub(super) const OURS_WEST: Who = Who { account: "999988887777", region: "us-west-2" };

pub(super) const PACE: Pace = Pace {
    network: Duration::from_secs(1),
    aws_initiating: Duration::from_secs(2),
    aws_provisioning: Duration::from_secs(3),
    removal: Duration::from_secs(4),
    customer: Duration::from_secs(5),
    ..Pace::instant()
};

pub(super) const HOUR: Duration = Duration::from_hours(1);

/// Somebody in a region.
#[derive(Clone, Copy, Debug)]
pub(super) struct Who {
    pub(super) account: &'static str,
    pub(super) region: &'static str,
}

/// A world and its time.
pub(super) struct Cloud {
    pub(super) ec2: Ec2,
    now: Cell<Timestamp>,
}

/// What EC2 said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) text: String,
}

impl Cloud {
    pub(super) fn new() -> Self {
        Self::with(CustomerMode::Manual)
    }

    pub(super) fn with(customer: CustomerMode) -> Self {
        let ec2 = Ec2::new(Options { pace: PACE, customer, seed: 7 });
        Self { ec2, now: Cell::new(Timestamp::from_millis(1_767_225_600_000)) }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.now.get()
    }

    pub(super) fn pass(&self, span: Duration) {
        self.now.set(self.now.get().after(span));
    }

    /// Asks, with the parameters as they are.
    pub(super) fn call(&self, who: Who, action: &str, parameters: &[(&str, &str)]) -> Answer {
        self.call_with(who.account, who.region, None, action, parameters)
    }

    pub(super) fn call_with(
        &self,
        key: &str,
        region: &str,
        token: Option<&str>,
        action: &str,
        parameters: &[(&str, &str)],
    ) -> Answer {
        let is_sts =
            matches!(action, "AssumeRole" | "GetCallerIdentity" | "AssumeRoleWithWebIdentity");
        let (service, version) = if is_sts { ("sts", "2011-06-15") } else { ("ec2", "2016-11-15") };
        let mut form = format!("Action={action}&Version={version}");
        for (name, value) in parameters {
            let value = value.replace('%', "%25").replace('&', "%26").replace('+', "%2B");
            form.push_str(&format!("&{name}={value}"));
        }
        let scope = format!("Credential={key}/20260101/{region}/{service}/aws4_request");
        let signed = format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=00");
        let mut request = http::Request::post("/").header("authorization", signed);
        if let Some(token) = token {
            request = request.header("x-amz-security-token", token);
        }
        self.send(request.body(Bytes::from(form)).unwrap())
    }

    pub(super) fn send(&self, request: Request) -> Answer {
        let response = self.ec2.answer(&request, self.now());
        let text = String::from_utf8(response.body().to_vec()).unwrap();
        Answer { status: response.status().as_u16(), text }
    }

    /// A VPC with that block, available, both DNS attributes on.
    pub(super) fn vpc(&self, who: Who, block: &str) -> String {
        let made = self.call(who, "CreateVpc", &[("CidrBlock", block)]).ok();
        let id = made.get("vpcId");
        let names = [("VpcId", id.as_str()), ("EnableDnsHostnames.Value", "true")];
        self.call(who, "ModifyVpcAttribute", &names).ok();
        self.pass(PACE.network);
        id
    }

    /// A request from one VPC to another, of whoever has them; `initiating-request`.
    pub(super) fn request(&self, from: (Who, &str), to: (Who, &str)) -> String {
        let (who, vpc) = from;
        let parameters = [
            ("VpcId", vpc),
            ("PeerVpcId", to.1),
            ("PeerOwnerId", to.0.account),
            ("PeerRegion", to.0.region),
        ];
        let made = self.call(who, "CreateVpcPeeringConnection", &parameters).ok();
        made.get("vpcPeeringConnectionId")
    }

    /// A request that has arrived.
    pub(super) fn pending(&self, from: (Who, &str), to: (Who, &str)) -> String {
        let id = self.request(from, to);
        self.pass(PACE.aws_initiating);
        assert_eq!(self.status(from.0, &id), "pending-acceptance");
        id
    }

    /// A connection that works.
    pub(super) fn active(&self, from: (Who, &str), to: (Who, &str)) -> String {
        let id = self.pending(from, to);
        self.on(to.0, "AcceptVpcPeeringConnection", &id).ok();
        self.pass(PACE.aws_provisioning);
        assert_eq!(self.status(from.0, &id), "active");
        id
    }

    /// Accepts, rejects or deletes a connection.
    pub(super) fn on(&self, who: Who, action: &str, id: &str) -> Answer {
        self.call(who, action, &[("VpcPeeringConnectionId", id)])
    }

    pub(super) fn describe(&self, who: Who, id: &str) -> Answer {
        self.call(who, "DescribeVpcPeeringConnections", &[("VpcPeeringConnectionId.1", id)])
    }

    /// The status of a connection as somebody sees it, or the code of what it gets instead.
    pub(super) fn status(&self, who: Who, id: &str) -> String {
        let answer = self.describe(who, id);
        if answer.status == 200 { answer.get("code") } else { answer.code() }
    }

    /// The main route table of a VPC.
    pub(super) fn table(&self, who: Who, vpc: &str) -> String {
        let filters = [
            ("Filter.1.Name", "vpc-id"),
            ("Filter.1.Value.1", vpc),
            ("Filter.2.Name", "association.main"),
            ("Filter.2.Value.1", "true"),
        ];
        self.call(who, "DescribeRouteTables", &filters).ok().get("routeTableId")
    }

    /// Blocks, targets and states of a table's routes.
    pub(super) fn routes(&self, who: Who, table: &str) -> Vec<String> {
        let answer = self.call(who, "DescribeRouteTables", &[("RouteTableId.1", table)]).ok();
        let routes = answer.get("routeSet");
        let items = routes.split("<item>").skip(1);
        items
            .map(|item| {
                let item = Answer { status: 200, text: item.to_owned() };
                let (gateway, connection) =
                    (item.all("gatewayId"), item.all("vpcPeeringConnectionId"));
                let target = gateway.into_iter().chain(connection).collect::<String>();
                format!("{} {target} {}", item.get("destinationCidrBlock"), item.get("state"))
            })
            .collect()
    }
}

impl Answer {
    /// The answer, which is none of refusal.
    #[track_caller]
    pub(super) fn ok(self) -> Self {
        assert_eq!(self.status, 200, "{}", self.text);
        self
    }

    /// The text of every element of that name, in their order.
    pub(super) fn all(&self, name: &str) -> Vec<String> {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let parts = self.text.split(open.as_str()).skip(1);
        parts.map(|part| part.split(close.as_str()).next().unwrap().to_owned()).collect()
    }

    /// The text of the first element of that name.
    #[track_caller]
    pub(super) fn get(&self, name: &str) -> String {
        let found = self.all(name).into_iter().next();
        found.unwrap_or_else(|| panic!("no {name} in {}", self.text))
    }

    /// The code of a refusal.
    #[track_caller]
    pub(super) fn code(&self) -> String {
        assert_ne!(self.status, 200, "{}", self.text);
        self.get("Code")
    }

    /// Code and words of a refusal.
    #[track_caller]
    pub(super) fn words(&self) -> (String, String) {
        (self.code(), self.get("Message").replace("&apos;", "'").replace("&quot;", "\""))
    }

    /// It is refused, with that code and words.
    #[track_caller]
    pub(super) fn refuses(&self, code: &str, words: &str) {
        assert_eq!(self.words(), (code.to_owned(), words.to_owned()));
    }
}
