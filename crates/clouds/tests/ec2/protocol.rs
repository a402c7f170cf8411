//! The EC2 Query protocol: envelopes, identity, refusals of requests that are none.

use bytes::Bytes;

use super::support::{Answer, Cloud, OURS, THEIRS};

const SCOPE: &str = "Credential=999988887777/20260101/us-east-1/ec2/aws4_request";

/// EC2 API Reference, "Making requests": the shape of answers and errors.
#[test]
fn answers_and_errors_have_the_shape_of_ec2() {
    let cloud = Cloud::new();
    let made = cloud.call(OURS, "CreateVpc", &[("CidrBlock", "10.8.0.0/21")]).ok();
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CreateVpcResponse \
                xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>";
    assert!(made.text.starts_with(head), "{}", made.text);
    assert_eq!(made.get("requestId").len(), 36);
    let refused = cloud.call(OURS, "DeleteVpc", &[]);
    assert_eq!(refused.status, 400);
    let shape = "<Response><Errors><Error><Code>MissingParameter</Code><Message>The request must \
                 contain the parameter vpcId</Message></Error></Errors><RequestID>";
    assert!(refused.text.contains(shape), "{}", refused.text);
    assert_ne!(refused.get("RequestID"), made.get("requestId"));
}

/// The common errors of the EC2 API.
#[test]
fn a_request_that_says_nothing_sensible_is_refused() {
    let cloud = Cloud::new();
    let cases = [
        ("Version=2016-11-15", 400, "MissingAction"),
        ("Action=DescribeVpcs", 400, "MissingParameter"),
        ("Action=DescribeVpcs&Version=2010-01-01", 400, "NoSuchVersion"),
        ("Action=RunInstances&Version=2016-11-15", 400, "InvalidAction"),
        ("Action=DescribeVpcs&Version=2016-11-15&Vpc=1", 400, "UnknownParameter"),
        ("Action=DescribeVpcs&Version=2016-11-15&VpcId=1", 400, "UnknownParameter"),
        ("Action=DescribeVpcs&Version=2016-11-15&VpcId.a=1", 400, "UnknownParameter"),
        ("Action=CreateVpc&Version=2016-11-15", 400, "MissingParameter"),
        (
            "Action=CreateVpc&Version=2016-11-15&CidrBlock=10.0.0.0%2F16&DryRun=maybe",
            400,
            "InvalidParameterValue",
        ),
        ("Action=%FF%FE&Version=2016-11-15", 400, "InvalidAction"),
    ];
    for (form, status, code) in cases {
        let answer = signed(&cloud, form);
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{form}");
    }
    let elsewhere = http::Request::post("/vpcs").body(Bytes::new()).unwrap();
    assert_eq!(cloud.send(elsewhere).status, 404);
    let other = http::Request::delete("/").body(Bytes::new()).unwrap();
    assert_eq!(cloud.send(other).status, 405);
}

/// The common errors: `MissingAuthenticationToken`, `IncompleteSignature`, `AuthFailure`.
#[test]
fn a_request_has_to_say_who_asks() {
    let cloud = Cloud::new();
    let form = "Action=DescribeVpcs&Version=2016-11-15";
    let cases = [
        (None, 403, "MissingAuthenticationToken"),
        (Some("Basic abc".to_owned()), 400, "IncompleteSignature"),
        (Some("AWS4-HMAC-SHA256 Credential=x".to_owned()), 400, "IncompleteSignature"),
        (Some(format!("AWS4-HMAC-SHA256 {SCOPE}")), 400, "IncompleteSignature"),
        (
            Some(
                "AWS4-HMAC-SHA256 Credential=a/20260101/nowhere/ec2/aws4_request, Signature=0"
                    .into(),
            ),
            401,
            "AuthFailure",
        ),
    ];
    for (authorization, status, code) in cases {
        let mut request = http::Request::post("/");
        if let Some(value) = &authorization {
            request = request.header("authorization", value);
        }
        let answer = cloud.send(request.body(Bytes::from(form)).unwrap());
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{authorization:?}");
        assert!(!answer.text.contains("abc"), "a secret is not repeated");
    }
}

