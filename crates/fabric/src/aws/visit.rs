//! One call of the fabric: the place that it is about, the time, and what was done on the way.

use std::time::Duration;

use peerage_core::cloud::{CallError, Certainty, Drift};
use peerage_core::container::ContainerSpec;
use peerage_core::id::{ContainerId, GroupId};
use peerage_core::time::Timestamp;

use super::client::Client;
use super::ec2::Tags;
use super::region::Region;
use super::{Aws, Options};
use crate::remote::{DriftPolicy, Meaning};
use crate::tags;

/// How long something is left alone that an operator has to put right.
const SLOW: Duration = Duration::from_secs(30);

pub(super) struct Visit<'a> {
    pub(super) aws: &'a Aws,
    pub(super) client: Client,
    pub(super) now: Timestamp,
}

impl<'a> Visit<'a> {
    /// About a container of a project.
    pub(super) fn new(
        aws: &'a Aws,
        group: GroupId,
        spec: &ContainerSpec,
        now: Timestamp,
    ) -> Result<Self, CallError> {
        let refused = |words| Meaning::Refused.error("InvalidParameterValue", words, None);
        let region = match spec {
            ContainerSpec::Aws { region, .. } => {
                Region::of(*region).map_err(|error| refused(error.to_string()))?
            }
            ContainerSpec::Azure { .. } | ContainerSpec::Gcp { .. } => {
                return Err(refused("A container of another cloud is not on AWS.".to_owned()));
            }
        };
        Ok(Self { aws, client: aws.client(group, &region), now })
    }

    pub(super) fn options(&self) -> &Options {
        &self.aws.options
    }

    /// After something was changed, an error leaves doubt about the whole.
    pub(super) fn settle<T>(&self, answer: Result<T, CallError>) -> Result<T, CallError> {
        answer.map_err(|error| match self.client.has_changed() {
            true => CallError { certainty: Certainty::Indefinite, ..error },
            false => error,
        })
    }

    /// Whether something carries the tag of this installation.
    pub(super) fn is_ours(&self, found: &Tags) -> bool {
        found.get(tags::INSTALLATION) == Some(&self.options().remote.installation)
    }

    /// The tags of what belongs to a container.
    pub(super) fn tags(
        &self,
        group: GroupId,
        container: ContainerId,
        name: String,
    ) -> Vec<(&'static str, String)> {
        vec![
            (tags::INSTALLATION, self.options().remote.installation.clone()),
            (tags::GROUP, group.to_string()),
            (tags::CONTAINER, container.to_string()),
            ("Name", name),
        ]
    }
}

/// What is not as it should be, part by part.
#[derive(Debug, Default)]
pub(super) struct Flaws {
    words: Vec<String>,
    repair: bool,
}

impl Flaws {
    /// Something that the policy decides about.
    pub(super) fn put(&mut self, policy: DriftPolicy, words: String) {
        self.repair |= policy == DriftPolicy::Repair;
        self.words.push(words);
    }

    pub(super) fn drift(self) -> Option<Drift> {
        let Self { words, repair } = self;
        (!words.is_empty()).then(|| Drift { what: words.join("; "), repair })
    }
}

/// Something has to be done by the operator, or by somebody else, before this can work.
pub(super) fn not_now(code: &str, words: String) -> CallError {
    Meaning::NotNow.error(code, words, Some(SLOW))
}

/// A change of something that is gone already is made already.
pub(super) fn unless_gone(answer: Result<(), CallError>) -> Result<(), CallError> {
    match answer {
        Err(error) if is_gone(&error) => Ok(()),
        answer => answer,
    }
}

/// Whether EC2 says that what it is about is not there.
pub(super) fn is_gone(error: &CallError) -> bool {
    Meaning::of(super::CODES, &error.code) == Some(Meaning::Missing)
}
