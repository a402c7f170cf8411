//! Where a region of the contract lies on Azure: the name that Azure's resources carry in
//! `location`.
//!
//! Source: the list of Azure's regions (`az account list-locations`). Those of China and of the
//! government of the United States belong to clouds of their own, with their own authority and
//! endpoint: whoever uses them configures both.

use peerage_core::region::AzureRegion;

/// The location of a region; `None` only for one that this table does not know.
#[must_use]
pub fn location(region: AzureRegion) -> Option<&'static str> {
    LOCATIONS.iter().find(|(name, _)| *name == region.name()).map(|(_, location)| *location)
}

const LOCATIONS: [(&str, &str); 60] = [
    ("US_CENTRAL", "centralus"),
    ("US_EAST", "eastus"),
    ("US_EAST_2", "eastus2"),
    ("US_EAST_2_EUAP", "eastus2euap"),
    ("US_NORTH_CENTRAL", "northcentralus"),
    ("US_WEST", "westus"),
    ("US_SOUTH_CENTRAL", "southcentralus"),
    ("EUROPE_NORTH", "northeurope"),
    ("EUROPE_WEST", "westeurope"),
    ("US_WEST_CENTRAL", "westcentralus"),
    ("US_WEST_2", "westus2"),
    ("US_WEST_3", "westus3"),
    ("CANADA_EAST", "canadaeast"),
    ("CANADA_CENTRAL", "canadacentral"),
    ("BRAZIL_SOUTH", "brazilsouth"),
    ("BRAZIL_SOUTHEAST", "brazilsoutheast"),
    ("AUSTRALIA_EAST", "australiaeast"),
    ("AUSTRALIA_SOUTH_EAST", "australiasoutheast"),
    ("AUSTRALIA_CENTRAL", "australiacentral"),
    ("AUSTRALIA_CENTRAL_2", "australiacentral2"),
    ("UAE_NORTH", "uaenorth"),
    ("GERMANY_WEST_CENTRAL", "germanywestcentral"),
    ("GERMANY_NORTH", "germanynorth"),
    ("SWITZERLAND_NORTH", "switzerlandnorth"),
    ("SWITZERLAND_WEST", "switzerlandwest"),
    ("SWEDEN_CENTRAL", "swedencentral"),
    ("SWEDEN_SOUTH", "swedensouth"),
    ("UK_SOUTH", "uksouth"),
    ("UK_WEST", "ukwest"),
    ("INDIA_CENTRAL", "centralindia"),
    ("INDIA_WEST", "westindia"),
    ("INDIA_SOUTH", "southindia"),
    ("CHINA_EAST", "chinaeast"),
    ("CHINA_NORTH", "chinanorth"),
    ("ASIA_EAST", "eastasia"),
    ("JAPAN_EAST", "japaneast"),
    ("JAPAN_WEST", "japanwest"),
    ("ASIA_SOUTH_EAST", "southeastasia"),
    ("KOREA_CENTRAL", "koreacentral"),
    ("KOREA_SOUTH", "koreasouth"),
    ("FRANCE_CENTRAL", "francecentral"),
    ("FRANCE_SOUTH", "francesouth"),
    ("SOUTH_AFRICA_NORTH", "southafricanorth"),
    ("SOUTH_AFRICA_WEST", "southafricawest"),
    ("NORWAY_EAST", "norwayeast"),
    ("NORWAY_WEST", "norwaywest"),
    ("UAE_CENTRAL", "uaecentral"),
    ("QATAR_CENTRAL", "qatarcentral"),
    ("POLAND_CENTRAL", "polandcentral"),
    ("ISRAEL_CENTRAL", "israelcentral"),
    ("ITALY_NORTH", "italynorth"),
    ("SPAIN_CENTRAL", "spaincentral"),
    ("MEXICO_CENTRAL", "mexicocentral"),
    ("NEW_ZEALAND_NORTH", "newzealandnorth"),
    ("INDONESIA_CENTRAL", "indonesiacentral"),
    ("MALAYSIA_WEST", "malaysiawest"),
    ("CHILE_CENTRAL", "chilecentral"),
    ("US_GOV_VIRGINIA", "usgovvirginia"),
    ("US_GOV_ARIZONA", "usgovarizona"),
    ("US_GOV_TEXAS", "usgovtexas"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_region_has_a_location_of_its_own() {
        let regions: Vec<_> = AzureRegion::all().collect();
        let locations: BTreeSet<_> = regions.iter().map(|region| location(*region)).collect();
        assert!(!locations.contains(&None), "{locations:?}");
        assert_eq!((locations.len(), LOCATIONS.len()), (regions.len(), regions.len()));
    }

    /// The contract says where first and which of them last; Azure says it the other way round.
    #[test]
    fn a_location_is_made_of_the_words_of_its_region() {
        for region in AzureRegion::all() {
            let mut words: Vec<_> = region.name().split('_').map(str::to_lowercase).collect();
            let mut rest = location(region).unwrap().to_owned();
            words.sort_by_key(|word| std::cmp::Reverse(word.len()));
            for word in words {
                assert!(rest.contains(&word), "{region}: {rest} has no {word}");
                rest = rest.replacen(&word, "", 1);
            }
            assert_eq!(rest.replace("europe", ""), "", "{region}");
        }
    }
}
