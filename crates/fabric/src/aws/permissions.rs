//! What the driver has to be allowed, action by action, and the same as documents of IAM. A test
//! takes each of them away and sees the error that names it.

use serde_json::{Value, json};

use crate::tags;

/// An action that the driver needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// As IAM writes it: `ec2:CreateVpc`.
    pub action: &'static str,
    /// What it is for.
    pub why: &'static str,
    /// On what it is allowed.
    pub scope: Scope,
}

/// On what an action is allowed. Source: the Service Authorization Reference, Amazon EC2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// On everything: EC2 has no narrower permission to look.
    Look,
    /// To make something that gets our tag with it, in or for something that has it.
    Make {
        /// What is made.
        kind: &'static str,
        /// What it is made in or for, and has our tag.
        of: Option<&'static str>,
    },
    /// To change what has our tag, of one kind.
    Own(&'static str),
    /// To answer what strangers ask our VPCs for; it has no tag of ours.
    Strangers,
    /// To change route tables. EC2 makes a VPC's main table itself, without tags.
    Tables,
    /// To set tags while something is made, and on what has ours.
    Tag,
}

const PERMISSIONS: &[Permission] = &[
    look("ec2:DescribeAvailabilityZones", "zones for subnets"),
    look("ec2:DescribeRegions", "regions to search when none are configured"),
    look("ec2:DescribeRouteTables", "what our tables send to a customer"),
    look("ec2:DescribeSubnets", "what a network has and lacks"),
    look("ec2:DescribeVpcAttribute", "what a network has and lacks"),
    look("ec2:DescribeVpcPeeringConnections", "where a connection stands"),
    look("ec2:DescribeVpcs", "whether a network is there already"),
    make("ec2:CreateVpc", "a network for each container", "vpc", None),
    make("ec2:CreateSubnet", "subnets of a network", "subnet", Some("vpc")),
    make(
        "ec2:CreateVpcPeeringConnection",
        "asking a customer for a connection",
        "vpc-peering-connection",
        Some("vpc"),
    ),
    own("ec2:ModifyVpcAttribute", "names in a network", "vpc"),
    own("ec2:DeleteVpc", "removing a network", "vpc"),
    own("ec2:DeleteSubnet", "removing a network", "subnet"),
    own(
        "ec2:ModifyVpcPeeringConnectionOptions",
        "resolving the customer's names",
        "vpc-peering-connection",
    ),
    own("ec2:DeleteVpcPeeringConnection", "removing a connection", "vpc-peering-connection"),
    Permission {
        action: "ec2:RejectVpcPeeringConnection",
        why: "removing a network that a stranger asks for a connection",
        scope: Scope::Strangers,
    },
    tables("ec2:CreateRoute", "routes to a customer"),
    tables("ec2:ReplaceRoute", "routes to a customer that lead nowhere"),
    tables("ec2:DeleteRoute", "removing routes to a customer"),
    Permission { action: "ec2:CreateTags", why: "finding again what was made", scope: Scope::Tag },
];

/// Everything that the driver has to be allowed. Who calls `sts:GetCallerIdentity` needs no
/// permission; `sts:AssumeRole` is given to the service's own user or role, by the trust policy.
#[must_use]
pub const fn permissions() -> &'static [Permission] {
    PERMISSIONS
}

/// The policy for the role that is assumed, as a document of IAM: what [`permissions`] lists, on
/// what carries the tag of this installation wherever EC2 can tell. For the partition `aws`; in
/// another one the ARNs begin with its name.
#[must_use]
pub fn policy(installation: &str) -> Value {
    let ours = json!({ "StringEquals": { resource_tag(): installation } });
    let made = json!({ "StringEquals": { request_tag(): installation } });
    let mut statements = vec![json!({
        "Sid": "Look", "Effect": "Allow", "Action": of(Scope::Look), "Resource": "*",
    })];
    for permission in PERMISSIONS {
        let (action, name) = (permission.action, sid(permission.action));
        match permission.scope {
            Scope::Make { kind, of } => {
                statements.push(json!({
                    "Sid": name, "Effect": "Allow", "Action": action,
                    "Resource": arn(kind), "Condition": made,
                }));
                statements.extend(of.map(|of| {
                    json!({
                        "Sid": format!("{name}In"), "Effect": "Allow", "Action": action,
                        "Resource": arn(of), "Condition": ours,
                    })
                }));
            }
            Scope::Own(kind) => statements.push(json!({
                "Sid": name, "Effect": "Allow", "Action": action,
                "Resource": arn(kind), "Condition": ours,
            })),
            Scope::Strangers => statements.push(json!({
                "Sid": name, "Effect": "Allow", "Action": action,
                "Resource": arn("vpc-peering-connection"),
            })),
            Scope::Tag => statements.extend(tagging(action, installation)),
            Scope::Look | Scope::Tables => {}
        }
    }
    statements.push(json!({
        "Sid": "Routes", "Effect": "Allow", "Action": of(Scope::Tables),
        "Resource": arn("route-table"),
    }));
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// The trust policy of a role: who may assume it, and with which external id alone.
///
/// Source: the IAM User Guide, how to use an external ID when granting access to third parties.
#[must_use]
pub fn trust_policy(principal: &str, external_id: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "AWS": principal },
            "Action": "sts:AssumeRole",
            "Condition": { "StringEquals": { "sts:ExternalId": external_id } },
        }],
    })
}

