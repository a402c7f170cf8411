//! IP access lists: of projects, of API keys and of service accounts.
//!
//! An entry names one address, one block or one AWS security group. A client that sends back what
//! it read names an address and its block together, which is the same entry.

use peerage_core::cidr::AddressBlock;
use peerage_core::id::GroupId;
use peerage_core::time::Timestamp;
use serde::Serialize;

use crate::fields::{Field, Fields, ReadError, read_list};
use crate::form;
use crate::page::Link;
use crate::show;

/// The most entries that one request may have.
pub const ENTRIES_MAX: usize = 200;

/// What an entry lets in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// One address.
    Address(AddressBlock),
    /// A block of addresses.
    Block(AddressBlock),
    /// What belongs to a security group on AWS.
    SecurityGroup(String),
}

impl Target {
    /// The text that names the entry in a path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Address(block) | Self::Block(block) => block.as_str(),
            Self::SecurityGroup(group) => group,
        }
    }

    /// Reads the text that names an entry in a path.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if (form::AWS_SECURITY_GROUP.matches)(text) {
            return Some(Self::SecurityGroup(text.to_owned()));
        }
        let block = AddressBlock::parse(text).ok()?;
        Some(if text.contains('/') { Self::Block(block) } else { Self::Address(block) })
    }

    /// The one form that tells two entries apart: a block without host bits, or the group.
    #[must_use]
    pub fn canonical(&self) -> String {
        match self {
            Self::Address(block) | Self::Block(block) => block.net().to_string(),
            Self::SecurityGroup(group) => group.clone(),
        }
    }

    fn shown(&self) -> Shown<'_> {
        let single =
            |block: &AddressBlock| block.net().prefix_len() == block.net().max_prefix_len();
        match self {
            Self::Address(block) => Shown {
                aws_security_group: None,
                cidr_block: Some(format!("{}/{}", block, block.net().max_prefix_len())),
                ip_address: Some(block.as_str().to_owned()),
            },
            Self::Block(block) => Shown {
                aws_security_group: None,
                cidr_block: Some(block.as_str().to_owned()),
                ip_address: single(block).then(|| block.net().addr().to_string()),
            },
            Self::SecurityGroup(group) => {
                Shown { aws_security_group: Some(group), cidr_block: None, ip_address: None }
            }
        }
    }
}

/// How the target of an entry is answered.
struct Shown<'a> {
    aws_security_group: Option<&'a str>,
    cidr_block: Option<String>,
    ip_address: Option<String>,
}

/// A request for an entry of a project's access list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    /// What it lets in.
    pub target: Target,
    /// What it is for.
    pub comment: Option<String>,
    /// When it goes away by itself.
    pub delete_after: Option<Timestamp>,
}

impl NewEntry {
    /// Reads a request, which may be for many entries.
    ///
    /// # Errors
    /// What the body is not, or every field at fault.
    pub fn read_all(body: &[u8]) -> Result<Vec<Self>, ReadError> {
        read_list(body, 1..=ENTRIES_MAX, |entry| {
            entry.object(|fields| {
                let target = target(fields, true);
                let comment = fields.optional("comment").text(form::COMMENT);
                let delete_after = fields.optional("deleteAfterDate").date();
                Some(Self { target: target?, comment, delete_after })
            })
        })
    }
}

/// Reads a request for entries of the access list of an API key or a service account.
///
/// # Errors
/// What the body is not, or every field at fault.
pub fn read_targets(body: &[u8]) -> Result<Vec<Target>, ReadError> {
    read_list(body, 1..=ENTRIES_MAX, |entry: Field<'_>| {
        entry.object(|fields| target(fields, false))
    })
}

fn target(fields: &mut Fields, groups: bool) -> Option<Target> {
    let (has_address, has_block) = (fields.has("ipAddress"), fields.has("cidrBlock"));
    let has_group = groups && fields.has("awsSecurityGroup");
    let address = fields.optional("ipAddress").text(form::IP_ADDRESS);
    let address = address.and_then(|text| AddressBlock::parse(&text).ok());
    let block = fields.optional("cidrBlock").block();
    if has_group {
        let group = fields.optional("awsSecurityGroup").text(form::AWS_SECURITY_GROUP);
        if has_address || has_block {
            fields.refuse("awsSecurityGroup", "without ipAddress and cidrBlock");
            return None;
        }
        return group.map(Target::SecurityGroup);
    }
    match (has_address, has_block) {
        (true, true) => {
            let (address, block) = (address?, block?);
            if address.net() != block.net() {
                fields.refuse("cidrBlock", "left out, or the block of ipAddress alone");
            }
            Some(Target::Address(address))
        }
        (true, false) => address.map(Target::Address),
        (false, true) => block.map(Target::Block),
        (false, false) => {
            let _absent = fields.required("ipAddress");
            None
        }
    }
}

