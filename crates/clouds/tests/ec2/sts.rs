//! STS: who asks, and in whose name.

use super::support::{Answer, Cloud, HOUR, OURS, THEIRS};

const ROLE: &str = "arn:aws:iam::123456789012:role/teams/peering";

/// AWS STS API Reference, `GetCallerIdentity`: it needs no permission.
#[test]
fn everybody_is_told_who_it_is() {
    let cloud = Cloud::new();
    cloud.ec2.deny("sts:GetCallerIdentity");
    let who = cloud.call(OURS, "GetCallerIdentity", &[]).ok();
    assert_eq!(who.get("Account"), "999988887777");
    assert_eq!(who.get("Arn"), "arn:aws:iam::999988887777:user/peerage");
    let shape = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
                 <GetCallerIdentityResult><Arn>";
    assert!(who.text.contains(shape), "{}", who.text);
    let who = cloud.call_with("AKIAEXAMPLE", "us-east-1", None, "GetCallerIdentity", &[]).ok();
    assert_eq!(who.get("Account"), "123456789012");
}

/// AWS STS API Reference, `AssumeRole`: the session acts in the role's account.
#[test]
fn a_session_acts_in_its_roles_account() {
    let cloud = Cloud::new();
    let session = Session::of(&assume(&cloud, ROLE, &[]).ok());
    let who = session.call(&cloud, "GetCallerIdentity", &[]).ok();
    assert_eq!(who.get("Account"), "123456789012");
    assert_eq!(who.get("Arn"), "arn:aws:sts::123456789012:assumed-role/peering/session");
    let made = session.call(&cloud, "CreateVpc", &[("CidrBlock", "10.8.0.0/21")]).ok();
    assert_eq!(made.get("ownerId"), "123456789012");
    assert_eq!(cloud.call(THEIRS, "DescribeVpcs", &[]).ok().all("vpcId"), [made.get("vpcId")]);
}

/// IAM User Guide, "The confused deputy problem": a wrong external id is refused.
#[test]
fn a_role_with_an_external_id_is_assumed_with_it_and_not_otherwise() {
    let cloud = Cloud::new();
    cloud.ec2.add_role(ROLE, Some("secret-of-one-project"));
    let words = format!(
        "User: arn:aws:iam::999988887777:user/peerage is not authorized to perform: sts:AssumeRole \
         on resource: {ROLE}"
    );
    for forged in [None, Some("secret-of-another-project"), Some("secret-of-one-projec")] {
        let given: Vec<_> = forged.into_iter().map(|id| ("ExternalId", id)).collect();
        let refused = assume(&cloud, ROLE, &given);
        assert_eq!(refused.status, 403);
        refused.refuses("AccessDenied", &words);
    }
    assume(&cloud, ROLE, &[("ExternalId", "secret-of-one-project")]).ok();
    let shape = "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error>\
                 <Type>Sender</Type><Code>AccessDenied</Code>";
    assert!(assume(&cloud, ROLE, &[]).text.contains(shape));
}

/// A role that nobody added: as in a test cloud, but never the service's own.
#[test]
fn a_role_that_nobody_added_is_for_everybody_outside_the_services_account() {
    let cloud = Cloud::new();
    assume(&cloud, ROLE, &[("ExternalId", "whatever")]).ok();
    let ours = "arn:aws:iam::999988887777:role/operator";
    assert_eq!(assume(&cloud, ours, &[]).code(), "AccessDenied");
    cloud.ec2.add_role(ours, None);
    assume(&cloud, ours, &[]).ok();
    for arn in [
        "role",
        "arn:aws:iam::1:role/a",
        "arn:aws:s3::123456789012:role/a",
        "arn:aws:iam::123456789012:user/a",
    ] {
        assert_eq!(assume(&cloud, arn, &[]).code(), "ValidationError", "{arn}");
    }
}

