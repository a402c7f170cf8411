//! `DescribeAccountAttributes`. Source: EC2 API Reference.

use super::refusal::invalid;
use super::turn::{Outcome, Turn};
use super::xml::Xml;

/// The attributes of every account: there is no default VPC and no EC2-Classic.
const ATTRIBUTES: [(&str, &str); 6] = [
    ("supported-platforms", "VPC"),
    ("vpc-max-security-groups-per-interface", "5"),
    ("max-elastic-ips", "5"),
    ("max-instances", "20"),
    ("vpc-max-elastic-ips", "5"),
    ("default-vpc", "none"),
];

pub(super) fn describe_attributes(turn: &mut Turn<'_>) -> Outcome {
    let asked = turn.input.list("AttributeName")?;
    let is_known = |name: &str| ATTRIBUTES.iter().any(|(known, _)| *known == name);
    if let Some(unknown) = asked.iter().find(|name| !is_known(name)) {
        return Err(invalid("AttributeName", unknown, "Unknown attribute."));
    }
    let shown = ATTRIBUTES.iter().filter(|(name, _)| asked.is_empty() || asked.contains(name));
    let mut xml = Xml::default();
    xml.items("accountAttributeSet", shown, |xml, (name, value)| {
        xml.text("attributeName", name);
        xml.items("attributeValueSet", [value], |xml, value| {
            xml.text("attributeValue", value);
        });
    });
    Ok(xml)
}