/// An entry of a project's access list as it is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it lets in.
    pub target: Target,
    /// What it is for.
    pub comment: Option<String>,
    /// When it goes away by itself.
    pub delete_after: Option<Timestamp>,
    /// The project.
    pub group: GroupId,
    /// Itself.
    pub links: Vec<Link>,
}

impl Serialize for Entry {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            aws_security_group: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            cidr_block: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            comment: Option<&'a str>,
            #[serde(
                skip_serializing_if = "Option::is_none",
                serialize_with = "show::date_or_null"
            )]
            delete_after_date: Option<Timestamp>,
            #[serde(serialize_with = "show::text")]
            group_id: GroupId,
            #[serde(skip_serializing_if = "Option::is_none")]
            ip_address: Option<String>,
            links: &'a [Link],
        }
        let Self { target, comment, delete_after, group, links } = self;
        let Shown { aws_security_group, cidr_block, ip_address } = target.shown();
        let wire = Wire {
            aws_security_group,
            cidr_block,
            comment: comment.as_deref(),
            delete_after_date: *delete_after,
            group_id: *group,
            ip_address,
            links,
        };
        wire.serialize(serializer)
    }
}

/// How far an entry of a project's access list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct EntryStatus {
    /// The one state that an entry of Peerage has: it counts at once.
    #[serde(rename = "STATUS")]
    pub status: EntryState,
}

/// The states of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EntryState {
    /// It will count soon.
    Pending,
    /// It never will.
    Failed,
    /// It counts.
    Active,
}

/// An entry of an API key's access list as it is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyEntry {
    /// What it lets in.
    pub target: Target,
    /// How many requests it let in.
    pub count: u64,
    /// When it was made.
    pub created: Timestamp,
    /// When it last let a request in.
    pub last_used: Option<Timestamp>,
    /// Where that request came from.
    pub last_used_address: Option<String>,
    /// Itself.
    pub links: Vec<Link>,
}

impl Serialize for KeyEntry {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            cidr_block: Option<String>,
            count: u64,
            #[serde(serialize_with = "show::date")]
            created: Timestamp,
            #[serde(skip_serializing_if = "Option::is_none")]
            ip_address: Option<String>,
            #[serde(
                skip_serializing_if = "Option::is_none",
                serialize_with = "show::date_or_null"
            )]
            last_used: Option<Timestamp>,
            #[serde(skip_serializing_if = "Option::is_none")]
            last_used_address: Option<&'a str>,
            links: &'a [Link],
        }
        let Self { target, count, created, last_used, last_used_address, links } = self;
        let Shown { aws_security_group: _, cidr_block, ip_address } = target.shown();
        let wire = Wire {
            cidr_block,
            count: *count,
            created: *created,
            ip_address,
            last_used: *last_used,
            last_used_address: last_used_address.as_deref(),
            links,
        };
        wire.serialize(serializer)
    }
}

/// An entry of a service account's access list as it is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountEntry {
    /// What it lets in.
    pub target: Target,
    /// When it was made.
    pub created: Timestamp,
    /// Where the last request that it let in came from.
    pub last_used_address: Option<String>,
    /// When that was.
    pub last_used: Option<Timestamp>,
    /// How many requests it let in.
    pub request_count: u64,
}

impl Serialize for AccountEntry {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            cidr_block: Option<String>,
            #[serde(serialize_with = "show::date")]
            created_at: Timestamp,
            #[serde(skip_serializing_if = "Option::is_none")]
            ip_address: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            last_used_address: Option<&'a str>,
            #[serde(
                skip_serializing_if = "Option::is_none",
                serialize_with = "show::date_or_null"
            )]
            last_used_at: Option<Timestamp>,
            request_count: u64,
        }
        let Self { target, created, last_used_address, last_used, request_count } = self;
        let Shown { aws_security_group: _, cidr_block, ip_address } = target.shown();
        let wire = Wire {
            cidr_block,
            created_at: *created,
            ip_address,
            last_used_address: last_used_address.as_deref(),
            last_used_at: *last_used,
            request_count: *request_count,
        };
        wire.serialize(serializer)
    }
}

#[cfg(test)]
mod tests;