/// Tags at creation, and the marks that are set later on what has ours.
fn tagging(action: &str, installation: &str) -> [Value; 2] {
    let made: Vec<&str> = PERMISSIONS
        .iter()
        .filter(|permission| matches!(permission.scope, Scope::Make { .. }))
        .filter_map(|permission| permission.action.strip_prefix("ec2:"))
        .collect();
    let kinds = ["vpc", "subnet", "vpc-peering-connection"].map(arn);
    let marked = ["vpc", "vpc-peering-connection"].map(arn);
    [
        json!({
            "Sid": "TagWhatIsMade", "Effect": "Allow", "Action": action, "Resource": kinds,
            "Condition": {
                "StringEquals": { "ec2:CreateAction": made, request_tag(): installation },
            },
        }),
        json!({
            "Sid": "Mark", "Effect": "Allow", "Action": action, "Resource": marked,
            "Condition": { "StringEquals": { resource_tag(): installation } },
        }),
    ]
}

fn of(scope: Scope) -> Vec<&'static str> {
    let fits = PERMISSIONS.iter().filter(|permission| permission.scope == scope);
    fits.map(|permission| permission.action).collect()
}

fn sid(action: &str) -> &str {
    action.strip_prefix("ec2:").unwrap_or(action)
}

fn arn(kind: &str) -> String {
    format!("arn:aws:ec2:*:*:{kind}/*")
}

fn resource_tag() -> String {
    format!("aws:ResourceTag/{}", tags::INSTALLATION)
}

fn request_tag() -> String {
    format!("aws:RequestTag/{}", tags::INSTALLATION)
}

const fn look(action: &'static str, why: &'static str) -> Permission {
    Permission { action, why, scope: Scope::Look }
}

const fn make(
    action: &'static str,
    why: &'static str,
    kind: &'static str,
    of: Option<&'static str>,
) -> Permission {
    Permission { action, why, scope: Scope::Make { kind, of } }
}

const fn own(action: &'static str, why: &'static str, kind: &'static str) -> Permission {
    Permission { action, why, scope: Scope::Own(kind) }
}

const fn tables(action: &'static str, why: &'static str) -> Permission {
    Permission { action, why, scope: Scope::Tables }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_policy_allows_what_is_listed_and_nothing_else() {
        let policy = policy("prod");
        let mut allowed = BTreeSet::new();
        for statement in policy["Statement"].as_array().unwrap() {
            assert_eq!(statement["Effect"], "Allow");
            match &statement["Action"] {
                Value::String(action) => drop(allowed.insert(action.clone())),
                actions => allowed.extend(
                    actions.as_array().unwrap().iter().map(|a| a.as_str().unwrap().to_owned()),
                ),
            }
        }
        let listed = permissions().iter().map(|permission| permission.action.to_owned());
        assert_eq!(allowed, listed.collect());
    }

    #[test]
    fn what_changes_something_is_bound_to_our_tag_but_for_what_cannot_have_it() {
        for statement in policy("prod")["Statement"].as_array().unwrap() {
            let name = statement["Sid"].as_str().unwrap();
            let condition = statement["Condition"]["StringEquals"].to_string();
            match name {
                "Look" | "Routes" | "RejectVpcPeeringConnection" => {
                    assert_eq!(condition, "null", "{name}")
                }
                _ => assert!(condition.contains("peerage:installation\":\"prod"), "{name}"),
            }
        }
    }

    /// Source: IAM quotas: a managed policy has 6,144 characters at most, blanks not counted.
    #[test]
    fn the_policy_fits_into_one_of_iam() {
        let length = policy("an-installation-with-a-long-name").to_string().len();
        assert!(length <= 6_144, "{length}");
    }

    #[test]
    fn nobody_is_trusted_without_the_external_id() {
        let trust = trust_policy("arn:aws:iam::444455556666:role/service", "unguessable");
        let condition = &trust["Statement"][0]["Condition"]["StringEquals"];
        assert_eq!(condition["sts:ExternalId"], "unguessable");
    }
}
