//! What the driver reads of Compute Engine: networks, their peerings, and the operations on them.
//! Taken out of the official client's types here and nowhere else. Must not know what any of it
//! means for a peering or container of ours.

use google_cloud_compute_v1::model;
use google_cloud_compute_v1::model::{network_peering, operation};
use peerage_core::id::{ContainerId, GroupId};
use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::stamp::Stamp;
use crate::tags;

/// A network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SeenNetwork {
    pub(super) name: String,
    /// The cloud's address of it, which its operations name as their target.
    pub(super) link: String,
    /// What its description says, if it is of ours.
    pub(super) label: Option<Label>,
    pub(super) peerings: Vec<Entry>,
    /// Region and name of each subnet.
    pub(super) subnets: Vec<(String, String)>,
}

/// What we write into the description of a network: it has no tags.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Label {
    #[serde(rename = "peerage:installation")]
    pub(super) installation: String,
    #[serde(rename = "peerage:group")]
    pub(super) group: String,
    #[serde(rename = "peerage:container")]
    pub(super) container: String,
}

/// One half of a peering: what a network says about its other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    /// `projects/<project>/global/networks/<network>`.
    pub(super) peer: String,
    pub(super) active: bool,
    /// `stateDetails`.
    pub(super) details: Option<String>,
    pub(super) flags: Flags,
}

/// Which routes a half exchanges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flags {
    pub(super) subnets: bool,
    pub(super) import: bool,
    pub(super) export: bool,
}

/// An operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Work {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Whose it is, if the request carried an id of ours.
    pub(super) stamp: Option<Stamp>,
    /// The last part of its target's address: the name of a network or subnet.
    pub(super) target: String,
    /// When it was asked for, in milliseconds; zero if that cannot be read.
    pub(super) since_ms: i64,
    pub(super) end: End,
}

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Insert,
    Delete,
    AddPeering,
    RemovePeering,
    UpdatePeering,
    Other,
}

/// Whether and how an operation has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    Running,
    Done,
    Failed(Failure),
}

impl Label {
    pub(super) fn new(installation: &str, group: GroupId, container: ContainerId) -> Self {
        let (group, container) = (group.to_string(), container.to_string());
        Self { installation: installation.to_owned(), group, container }
    }

    pub(super) fn read(description: &str) -> Option<Self> {
        serde_json::from_str(description).ok()
    }

    pub(super) fn written(&self) -> String {
        serde_json::json!({
            tags::INSTALLATION: self.installation,
            tags::GROUP: self.group,
            tags::CONTAINER: self.container,
        })
        .to_string()
    }
}

impl SeenNetwork {
    pub(super) fn read(network: model::Network) -> Self {
        let subnets = network.subnetworks.iter().filter_map(|link| region_and_name(link));
        Self {
            name: network.name.unwrap_or_default(),
            link: network.self_link.unwrap_or_default(),
            label: network.description.as_deref().and_then(Label::read),
            subnets: subnets.collect(),
            peerings: network.peerings.into_iter().map(Entry::read).collect(),
        }
    }

    /// Whether this installation made it, for that container.
    pub(super) fn is_of(&self, installation: &str, container: ContainerId) -> bool {
        self.name.starts_with(&tags::network_prefix(container))
            && self.label.as_ref().is_some_and(|label| label.installation == installation)
    }

    /// Whether its subnet in that region is there: ours carry the network's own name.
    pub(super) fn has_subnet(&self, region: &str) -> bool {
        self.subnets.iter().any(|(place, name)| place == region && *name == self.name)
    }
}

impl Entry {
    fn read(peering: model::NetworkPeering) -> Self {
        let flags = Flags {
            subnets: peering.exchange_subnet_routes.unwrap_or(true),
            import: peering.import_custom_routes.unwrap_or(false),
            export: peering.export_custom_routes.unwrap_or(false),
        };
        Self {
            name: peering.name.unwrap_or_default(),
            peer: within_cloud(&peering.network.unwrap_or_default()),
            active: peering.state == Some(network_peering::State::Active),
            details: peering.state_details.filter(|words| !words.is_empty()),
            flags,
        }
    }
}

impl Work {
    /// Reads an operation; `None` if it has no name, which every one has.
    pub(super) fn read(work: model::Operation) -> Option<Self> {
        let name = work.name.clone().filter(|name| !name.is_empty())?;
        let target = work.target_link.as_deref().unwrap_or_default();
        let since = work.insert_time.as_deref().or(work.creation_timestamp.as_deref());
        Some(Self {
            name,
            kind: Kind::read(work.operation_type.as_deref().unwrap_or_default()),
            stamp: work.client_operation_id.as_deref().and_then(Stamp::read),
            target: target.rsplit('/').next().unwrap_or_default().to_owned(),
            since_ms: since.and_then(read_time).unwrap_or(0),
            end: End::read(&work),
        })
    }

    pub(super) fn is_running(&self) -> bool {
        self.end == End::Running
    }

    /// How it failed, if it did.
    pub(super) fn failure(&self) -> Option<&Failure> {
        match &self.end {
            End::Failed(failure) => Some(failure),
            End::Running | End::Done => None,
        }
    }
}

impl Kind {
    /// Some operations have the whole name of their method: `compute.networks.addPeering`.
    fn read(text: &str) -> Self {
        match text.rsplit('.').next().unwrap_or_default() {
            "insert" => Self::Insert,
            "delete" => Self::Delete,
            "addPeering" => Self::AddPeering,
            "removePeering" => Self::RemovePeering,
            "updatePeering" => Self::UpdatePeering,
            _ => Self::Other,
        }
    }