/// AWS STS API Reference: temporary credentials end; EC2's error codes, `RequestExpired`,
/// `AuthFailure`.
#[test]
fn a_session_ends_and_needs_its_token() {
    let cloud = Cloud::new();
    let made = assume(&cloud, ROLE, &[("DurationSeconds", "900")]).ok();
    assert_eq!(made.get("Expiration"), "2026-01-01T00:15:00.000Z");
    let session = Session::of(&made);
    let stolen = cloud.call_with(&session.key, "us-east-1", None, "DescribeVpcs", &[]);
    assert_eq!((stolen.status, stolen.code()), (401, "AuthFailure".into()));
    let unknown =
        cloud.call_with("ASIAPEERAAAAAAAAAAAA", "us-east-1", Some("x"), "DescribeVpcs", &[]);
    assert_eq!(unknown.code(), "AuthFailure");
    let unknown =
        cloud.call_with("ASIAPEERAAAAAAAAAAAA", "us-east-1", None, "GetCallerIdentity", &[]);
    assert_eq!(unknown.code(), "InvalidClientTokenId");
    session.call(&cloud, "DescribeVpcs", &[]).ok();
    cloud.pass(HOUR / 4);
    assert_eq!(session.call(&cloud, "DescribeVpcs", &[]).code(), "RequestExpired");
    assert_eq!(session.call(&cloud, "GetCallerIdentity", &[]).code(), "ExpiredToken");
    cloud.pass(HOUR * 24);
    // Nobody becomes the customer because the world forgot a session.
    assert_eq!(session.call(&cloud, "DescribeVpcs", &[]).code(), "AuthFailure");
    for seconds in ["899", "43201"] {
        let odd = assume(&cloud, ROLE, &[("DurationSeconds", seconds)]);
        assert_eq!(odd.code(), "ValidationError");
    }
}

/// AWS STS API Reference, `AssumeRoleWithWebIdentity`: unsigned, with a token.
#[test]
fn a_web_identity_assumes_a_role_without_a_signature() {
    let cloud = Cloud::new();
    // {"alg":"none"} . {"sub":"peerage","aud":"sts","iss":"https://issuer"} .
    let token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJwZWVyYWdlIiwiYXVkIjoic3RzIiwiaXNzIjoiaHR0cHM6Ly9p\
                 c3N1ZXIifQ.c2ln";
    let ask = |role: &str, token: &str| {
        let form = format!(
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn={role}\
             &RoleSessionName=session&WebIdentityToken={token}"
        );
        cloud.send(http::Request::post("/").body(form.into()).unwrap())
    };
    let made = ask(ROLE, token).ok();
    assert_eq!(made.get("SubjectFromWebIdentityToken"), "peerage");
    let who = Session::of(&made).call(&cloud, "GetCallerIdentity", &[]).ok();
    assert_eq!(who.get("Account"), "123456789012");
    assert_eq!(ask(ROLE, "nonsense").code(), "InvalidIdentityToken");
    assert_eq!(ask("arn:aws:iam::999988887777:role/operator", token).code(), "AccessDenied");
    cloud.ec2.add_role(ROLE, Some("an external id"));
    assert_eq!(ask(ROLE, token).code(), "AccessDenied");
    let form = "Action=GetCallerIdentity&Version=2011-06-15";
    let unsigned = cloud.send(http::Request::post("/").body(form.into()).unwrap());
    assert_eq!((unsigned.status, unsigned.code()), (403, "MissingAuthenticationToken".into()));
}

/// What the service may not do, a role that it assumed may not either.
#[test]
fn a_session_of_the_service_lacks_what_the_service_lacks() {
    let cloud = Cloud::new();
    let session = Session::of(&assume(&cloud, ROLE, &[]).ok());
    cloud.ec2.deny("ec2:CreateVpc");
    let refused = session.call(&cloud, "CreateVpc", &[("CidrBlock", "10.8.0.0/21")]);
    let words = "You are not authorized to perform this operation. User: \
                 arn:aws:sts::123456789012:assumed-role/peering/session is not authorized to \
                 perform: ec2:CreateVpc on resource: arn:aws:ec2:us-east-1:123456789012:vpc/* \
                 because no identity-based policy allows the ec2:CreateVpc action";
    refused.refuses("UnauthorizedOperation", words);
    let theirs = cloud.call(THEIRS, "CreateVpc", &[("CidrBlock", "10.8.0.0/21")]);
    theirs.ok();
    cloud.ec2.deny("sts:AssumeRole");
    let refused = assume(&cloud, ROLE, &[]);
    assert_eq!(refused.code(), "AccessDenied");
    assert!(refused.get("Message").contains("sts:AssumeRole"));
}

