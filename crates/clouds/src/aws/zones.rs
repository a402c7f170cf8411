//! Regions and their availability zones. The zones of a region are the same for every account
//! here; AWS mixes the letters for each.

use peerage_core::region::AwsRegion;

use super::caller::partition;
use super::filters::{Filters, Tags};
use super::refusal::{Refusal, invalid};
use super::turn::{Outcome, Turn};
use super::xml::Xml;

/// A zone.
#[derive(Clone, Debug)]
pub(super) struct Zone {
    /// `us-east-1a`.
    pub(super) name: String,
    /// `use1-az1`.
    pub(super) id: String,
}

/// The zones of a region: six in `us-east-1`, three elsewhere.
pub(super) fn of(region: &str) -> Vec<Zone> {
    let letters = if region == "us-east-1" { "abcdef" } else { "abc" };
    let names = letters.chars().map(|letter| format!("{region}{letter}"));
    names.map(|name| Zone { id: id_of(&name), name }).collect()
}

/// The id of the zone of that name (AWS RAM User Guide, "Availability Zone IDs").
pub(super) fn id_of(name: &str) -> String {
    let Some(letter) = name.chars().next_back() else { return String::new() };
    let region = &name[..name.len() - letter.len_utf8()];
    let number = u32::from(letter).saturating_sub(u32::from('a')) + 1;
    let short =
        region.split('-').enumerate().map(|(at, part)| if at == 0 { part } else { code(part) });
    format!("{}-az{number}", short.collect::<String>())
}

fn code(part: &str) -> &str {
    match part {
        "northeast" => "ne",
        "northwest" => "nw",
        "southeast" => "se",
        "southwest" => "sw",
        part if part.bytes().all(|byte| byte.is_ascii_digit()) => part,
        part => part.get(..1).unwrap_or(part),
    }
}

/// The regions of the partition that a region is in, by their names.
fn regions(own: &str) -> Vec<String> {
    let names = AwsRegion::all().map(|region| region.name().to_lowercase().replace('_', "-"));
    let is_here = |name: &String| name != "global" && partition(name) == partition(own);
    let mut names: Vec<String> = names.filter(is_here).collect();
    names.sort();
    names
}

fn endpoint(region: &str) -> String {
    let end = if partition(region) == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("ec2.{region}.{end}")
}

/// `DescribeRegions`.
pub(super) fn describe_regions(turn: &mut Turn<'_>) -> Outcome {
    let filters = Filters::read(turn.input, &["endpoint", "opt-in-status", "region-name"])?;
    turn.input.flag("AllRegions")?;
    let all = regions(&turn.caller.region);
    let asked = asked(turn, "RegionName", &all)?;
    let shown = asked.into_iter().filter(|region| {
        filters.admit(&Tags::new(), |name| {
            vec![match name {
                "endpoint" => endpoint(region),
                "opt-in-status" => "opt-in-not-required".to_owned(),
                _ => region.clone(),
            }]
        })
    });
    let mut xml = Xml::default();
    xml.items("regionInfo", shown, |xml, region| {
        xml.text("regionName", &region).text("regionEndpoint", endpoint(&region));
        xml.text("optInStatus", "opt-in-not-required");
    });
    Ok(xml)
}

const ZONE_FILTERS: &[&str] = &[
    "group-long-name",
    "group-name",
    "message",
    "opt-in-status",
    "parent-zone-id",
    "parent-zone-name",
    "region-name",
    "state",
    "zone-id",
    "zone-name",
    "zone-type",
];

/// `DescribeAvailabilityZones`.
pub(super) fn describe_zones(turn: &mut Turn<'_>) -> Outcome {
    let filters = Filters::read(turn.input, ZONE_FILTERS)?;
    turn.input.flag("AllAvailabilityZones")?;
    let region = &turn.caller.region;
    let all = of(region);
    let names =
        asked(turn, "ZoneName", &all.iter().map(|zone| zone.name.clone()).collect::<Vec<_>>())?;
    let ids = asked(turn, "ZoneId", &all.iter().map(|zone| zone.id.clone()).collect::<Vec<_>>())?;
    let shown = all.into_iter().filter(|zone| {
        names.contains(&zone.name)
            && ids.contains(&zone.id)
            && filters.admit(&Tags::new(), |name| zone_values(region, zone, name))
    });
    let mut xml = Xml::default();
    xml.items("availabilityZoneInfo", shown, |xml, zone| {
        xml.text("zoneName", &zone.name).text("zoneState", "available");
        xml.text("regionName", region).block("messageSet", |_| ());
        xml.text("zoneId", &zone.id).text("optInStatus", "opt-in-not-required");
        xml.text("groupName", format!("{region}-zg-1")).text("networkBorderGroup", region);
        xml.text("zoneType", "availability-zone");
    });
    Ok(xml)
}

fn zone_values(region: &str, zone: &Zone, name: &str) -> Vec<String> {
    vec![match name {
        "group-name" => format!("{region}-zg-1"),
        "opt-in-status" => "opt-in-not-required".to_owned(),
        "region-name" => region.to_owned(),
        "state" => "available".to_owned(),
        "zone-id" => zone.id.clone(),
        "zone-name" => zone.name.clone(),
        "zone-type" => "availability-zone".to_owned(),
        // A zone here has no parent, no message and no long name.
        _ => return Vec::new(),
    }]
}

/// Those of all that a list names, or all; one that is not there is refused.
fn asked(turn: &Turn<'_>, parameter: &str, all: &[String]) -> Result<Vec<String>, Refusal> {
    let asked = turn.input.list(parameter)?;
    if let Some(unknown) = asked.iter().find(|name| !all.iter().any(|other| other == *name)) {
        return Err(invalid(parameter, unknown, "It does not exist."));
    }
    let is_asked = |name: &&String| asked.is_empty() || asked.contains(&name.as_str());
    Ok(all.iter().filter(is_asked).cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_have_the_ids_of_aws() {
        let zones = [
            ("us-east-1a", "use1-az1"),
            ("ap-northeast-1c", "apne1-az3"),
            ("eu-central-1b", "euc1-az2"),
            ("us-gov-west-1a", "usgw1-az1"),
            ("cn-northwest-1a", "cnnw1-az1"),
        ];
        for (name, id) in zones {
            assert_eq!(id_of(name), id);
        }
        assert_eq!(of("us-east-1").len(), 6);
        assert_eq!(of("eu-west-1").len(), 3);
    }

    #[test]
    fn each_partition_has_regions_of_its_own() {
        assert!(regions("us-east-1").contains(&"eu-west-1".to_owned()));
        assert_eq!(regions("cn-north-1"), ["cn-north-1", "cn-northwest-1"]);
        assert_eq!(regions("us-gov-west-1"), ["us-gov-east-1", "us-gov-west-1"]);
        assert!(!regions("us-east-1").contains(&"global".to_owned()));
    }
}
