//! What an action works with: the world, who asks, where, and the parameters; and what it answers.

use peerage_core::time::Timestamp;

use super::caller::Caller;
use super::filters::Tags;
use super::parameters::{Parameters, TagSpecification};
use super::refusal::Refusal;
use super::vpcs::Vpc;
use super::world::World;
use super::xml::Xml;

/// What an action answers.
pub(super) type Outcome = Result<Xml, Refusal>;

/// One request on its way through an action.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    pub(super) world: &'a mut World,
    pub(super) caller: &'a Caller,
    pub(super) input: &'a Parameters,
    /// `TagSpecification.N`, checked.
    pub(super) tags: Vec<TagSpecification>,
}

impl Turn<'_> {
    pub(super) fn now(&self) -> Timestamp {
        self.world.now()
    }

    /// The tags that the caller sees on an object.
    pub(super) fn tags_of(&self, id: &str) -> Tags {
        self.world.tables.tags.get(&self.caller.key(id)).cloned().unwrap_or_default()
    }

    /// Whether an object of that account and region is the caller's.
    pub(super) fn owns(&self, account: &str, region: &str) -> bool {
        self.caller.account == account && self.caller.region == region
    }

    /// A VPC of the caller's.
    pub(super) fn vpc(&self, id: &str) -> Option<&Vpc> {
        let vpc = self.world.tables.vpcs.get(id)?;
        self.owns(&vpc.account, &vpc.region).then_some(vpc)
    }
}
