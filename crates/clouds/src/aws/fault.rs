//! What goes wrong on purpose: throttling, objects that are not to be seen yet, and permissions
//! that the service lacks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::caller::Caller;
use super::refusal::Refusal;
use super::world::World;

/// The faults that wait to happen.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Faults {
    /// How many more requests are throttled.
    #[serde(default)]
    pub(super) throttled: u32,
    /// From how many descriptions a new object is missing.
    #[serde(default)]
    pub(super) hide_new: u32,
    /// From how many more descriptions an object is missing.
    #[serde(default)]
    hidden: BTreeMap<String, u32>,
}

impl World {
    /// Whether this request is one too many.
    pub(super) fn throttles(&mut self) -> bool {
        if self.tables.faults.throttled == 0 {
            return false;
        }
        self.tables.faults.throttled -= 1;
        self.touch();
        true
    }

    /// An object was made: others may not see it for a while.
    pub(super) fn hide_made(&mut self, id: &str) {
        let reads = self.tables.faults.hide_new;
        if reads > 0 {
            self.tables.faults.hidden.insert(id.to_owned(), reads);
        }
    }

    /// Which of these are not to be seen this time.
    pub(super) fn hide(&mut self, ids: &[String]) -> Vec<String> {
        if self.tables.faults.hidden.is_empty() {
            return Vec::new();
        }
        let hidden = &mut self.tables.faults.hidden;
        let mut found = Vec::new();
        for id in ids {
            if let Some(reads) = hidden.get_mut(id) {
                *reads -= 1;
                if *reads == 0 {
                    hidden.remove(id);
                }
                found.push(id.clone());
            }
        }
        if !found.is_empty() {
            self.touch();
        }
        found
    }

    /// An object is gone.
    pub(super) fn unhide(&mut self, id: &str) {
        self.tables.faults.hidden.remove(id);
    }

    /// Refuses what the service lacks the permission for. `resource` is the ARN of what it wanted
    /// to touch, where the permission is about one (Amazon EC2 User Guide, "Example policies").
    pub(super) fn authorize(
        &self,
        caller: &Caller,
        permission: &str,
        resource: Option<&str>,
    ) -> Result<(), String> {
        if !caller.is_service || !self.tables.denied.contains(permission) {
            return Ok(());
        }
        let on = resource.map(|arn| format!(" on resource: {arn}")).unwrap_or_default();
        Err(format!(
            "User: {} is not authorized to perform: {permission}{on} because no identity-based \
             policy allows the {permission} action",
            caller.arn
        ))
    }
}

/// EC2's answer to what IAM does not allow.
pub(super) fn unauthorized(words: &str) -> Refusal {
    let words = format!("You are not authorized to perform this operation. {words}");
    Refusal::new("UnauthorizedOperation", words).status(403)
}
