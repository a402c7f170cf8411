//! The regions of each provider, as the contract names them, and the form in which the clouds
//! themselves write them. Which container may live where is not known here.

use core::fmt;

macro_rules! region {
    ($(#[$doc:meta])* $name:ident, $table:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(&'static str);

        impl $name {
            /// Every region of this provider, in the contract's order.
            pub fn all() -> impl Iterator<Item = Self> {
                $table.into_iter().map(Self)
            }

            /// The region of that name, or none. Lower case and dashes are read as the contract's
            /// spelling: some clients turn `-` to `_` and leave the case alone.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let same = |name: &&str| {
                    name.len() == text.len()
                        && name.bytes().zip(text.bytes()).all(|(ours, theirs)| {
                            ours == theirs.to_ascii_uppercase() || (ours == b'_' && theirs == b'-')
                        })
                };
                $table.into_iter().find(same).map(Self)
            }

            /// The name on the wire, such as `US_EAST_1`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.0)
            }
        }
    };
}

region! {
    /// A region of AWS.
    AwsRegion, AWS
}
region! {
    /// A region of Azure.
    AzureRegion, AZURE
}
region! {
    /// A region of GCP.
    GcpRegion, GCP
}

impl AwsRegion {
    /// Whether `text` is this region in the cloud's own form: `us-east-1` for `US_EAST_1`.
    #[must_use]
    pub fn is_cloud_name(self, text: &str) -> bool {
        Self::parse(text) == Some(self)
    }
}

/// AWS regions of a network container.
const AWS: [&str; 39] = [
    "US_EAST_1",
    "US_EAST_2",
    "US_WEST_1",
    "US_WEST_2",
    "CA_CENTRAL_1",
    "EU_NORTH_1",
    "EU_WEST_1",
    "EU_WEST_2",
    "EU_WEST_3",
    "EU_CENTRAL_1",
    "EU_CENTRAL_2",
    "SA_EAST_1",
    "AP_EAST_1",
    "AP_EAST_2",
    "AP_SOUTHEAST_2",
    "AP_SOUTHEAST_3",
    "AP_SOUTHEAST_4",
    "AP_SOUTHEAST_5",
    "AP_SOUTHEAST_6",
    "AP_SOUTHEAST_7",
    "AP_NORTHEAST_1",
    "AP_NORTHEAST_2",
    "AP_NORTHEAST_3",
    "AP_SOUTHEAST_1",
    "AP_SOUTH_1",
    "AP_SOUTH_2",
    "CN_NORTH_1",
    "CN_NORTHWEST_1",
    "ME_CENTRAL_1",
    "ME_SOUTH_1",
    "AF_SOUTH_1",
    "EU_SOUTH_1",
    "EU_SOUTH_2",
    "IL_CENTRAL_1",
    "CA_WEST_1",
    "MX_CENTRAL_1",
    "GLOBAL",
    "US_GOV_WEST_1",
    "US_GOV_EAST_1",
];

/// Azure regions of a network container.
const AZURE: [&str; 60] = [
    "US_CENTRAL",
    "US_EAST",
    "US_EAST_2",
    "US_EAST_2_EUAP",
    "US_NORTH_CENTRAL",
    "US_WEST",
    "US_SOUTH_CENTRAL",
    "EUROPE_NORTH",
    "EUROPE_WEST",
    "US_WEST_CENTRAL",
    "US_WEST_2",
    "US_WEST_3",
    "CANADA_EAST",
    "CANADA_CENTRAL",
    "BRAZIL_SOUTH",
    "BRAZIL_SOUTHEAST",
    "AUSTRALIA_EAST",
    "AUSTRALIA_SOUTH_EAST",
    "AUSTRALIA_CENTRAL",
    "AUSTRALIA_CENTRAL_2",
    "UAE_NORTH",
    "GERMANY_WEST_CENTRAL",
    "GERMANY_NORTH",
    "SWITZERLAND_NORTH",
    "SWITZERLAND_WEST",
    "SWEDEN_CENTRAL",
    "SWEDEN_SOUTH",
    "UK_SOUTH",
    "UK_WEST",
    "INDIA_CENTRAL",
    "INDIA_WEST",
    "INDIA_SOUTH",
    "CHINA_EAST",
    "CHINA_NORTH",
    "ASIA_EAST",
    "JAPAN_EAST",
    "JAPAN_WEST",
    "ASIA_SOUTH_EAST",
    "KOREA_CENTRAL",
    "KOREA_SOUTH",
    "FRANCE_CENTRAL",
    "FRANCE_SOUTH",
    "SOUTH_AFRICA_NORTH",
    "SOUTH_AFRICA_WEST",
    "NORWAY_EAST",
    "NORWAY_WEST",
    "UAE_CENTRAL",
    "QATAR_CENTRAL",
    "POLAND_CENTRAL",
    "ISRAEL_CENTRAL",
    "ITALY_NORTH",
    "SPAIN_CENTRAL",
    "MEXICO_CENTRAL",
    "NEW_ZEALAND_NORTH",
    "INDONESIA_CENTRAL",
    "MALAYSIA_WEST",
    "CHILE_CENTRAL",
    "US_GOV_VIRGINIA",
    "US_GOV_ARIZONA",
    "US_GOV_TEXAS",
];

/// GCP regions that a network container may be restricted to.
const GCP: [&str; 38] = [
    "AFRICA_SOUTH_1",
    "ASIA_EAST_2",
    "ASIA_NORTHEAST_2",
    "ASIA_NORTHEAST_3",
    "ASIA_SOUTH_1",
    "ASIA_SOUTH_2",
    "ASIA_SOUTHEAST_2",
    "AUSTRALIA_SOUTHEAST_1",
    "AUSTRALIA_SOUTHEAST_2",
    "CENTRAL_US",
    "EASTERN_ASIA_PACIFIC",
    "EASTERN_US",
    "EUROPE_CENTRAL_2",
    "EUROPE_NORTH_1",
    "EUROPE_WEST_2",
    "EUROPE_WEST_3",
    "EUROPE_WEST_4",
    "EUROPE_WEST_6",
    "EUROPE_WEST_10",
    "EUROPE_WEST_12",
    "MIDDLE_EAST_CENTRAL_1",
    "MIDDLE_EAST_CENTRAL_2",
    "MIDDLE_EAST_WEST_1",
    "NORTH_AMERICA_NORTHEAST_1",
    "NORTH_AMERICA_NORTHEAST_2",
    "NORTH_AMERICA_SOUTH_1",
    "NORTHEASTERN_ASIA_PACIFIC",
    "SOUTH_AMERICA_EAST_1",
    "SOUTH_AMERICA_WEST_1",
    "SOUTHEASTERN_ASIA_PACIFIC",
    "US_EAST_4",
    "US_EAST_5",
    "US_WEST_2",
    "US_WEST_3",
    "US_WEST_4",
    "US_SOUTH_1",
    "WESTERN_EUROPE",
    "WESTERN_US",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_has_39_aws_60_azure_and_38_gcp_regions() {
        assert_eq!(AwsRegion::all().count(), 39);
        assert_eq!(AzureRegion::all().count(), 60);
        assert_eq!(GcpRegion::all().count(), 38);
    }

    #[test]
    fn a_region_is_read_in_the_spellings_that_clients_send() {
        for text in ["US_EAST_1", "us_east_1", "us-east-1"] {
            assert_eq!(AwsRegion::parse(text).map(AwsRegion::name), Some("US_EAST_1"), "{text}");
        }
        assert_eq!(AwsRegion::parse("US_EAST_9"), None);
    }
}