/// AWS STS API Reference: what would make a session another one is not ignored; nor is what is no
/// parameter of the action.
#[test]
fn a_session_is_not_made_with_parameters_that_nobody_keeps() {
    let cloud = Cloud::new();
    let names = [
        "Policy",
        "PolicyArns.member.1.arn",
        "Tags.member.1.Key",
        "TransitiveTagKeys.member.1",
        "SerialNumber",
        "TokenCode",
        "SourceIdentity",
        "ProvidedContexts.member.1.ProviderArn",
        "MinimumSessionTokenSize",
        "WebIdentityToken",
        "DryRun",
    ];
    for name in names {
        let words = format!("The parameter {name} is not recognized");
        assume(&cloud, ROLE, &[(name, "1")]).refuses("UnknownParameter", &words);
    }
    let odd = cloud.call(OURS, "GetCallerIdentity", &[("RoleArn", ROLE)]);
    assert_eq!(odd.code(), "UnknownParameter");
    for name in ["Policy", "ProviderId", "ExternalId"] {
        let form = format!(
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn={ROLE}\
             &RoleSessionName=session&WebIdentityToken=a.e30.c&{name}=1"
        );
        let odd = cloud.send(http::Request::post("/").body(form.into()).unwrap());
        assert_eq!(odd.code(), "UnknownParameter", "{name}");
    }
}

/// AWS STS API Reference: `RoleArn` has 20 to 2048 characters, `RoleSessionName` 2 to 64 of
/// `[\w+=,.@-]*`.
#[test]
fn a_role_and_a_session_have_names_of_their_form() {
    let cloud = Cloud::new();
    let ask = |role: &str, name: &str| {
        let parameters = [("RoleArn", role), ("RoleSessionName", name)];
        cloud.call(OURS, "AssumeRole", &parameters)
    };
    let (longest, longer) = ("s".repeat(64), "s".repeat(65));
    for name in ["ab", "a+b=c,d.e@f-g_h", longest.as_str()] {
        let arn = format!("arn:aws:sts::123456789012:assumed-role/peering/{name}");
        assert_eq!(ask(ROLE, name).ok().get("Arn"), arn);
    }
    for name in ["a", "a b", "a/b", longer.as_str()] {
        assert_eq!(ask(ROLE, name).code(), "ValidationError", "{name}");
    }
    let role = |length: usize| {
        let head = "arn:aws:iam::123456789012:role/";
        format!("{head}{}", "r".repeat(length - head.len()))
    };
    ask(&role(2_048), "session").ok();
    let words = ask(&role(2_049), "session").words();
    assert_eq!(words.0, "ValidationError");
    assert!(words.1.ends_with("Member must have length less than or equal to 2048"));
}

struct Session {
    key: String,
    token: String,
}

impl Session {
    fn of(answer: &Answer) -> Self {
        Self { key: answer.get("AccessKeyId"), token: answer.get("SessionToken") }
    }

    fn call(&self, cloud: &Cloud, action: &str, parameters: &[(&str, &str)]) -> Answer {
        cloud.call_with(&self.key, "us-east-1", Some(&self.token), action, parameters)
    }
}

fn assume(cloud: &Cloud, role: &str, more: &[(&str, &str)]) -> Answer {
    let mut parameters = vec![("RoleArn", role), ("RoleSessionName", "session")];
    parameters.extend(more);
    cloud.call(OURS, "AssumeRole", &parameters)
}
