//! Regions of AWS in the cloud's own form, and where their EC2 and STS are.

use peerage_core::region::AwsRegion;

/// A region in the cloud's own form, such as `us-east-1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region(String);

/// The text is no region.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no region of AWS, such as us-east-1")]
pub struct InvalidRegion {
    /// The refused text, cut to what is worth showing.
    pub text: String,
}

impl Region {
    /// Reads `us-east-1`, or the contract's `US_EAST_1`. Regions that AWS opens later are taken,
    /// too: the name becomes part of a host, so only its letters are checked.
    ///
    /// # Errors
    /// [`InvalidRegion`] for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidRegion> {
        let name = text.to_ascii_lowercase().replace('_', "-");
        let parts: Vec<&str> = name.split('-').collect();
        let is_word = |part: &&str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        let number = parts.last().is_some_and(|part| part.bytes().all(|b| b.is_ascii_digit()));
        if name.len() <= 32 && (3..=5).contains(&parts.len()) && parts.iter().all(is_word) && number
        {
            return Ok(Self(name));
        }
        Err(InvalidRegion { text: text.chars().take(64).collect() })
    }

    /// The region of a container. `GLOBAL`, which the contract has, is no place for one.
    ///
    /// # Errors
    /// [`InvalidRegion`] for `GLOBAL`.
    pub fn of(region: AwsRegion) -> Result<Self, InvalidRegion> {
        Self::parse(region.name())
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }

    /// Where a service is in this region: `https://ec2.us-east-1.amazonaws.com`.
    ///
    /// Source: botocore's `endpoints.json`, the DNS suffix of each partition.
    #[must_use]
    pub fn endpoint(&self, service: &str) -> String {
        let suffix = if self.0.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        format!("https://{service}.{}.{suffix}", self.0)
    }
}

impl std::fmt::Display for Region {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_of_the_contract_but_the_one_that_is_no_place_has_a_name() {
        for region in AwsRegion::all() {
            match Region::of(region) {
                Ok(name) => assert!(region.is_cloud_name(name.name()), "{region} is {name}"),
                Err(_) => assert_eq!(region.name(), "GLOBAL"),
            }
        }
    }

    #[test]
    fn each_partition_has_hosts_of_its_own() {
        let endpoint = |text| Region::parse(text).unwrap().endpoint("ec2");
        assert_eq!(endpoint("US_EAST_1"), "https://ec2.us-east-1.amazonaws.com");
        assert_eq!(endpoint("cn-north-1"), "https://ec2.cn-north-1.amazonaws.com.cn");
        assert_eq!(endpoint("us-gov-west-1"), "https://ec2.us-gov-west-1.amazonaws.com");
    }

    #[test]
    fn a_host_of_somebody_else_cannot_be_smuggled_in() {
        for bad in ["us-east-1.evil.example/", "us-east-1#", "us--1", "-us-east-1", "us-east", ""] {
            assert!(Region::parse(bad).is_err(), "{bad}");
        }
    }
}
