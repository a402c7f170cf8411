//! What the driver of AWS is told: whose accounts, which regions, and what is made in them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use peerage_core::id::GroupId;

use crate::remote::RemoteOptions;

/// Makes the external id of a project: always the same one, one for each project, and one that
/// nobody guesses. It is what keeps one project from using a role of another through us.
pub type ExternalIds = Arc<dyn Fn(GroupId) -> String + Send + Sync>;

/// Subnets of a network at most.
pub const SUBNETS_MAX: u8 = 8;

/// How AWS is driven.
#[derive(Clone, Debug)]
pub struct Options {
    /// What every driver is told.
    pub remote: RemoteOptions,
    /// Another EC2 than the region's own, such as `http://127.0.0.1:4566`.
    pub endpoint: Option<String>,
    /// Another STS; where it is absent and `endpoint` is not, STS is there, too.
    pub sts_endpoint: Option<String>,
    /// The role that is assumed; without it the credentials are used as they are.
    pub role: Option<Role>,
    /// The regions that are searched for what we made, in the cloud's own form (`us-east-1`), and
    /// what is different in them. All of the account's when empty. Containers may be anywhere.
    pub regions: BTreeMap<String, RegionOptions>,
    /// Roles for single projects. They go before those of regions.
    pub projects: BTreeMap<GroupId, Role>,
    /// Subnets in each network: they split its block evenly, over the zones of the region. At least
    /// one, at most [`SUBNETS_MAX`], and never smaller than a /28.
    pub subnets: u8,
    /// Whether our side resolves the customer's public names to private addresses.
    pub dns: DnsPolicy,
}

/// What is different in one region.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegionOptions {
    /// The role that is assumed there.
    pub role: Option<Role>,
}

/// Whether `AllowDnsResolutionFromRemoteVpc` is switched on at our side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DnsPolicy {
    /// It is, once the connection works.
    #[default]
    On,
    /// It is left as it is.
    Leave,
}

/// A role of IAM, by its ARN. It is assumed with the external id of the project that asks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Role(String);

/// The text is no ARN of a role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no role, such as arn:aws:iam::111122223333:role/peerage")]
pub struct InvalidRole {
    /// The refused text, cut to what is worth showing.
    pub text: String,
}

impl Options {
    /// The usual ones: credentials as they are, three subnets, DNS on.
    #[must_use]
    pub fn new(remote: RemoteOptions) -> Self {
        Self {
            remote,
            endpoint: None,
            sts_endpoint: None,
            role: None,
            regions: BTreeMap::new(),
            projects: BTreeMap::new(),
            subnets: 3,
            dns: DnsPolicy::On,
        }
    }
}

impl Role {
    /// Reads an ARN: `arn:aws:iam::`, an account of twelve digits, `:role/` and a name.
    ///
    /// # Errors
    /// [`InvalidRole`] for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidRole> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let fits = match parts[..] {
            ["arn", partition, "iam", "", account, name] => {
                is_partition(partition) && is_account(account) && is_role_name(name)
            }
            _ => false,
        };
        let refused = || InvalidRole { text: text.chars().take(128).collect() };
        if fits { Ok(Self(text.to_owned())) } else { Err(refused()) }
    }

    /// The ARN.
    #[must_use]
    pub fn arn(&self) -> &str {
        &self.0
    }

    /// The account that it belongs to.
    #[must_use]
    pub fn account(&self) -> &str {
        self.0.split(':').nth(4).unwrap_or_default()
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_partition(text: &str) -> bool {
    text.starts_with("aws") && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Source: the IAM API reference, `roleName` and `path`.
fn is_role_name(text: &str) -> bool {
    let Some(name) = text.strip_prefix("role/") else { return false };
    let letter = |c: char| c.is_ascii_alphanumeric() || "+=,.@-_/".contains(c);
    !name.is_empty() && name.len() <= 576 && name.chars().all(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_arn_of_a_role_is_a_role() {
        let role = Role::parse("arn:aws:iam::111122223333:role/path/peerage").unwrap();
        assert_eq!(role.account(), "111122223333");
        assert!(Role::parse("arn:aws-us-gov:iam::111122223333:role/a").is_ok());
        for bad in [
            "",
            "peerage",
            "arn:aws:iam::111122223333:user/peerage",
            "arn:aws:iam::11112222333:role/peerage",
            "arn:aws:sts::111122223333:role/peerage",
            "arn:aws:iam::111122223333:role/",
            "arn:gcp:iam::111122223333:role/a",
            "arn:aws:iam::111122223333:role/a b",
        ] {
            assert!(Role::parse(bad).is_err(), "{bad}");
        }
    }
}
