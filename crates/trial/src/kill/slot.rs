//! One peering as its only writer knows it: what it may be, given what was answered so far.
//!
//! Each peering carries a name of its own in a field that never changes (its marker) and a value
//! in one that does. An unanswered request leaves several possibilities; the first look after the
//! crash has to find one of them, and from then on only that one.

use anyhow::{bail, ensure};
use serde_json::{Value, json};

/// The providers, as the wire calls them.
pub const PROVIDERS: [&str; 3] = ["AWS", "AZURE", "GCP"];

/// What a peering may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// There is none.
    Absent,
    /// There is one, and its changing field says this.
    Live(String),
    /// Somebody was told that it goes.
    Going,
}

/// One peering as its only writer knows it.
#[derive(Clone, Debug)]
pub struct Slot {
    /// On which provider, by its place among [`PROVIDERS`].
    pub provider: usize,
    /// Its number: no other peering of the trial has it, nor its address block.
    pub number: u32,
    /// Its id, once an answer told it.
    pub id: Option<String>,
    /// What it may be.
    pub possible: Vec<State>,
    changes: u32,
}

impl Slot {
    /// A peering that nobody asked for yet.
    #[must_use]
    pub fn new(provider: usize, number: u32) -> Self {
        Self { provider, number, id: None, possible: vec![State::Absent], changes: 0 }
    }

    /// What it certainly is.
    #[must_use]
    pub fn certain(&self) -> Option<&State> {
        match self.possible.as_slice() {
            [state] => Some(state),
            _ => None,
        }
    }

    /// The name that never changes.
    #[must_use]
    pub fn marker(&self) -> String {
        match self.provider {
            0 => format!("vpc-{:017x}", self.number),
            1 => format!("vnet-{}", self.number),
            _ => format!("network-{}", self.number),
        }
    }

    /// A value for the field that changes, which it never had.
    pub fn next_value(&mut self) -> String {
        self.changes += 1;
        let change = self.changes;
        match self.provider {
            0 => format!("{change:012}"),
            1 => format!("group-{change}"),
            _ => format!("project-{change}"),
        }
    }

    /// The request that makes it.
    #[must_use]
    pub fn creation(&self, container: &str, value: &str) -> Value {
        let provider = PROVIDERS[self.provider];
        let mut body = match self.provider {
            0 => json!({
                "accepterRegionName": "us-east-1", "vpcId": self.marker(),
                "routeTableCidrBlock": self.block(),
            }),
            1 => json!({
                "azureDirectoryId": UUID, "azureSubscriptionId": UUID, "vnetName": self.marker(),
            }),
            _ => json!({ "networkName": self.marker() }),
        };
        body["containerId"] = container.into();
        body["providerName"] = provider.into();
        body[value_field(self.provider)] = value.into();
        body
    }

    /// The request that changes it.
    #[must_use]
    pub fn change(&self, value: &str) -> Value {
        let mut body = json!({ "providerName": PROVIDERS[self.provider] });
        body[value_field(self.provider)] = value.into();
        body
    }

    /// A block that overlaps no other's while there are fewer than 8192.
    fn block(&self) -> String {
        let number = self.number % 8192;
        format!("10.{}.{}.{}/29", number >> 11, (number >> 3) & 0xff, (number & 7) << 5)
    }

    /// Compares it with what a list shows after a crash, and takes that for the truth.
    ///
    /// # Errors
    /// It cannot be so, after what was answered.
    pub fn look(&mut self, shown: Option<&Value>) -> anyhow::Result<()> {
        let found = shown.map_or(State::Absent, |shown| state_of(self.provider, shown));
        if found == State::Absent && self.possible.contains(&State::Going) {
            self.possible = vec![State::Absent];
            return Ok(());
        }
        ensure!(
            self.possible.contains(&found),
            "{} {} should be one of {:?}, and is {found:?}: {shown:?}",
            PROVIDERS[self.provider],
            self.marker(),
            self.possible
        );
        if let Some(id) = shown.and_then(|shown| shown["id"].as_str()) {
            match &self.id {
                Some(known) if known != id => bail!("{} was {known} and is {id}", self.marker()),
                Some(_) | None => self.id = Some(id.to_owned()),
            }
        }
        self.possible = vec![found];
        Ok(())
    }
}

const UUID: &str = "11111111-2222-3333-4444-555555555555";

/// The field that never changes.
#[must_use]
pub const fn marker_field(provider: usize) -> &'static str {
    match provider {
        0 => "vpcId",
        1 => "vnetName",
        _ => "networkName",
    }
}

const fn value_field(provider: usize) -> &'static str {
    match provider {
        0 => "awsAccountId",
        1 => "resourceGroupName",
        _ => "gcpProjectId",
    }
}

/// The status of a peering, whatever its provider calls the field.
#[must_use]
pub fn status(shown: &Value) -> &str {
    shown["statusName"].as_str().or_else(|| shown["status"].as_str()).unwrap_or_default()
}

/// What a peering is, by how it is shown.
#[must_use]
pub fn state_of(provider: usize, shown: &Value) -> State {
    if matches!(status(shown), "TERMINATING" | "DELETING") {
        return State::Going;
    }
    State::Live(shown[value_field(provider)].as_str().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: &str, status: &str) -> Value {
        json!({ "id": "1", "awsAccountId": value, "statusName": status })
    }

    fn slot(possible: Vec<State>) -> Slot {
        Slot { possible, ..Slot::new(0, 7) }
    }

    #[test]
    fn a_lost_write_is_found() {
        let mut slot = slot(vec![State::Live("new".into())]);
        assert!(slot.clone().look(None).is_err());
        assert!(slot.clone().look(Some(&shown("old", "AVAILABLE"))).is_err());
        assert!(slot.clone().look(Some(&shown("new", "TERMINATING"))).is_err());
        assert!(slot.look(Some(&shown("new", "INITIATING"))).is_ok());
    }

    #[test]
    fn an_unanswered_one_goes_either_way_and_stays() {
        let mut slot = slot(vec![State::Absent, State::Live("a".into())]);
        slot.look(None).unwrap();
        assert!(slot.look(Some(&shown("a", "AVAILABLE"))).is_err());
    }

    #[test]
    fn what_goes_never_comes_back() {
        let mut slot = slot(vec![State::Going]);
        assert!(slot.clone().look(Some(&shown("a", "AVAILABLE"))).is_err());
        slot.look(Some(&shown("a", "TERMINATING"))).unwrap();
        slot.look(None).unwrap();
        assert!(slot.look(Some(&shown("a", "TERMINATING"))).is_err());
    }

    #[test]
    fn what_is_shown_is_read_as_its_provider_writes_it() {
        let looked = state_of(2, &json!({"gcpProjectId": "a", "status": "AVAILABLE"}));
        assert_eq!(looked, State::Live("a".to_owned()));
    }

    #[test]
    fn blocks_do_not_overlap() {
        let blocks: std::collections::BTreeSet<String> =
            (0..8192).map(|number| Slot::new(0, number).block()).collect();
        assert_eq!(blocks.len(), 8192);
    }
}
