//! The attributes of a VPC: DNS support and names, and metrics that nobody reads here.

use super::super::listing::VPC;
use super::super::refusal::{Refusal, invalid, missing, refused};
use super::super::turn::{Outcome, Turn};
use super::super::xml::Xml;
use super::Vpc;

const HOSTNAMES: &str = "enableDnsHostnames";
const SUPPORT: &str = "enableDnsSupport";
const METRICS: &str = "enableNetworkAddressUsageMetrics";

/// `DescribeVpcAttribute`.
pub(in crate::aws) fn describe_attribute(turn: &mut Turn<'_>) -> Outcome {
    let id = VPC.need(turn)?;
    let name = turn.input.need("Attribute")?;
    let vpc = turn.vpc(id).ok_or_else(|| VPC.not_found(id))?;
    let value = match name {
        HOSTNAMES => vpc.dns_hostnames,
        SUPPORT => vpc.dns_support,
        METRICS => vpc.usage_metrics,
        _ => return Err(invalid("Attribute", name, "Unknown attribute.")),
    };
    let mut xml = Xml::default();
    xml.text("vpcId", id).block(name, |xml| {
        xml.text("value", value);
    });
    Ok(xml)
}

/// `ModifyVpcAttribute`: one attribute at a time, and names only where there is support (EC2 API
/// Reference).
pub(in crate::aws) fn modify_attribute(turn: &mut Turn<'_>) -> Outcome {
    let id = VPC.need(turn)?;
    let hostnames = turn.input.flag("EnableDnsHostnames.Value")?;
    let support = turn.input.flag("EnableDnsSupport.Value")?;
    let metrics = turn.input.flag("EnableNetworkAddressUsageMetrics.Value")?;
    let given = [hostnames, support, metrics].into_iter().flatten().count();
    let vpc = turn.vpc(id).ok_or_else(|| VPC.not_found(id))?;
    match given {
        0 => return Err(missing("EnableDnsHostnames")),
        1 => {}
        _ => {
            let words = "Fields for multiple attribute types specified";
            return Err(Refusal::new("InvalidParameterCombination", words));
        }
    }
    if hostnames == Some(true) && !vpc.dns_support {
        return Err(refused("DNS hostnames can only be enabled where DNS support is enabled."));
    }
    if let Some(vpc) = turn.world.tables.vpcs.get_mut(id) {
        *vpc = Vpc {
            dns_hostnames: hostnames.unwrap_or(vpc.dns_hostnames),
            dns_support: support.unwrap_or(vpc.dns_support),
            usage_metrics: metrics.unwrap_or(vpc.usage_metrics),
            ..vpc.clone()
        };
    }
    Ok(Xml::done())
}