    /// Whether it is about a network's peerings: there is one at a time.
    pub(super) fn is_peering(self) -> bool {
        matches!(self, Self::AddPeering | Self::RemovePeering | Self::UpdatePeering)
    }
}

impl End {
    fn read(work: &model::Operation) -> Self {
        if work.status != Some(operation::Status::Done) {
            return Self::Running;
        }
        let first = work.error.as_ref().and_then(|error| error.errors.first());
        let status = work.http_error_status_code.and_then(|code| u16::try_from(code).ok());
        if first.is_none() && status.is_none_or(|status| status < 400) {
            return Self::Done;
        }
        let code = first.and_then(|error| error.code.clone());
        let words = first.and_then(|error| error.message.clone());
        let status = status.unwrap_or(400);
        let code = code.unwrap_or_else(|| format!("HTTP {status}"));
        let words = words.or_else(|| work.http_error_message.clone()).unwrap_or_default();
        Self::Failed(Failure::of_operation(status, &code, &words))
    }
}

/// An address without its host and version: from `projects/` on.
pub(super) fn within_cloud(link: &str) -> String {
    link.find("projects/").map_or(link, |at| &link[at..]).to_owned()
}

/// `…/regions/<region>/subnetworks/<name>`.
fn region_and_name(link: &str) -> Option<(String, String)> {
    let mut parts = link.rsplit('/');
    let (name, kind, region) = (parts.next()?, parts.next()?, parts.next()?);
    (kind == "subnetworks").then(|| (region.to_owned(), name.to_owned()))
}

/// Milliseconds of a time as RFC 3339 has it: `2026-11-28T10:20:30.123-08:00`.
fn read_time(text: &str) -> Option<i64> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let rest = text.get(19..)?;
    let zone_at = rest.find(['Z', 'z', '+', '-'])?;
    let (fraction, zone) = rest.split_at(zone_at);
    let digits: String = fraction.chars().filter(char::is_ascii_digit).take(3).collect();
    let millis = format!("{digits:0<3}").parse::<i64>().ok()?;
    let offset = match zone.get(..1)? {
        "Z" | "z" => 0,
        sign => {
            let minutes =
                zone.get(1..3)?.parse::<i64>().ok()? * 60 + zone.get(4..6)?.parse::<i64>().ok()?;
            if sign == "-" { -minutes } else { minutes }
        }
    };
    let seconds = days(year, month, day) * 86_400 + hour * 3_600 + (minute - offset) * 60 + second;
    Some(seconds * 1_000 + millis)
}

/// Days since 1 January 1970 in the Gregorian calendar; years begin in March, so that the day that
/// some have more is the last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let before = year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    before + (153 * month + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_with_its_zone_and_its_fraction() {
        let check = |text: &str, millis: i64| assert_eq!(read_time(text), Some(millis), "{text}");
        check("1970-01-01T00:00:00Z", 0);
        check("2023-11-14T22:13:20Z", 1_700_000_000_000);
        check("2023-11-14T14:13:20.125-08:00", 1_700_000_000_125);
        check("2023-11-15T03:43:20.5+05:30", 1_700_000_000_500);
        check("2024-02-29T00:00:00.000Z", 1_709_164_800_000);
        assert_eq!(read_time("yesterday"), None);
        assert_eq!(read_time("2023-11-14T22:13:20"), None);
    }

    #[test]
    fn a_label_is_read_back_and_nothing_else_is_one() {
        let (group, container) = (GroupId::from_bytes([1; 12]), ContainerId::from_bytes([2; 12]));
        let label = Label::new("here", group, container);
        assert_eq!(Label::read(&label.written()), Some(label));
        assert_eq!(Label::read("my network"), None);
        assert_eq!(Label::read("{}"), None);
    }

    #[test]
    fn an_address_is_compared_without_its_host() {
        let whole = "https://www.googleapis.com/compute/v1/projects/p/global/networks/n";
        assert_eq!(within_cloud(whole), "projects/p/global/networks/n");
        assert_eq!(within_cloud("projects/p/global/networks/n"), "projects/p/global/networks/n");
    }

    #[test]
    fn an_operation_says_how_it_ended() {
        let read = |json: serde_json::Value| {
            let work: model::Operation = serde_json::from_value(json).unwrap();
            Work::read(work)
        };
        let work = read(serde_json::json!({
            "name": "operation-1", "operationType": "compute.networks.addPeering",
            "status": "DONE", "httpErrorStatusCode": 400, "httpErrorMessage": "BAD REQUEST",
            "targetLink": "https://x/compute/v1/projects/p/global/networks/n",
            "error": {"errors": [{"code": "INVALID_USAGE", "message": "No."}]},
        }))
        .unwrap();
        assert_eq!((work.kind, work.target.as_str()), (Kind::AddPeering, "n"));
        assert_eq!(work.failure().map(|failure| failure.words.as_str()), Some("No."));
        let running = read(serde_json::json!({"name": "operation-2", "status": "PENDING"}));
        assert!(running.is_some_and(|work| work.is_running()));
        let ended = read(serde_json::json!({"name": "operation-3", "status": "DONE"}));
        assert_eq!(ended.map(|work| work.end), Some(End::Done));
        assert_eq!(read(serde_json::json!({})), None);
    }
}
