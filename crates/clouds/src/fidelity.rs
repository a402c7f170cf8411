//! What the emulated clouds are true to: rows of the tables that each cloud has beside its code.

/// A rule of a cloud that its emulator keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The rule, in one sentence.
    pub rule: &'static str,
    /// Where it is known from.
    pub evidence: &'static str,
    /// The name of the test that holds it.
    pub test: &'static str,
}
