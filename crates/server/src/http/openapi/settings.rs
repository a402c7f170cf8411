//! The settings of projects in the document.

use peerage_wire::settings::GroupSettings;
use serde_json::{Map, Value, json};

use super::details::{Details, quiet, read, write};
use super::shape::{Named, answer, boolean, request};

/// The details of an operation on the settings of projects.
pub(super) fn details(id: &str) -> Option<Details> {
    Some(match id {
        "getGroupSettings" => read("Show the settings of a project", &["GroupSettings"]),
        "updateGroupSettings" => {
            write("Change settings of a project", "GroupSettingsChange", &["GroupSettings"])
        }
        "getGroupManagedSlowMs" => {
            read("Show whether the bound of slow operations is managed", &["Switch"])
        }
        "enableGroupManagedSlowMs" => quiet("Let the bound of slow operations be managed"),
        "disableGroupManagedSlowMs" => quiet("Keep the bound of slow operations where it is"),
        _ => return None,
    })
}

pub(super) fn schemas() -> Vec<Named> {
    vec![
        ("GroupSettings", answer(&[], switches())),
        ("GroupSettingsChange", request(&[], switches())),
        ("Switch", json!({ "type": "boolean" })),
    ]
}

/// The switches by the names that they are answered under.
fn switches() -> Value {
    let defaults = serde_json::to_value(GroupSettings::default()).unwrap_or_default();
    let names = defaults.as_object().into_iter().flat_map(Map::keys);
    names.map(|name| (name.clone(), boolean("Whether it is on."))).collect::<Map<_, _>>().into()
}
