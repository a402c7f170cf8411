//! What the emulated EC2 is true to: each rule, where it is known from, and the test that holds it.

mod peerings;
mod surroundings;

pub use crate::fidelity::Rule;

/// All rules. "Deduced" says that the source tells the rule and not how it is refused.
pub const RULES: &[Rule] = &ALL;

const COUNT: usize = peerings::RULES.len() + surroundings::RULES.len();
const ALL: [Rule; COUNT] = joined();

const fn joined() -> [Rule; COUNT] {
    let mut all = [peerings::RULES[0]; COUNT];
    let mut at = 0;
    while at < COUNT {
        let first = peerings::RULES.len();
        all[at] = if at < first { peerings::RULES[at] } else { surroundings::RULES[at - first] };
        at += 1;
    }
    all
}
