//! How a container's block is divided among the subnets of its regions. Values only.
//!
//! The block has a power of two of equal parts, one for each region in their order. A region that
//! comes later, when the parts had another size, takes the first part that is free: what is there
//! keeps its addresses.

use peerage_core::cidr::AddressBlock;

/// The smallest subnet of GCP. Source: the reference of `subnetworks.insert`.
const PREFIX_MAX: u8 = 29;

/// The range of each region in `missing`, given what is `taken` already. `all`: how many regions
/// the block is divided among. Regions for which there is no room are left out.
pub(super) fn ranges<'a>(
    block: &AddressBlock,
    all: &[&'a str],
    taken: &[AddressBlock],
    missing: &[&'a str],
) -> Vec<(&'a str, AddressBlock)> {
    let parts = parts(block, all.len());
    let mut taken = taken.to_vec();
    let mut given = Vec::new();
    for region in missing {
        let own = all.iter().position(|one| one == region).and_then(|at| parts.get(at));
        let free = |part: &&AddressBlock| !taken.iter().any(|other| other.overlaps(part));
        let range = own.into_iter().chain(&parts).find(free).cloned();
        if let Some(range) = range {
            taken.push(range.clone());
            given.push((*region, range));
        }
    }
    given
}

/// The block in at least so many equal parts; none if they would be too small.
fn parts(block: &AddressBlock, count: usize) -> Vec<AddressBlock> {
    let bits = count.max(1).next_power_of_two().trailing_zeros();
    let length = u8::try_from(bits).ok().and_then(|bits| block.prefix_length().checked_add(bits));
    let Some(length) = length.filter(|length| *length <= PREFIX_MAX) else { return Vec::new() };
    let Ok(subnets) = block.net().subnets(length) else { return Vec::new() };
    subnets.filter_map(|part| AddressBlock::parse(&part.to_string()).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(text: &str) -> AddressBlock {
        AddressBlock::parse(text).unwrap()
    }

    fn check(whole: &str, all: &[&str], taken: &[&str], missing: &[&str], expect: &[(&str, &str)]) {
        let taken: Vec<_> = taken.iter().map(|text| block(text)).collect();
        let given = ranges(&block(whole), all, &taken, missing);
        let given: Vec<_> = given.iter().map(|(region, range)| (*region, range.as_str())).collect();
        assert_eq!(given, expect, "{whole} {all:?} {taken:?}");
    }

    #[test]
    fn each_region_has_its_part_in_their_order() {
        check("10.0.0.0/18", &["a"], &[], &["a"], &[("a", "10.0.0.0/18")]);
        let three = ["a", "b", "c"];
        let expect = [("a", "10.0.0.0/20"), ("b", "10.0.16.0/20"), ("c", "10.0.32.0/20")];
        check("10.0.0.0/18", &three, &[], &three, &expect);
    }

    #[test]
    fn a_region_gets_its_own_part_back() {
        let taken = ["10.0.0.0/20", "10.0.32.0/20"];
        let expect = [("b", "10.0.16.0/20")];
        check("10.0.0.0/18", &["a", "b", "c"], &taken, &["b"], &expect);
    }

    #[test]
    fn a_later_region_takes_what_is_free() {
        // Two regions had halves; with a third the parts are quarters.
        let taken = ["10.0.0.0/19"];
        let expect = [("b", "10.0.32.0/20"), ("c", "10.0.48.0/20")];
        check("10.0.0.0/18", &["a", "b", "c"], &taken, &["b", "c"], &expect);
        check("10.0.0.0/18", &["a", "b"], &["10.0.0.0/18"], &["b"], &[]);
    }

    #[test]
    fn all_regions_fit_into_the_smallest_block_and_a_smaller_one_has_no_room() {
        let names: Vec<String> = (0..38).map(|number| number.to_string()).collect();
        let all: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(ranges(&block("10.0.0.0/21"), &all, &[], &all).len(), 38);
        assert_eq!(ranges(&block("10.0.0.0/23"), &all, &[], &all).len(), 38);
        assert_eq!(ranges(&block("10.0.0.0/24"), &all, &[], &all).len(), 0);
    }
}
