//! What GCP calls the regions of the contract. Must not know which of them a container uses.
//!
//! Sources: the table of GCP regions in the Atlas documentation ("Google Cloud": region and Atlas
//! region), the list of regions of Compute Engine.

use peerage_core::region::GcpRegion;

/// The contract's name and GCP's.
const REGIONS: [(&str, &str); 38] = [
    ("AFRICA_SOUTH_1", "africa-south1"),
    ("ASIA_EAST_2", "asia-east2"),
    ("ASIA_NORTHEAST_2", "asia-northeast2"),
    ("ASIA_NORTHEAST_3", "asia-northeast3"),
    ("ASIA_SOUTH_1", "asia-south1"),
    ("ASIA_SOUTH_2", "asia-south2"),
    ("ASIA_SOUTHEAST_2", "asia-southeast2"),
    ("AUSTRALIA_SOUTHEAST_1", "australia-southeast1"),
    ("AUSTRALIA_SOUTHEAST_2", "australia-southeast2"),
    ("CENTRAL_US", "us-central1"),
    ("EASTERN_ASIA_PACIFIC", "asia-east1"),
    ("EASTERN_US", "us-east1"),
    ("EUROPE_CENTRAL_2", "europe-central2"),
    ("EUROPE_NORTH_1", "europe-north1"),
    ("EUROPE_WEST_2", "europe-west2"),
    ("EUROPE_WEST_3", "europe-west3"),
    ("EUROPE_WEST_4", "europe-west4"),
    ("EUROPE_WEST_6", "europe-west6"),
    ("EUROPE_WEST_10", "europe-west10"),
    ("EUROPE_WEST_12", "europe-west12"),
    ("MIDDLE_EAST_CENTRAL_1", "me-central1"),
    ("MIDDLE_EAST_CENTRAL_2", "me-central2"),
    ("MIDDLE_EAST_WEST_1", "me-west1"),
    ("NORTH_AMERICA_NORTHEAST_1", "northamerica-northeast1"),
    ("NORTH_AMERICA_NORTHEAST_2", "northamerica-northeast2"),
    ("NORTH_AMERICA_SOUTH_1", "northamerica-south1"),
    ("NORTHEASTERN_ASIA_PACIFIC", "asia-northeast1"),
    ("SOUTH_AMERICA_EAST_1", "southamerica-east1"),
    ("SOUTH_AMERICA_WEST_1", "southamerica-west1"),
    ("SOUTHEASTERN_ASIA_PACIFIC", "asia-southeast1"),
    ("US_EAST_4", "us-east4"),
    ("US_EAST_5", "us-east5"),
    ("US_WEST_2", "us-west2"),
    ("US_WEST_3", "us-west3"),
    ("US_WEST_4", "us-west4"),
    ("US_SOUTH_1", "us-south1"),
    ("WESTERN_EUROPE", "europe-west1"),
    ("WESTERN_US", "us-west1"),
];

/// What GCP calls a region: `us-east1` for `EASTERN_US`. `None` for a region that the contract has
/// and this table has not; a test sees to it that there is none.
#[must_use]
pub fn cloud_name(region: GcpRegion) -> Option<&'static str> {
    let row = REGIONS.iter().find(|(contract, _)| *contract == region.name());
    row.map(|(_, cloud)| *cloud)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_region_of_the_contract_is_one_of_the_cloud_and_no_two_are_the_same() {
        let names: BTreeSet<_> =
            GcpRegion::all().map(|region| (region.name(), cloud_name(region))).collect();
        let clouds: BTreeSet<_> = names.iter().filter_map(|(_, cloud)| *cloud).collect();
        assert_eq!((names.len(), clouds.len()), (38, 38), "{names:?}");
    }

    #[test]
    fn a_name_is_an_area_a_direction_and_a_number() {
        let directions = ["east", "west", "north", "south", "central"];
        for name in GcpRegion::all().filter_map(cloud_name) {
            let fits = name.split_once('-').is_some_and(|(area, rest)| {
                let word = rest.trim_end_matches(|letter: char| letter.is_ascii_digit());
                let back = directions.iter().any(|direction| word.ends_with(direction));
                !area.is_empty() && word.len() < rest.len() && back
            });
            assert!(fits, "{name}");
        }
    }

    /// The regions whose names the contract kept from before it took GCP's.
    #[test]
    fn the_old_names_mean_what_atlas_documents() {
        let check = |contract: &str, cloud: &str| {
            let region = GcpRegion::parse(contract).unwrap();
            assert_eq!(cloud_name(region), Some(cloud), "{contract}");
        };
        check("CENTRAL_US", "us-central1");
        check("EASTERN_US", "us-east1");
        check("WESTERN_US", "us-west1");
        check("WESTERN_EUROPE", "europe-west1");
        check("EASTERN_ASIA_PACIFIC", "asia-east1");
        check("NORTHEASTERN_ASIA_PACIFIC", "asia-northeast1");
        check("SOUTHEASTERN_ASIA_PACIFIC", "asia-southeast1");
        check("MIDDLE_EAST_CENTRAL_1", "me-central1");
        check("NORTH_AMERICA_NORTHEAST_1", "northamerica-northeast1");
    }
}