/// Twelve digits are the account; every other key is the usual customer's.
#[test]
fn the_access_key_says_whose_a_vpc_is() {
    let cloud = Cloud::new();
    for (key, owner) in [("999988887777", "999988887777"), ("AKIAIOSFODNN7EXAMPLE", "123456789012")]
    {
        let block = [("CidrBlock", "10.8.0.0/21")];
        let made = cloud.call_with(key, "us-east-1", None, "CreateVpc", &block).ok();
        assert_eq!(made.get("ownerId"), owner);
    }
    assert_eq!(cloud.call(THEIRS, "DescribeVpcs", &[]).ok().all("vpcId").len(), 1);
}

/// Signature Version 4, "Authenticating requests: using query parameters".
#[test]
fn a_presigned_request_is_one_too() {
    let cloud = Cloud::new();
    let query = "/?Action=DescribeRegions&Version=2016-11-15&X-Amz-Algorithm=AWS4-HMAC-SHA256\
                 &X-Amz-Credential=123456789012%2F20260101%2Fus-east-1%2Fec2%2Faws4_request\
                 &X-Amz-Date=20260101T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host\
                 &X-Amz-Signature=00";
    let answer = cloud.send(http::Request::get(query).body(Bytes::new()).unwrap()).ok();
    assert!(answer.all("regionName").contains(&"us-east-1".to_owned()));
}

/// The common errors: `DryRunOperation`, after the permission was looked at and before anything is
/// done.
#[test]
fn a_dry_run_does_nothing() {
    let cloud = Cloud::new();
    let dry = [("CidrBlock", "10.8.0.0/21"), ("DryRun", "true")];
    let answer = cloud.call(OURS, "CreateVpc", &dry);
    assert_eq!(answer.status, 412);
    let words = "Request would have succeeded, but DryRun flag is set.";
    answer.refuses("DryRunOperation", words);
    assert!(cloud.call(OURS, "DescribeVpcs", &[]).ok().all("vpcId").is_empty());
    cloud.ec2.deny("ec2:CreateVpc");
    assert_eq!(cloud.call(OURS, "CreateVpc", &dry).code(), "UnauthorizedOperation");
}

/// Whatever a request holds, there is an answer, and it is XML.
#[test]
fn no_request_is_without_an_answer() {
    let cloud = Cloud::new();
    let mut state = 1_u64;
    let mut byte = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    let words = [
        "Action",
        "Version",
        "=",
        "&",
        "2016-11-15",
        "CreateVpc",
        "DescribeVpcs",
        "Filter.1.Name",
        "Filter.1.Value.1",
        "tag:",
        "VpcId.1",
        "CidrBlock",
        "10.0.0.0/16",
        "NextToken",
        "MaxResults",
        "TagSpecification.1.ResourceType",
        "CreateVpcPeeringConnection",
        "%",
        "+",
        ".",
        "DryRun",
    ];
    for _ in 0..3_000 {
        let mut form = String::new();
        for _ in 0..byte() % 24 {
            let pick = byte();
            match words.get(usize::from(pick) % 30) {
                Some(word) => form.push_str(word),
                None => form.push(char::from(byte())),
            }
        }
        let answer = signed(&cloud, &form);
        assert!(answer.text.starts_with("<?xml") && answer.text.ends_with('>'), "{form:?}");
    }
}

fn signed(cloud: &Cloud, form: &str) -> Answer {
    let signature = format!("AWS4-HMAC-SHA256 {SCOPE}, SignedHeaders=host, Signature=00");
    let request = http::Request::post("/").header("authorization", signature);
    cloud.send(request.body(Bytes::from(form.to_owned())).unwrap())
}
