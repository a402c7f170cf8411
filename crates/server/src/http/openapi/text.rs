//! The forms of texts as patterns: those of `peerage_wire::form`, which reads them.

use serde_json::{Value, json};

use super::shape::{characters, text};

/// Letters and digits of any script, and what may stand beside them in a name.
const NAME: &str =
    r"^[\p{L}\p{N}\-_.(),:&@+'](?:[\p{L}\p{N}\-_.(),:&@+' ]{0,62}[\p{L}\p{N}\-_.(),:&@+'])?$";
const TEAM: &str =
    r"^[^\s\x00-\x1f\x7f-\x9f](?:[^\x00-\x1f\x7f-\x9f]{0,62}[^\s\x00-\x1f\x7f-\x9f])?$";
const EMAIL: &str = r"^[^@\s\x00-\x1f\x7f-\x9f]+@[^@\s\x00-\x1f\x7f-\x9f]+$";

pub(super) fn name() -> Value {
    text("Its name.", NAME)
}

pub(super) fn team_name() -> Value {
    text("Its name.", TEAM)
}

pub(super) fn account_text(description: &str, most: usize) -> Value {
    text(description, &format!(r"^[\p{{L}}\p{{N}} \-_.,']{{1,{most}}}$"))
}

pub(super) fn description() -> Value {
    characters("What it is for.", 1, 250)
}

pub(super) fn email(description: &str) -> Value {
    json!({
        "type": "string", "description": description, "pattern": EMAIL, "maxLength": 254,
    })
}

/// One IPv4 or IPv6 address.
pub(super) fn address(description: &str) -> Value {
    json!({
        "type": "string",
        "description": description,
        "anyOf": [{ "format": "ipv4" }, { "format": "ipv6" }],
    })
}

/// A block of addresses, or one address.
pub(super) fn block(description: &str) -> Value {
    json!({
        "type": "string",
        "description": description,
        "maxLength": 49,
        "anyOf": [
            { "format": "ipv4" },
            { "format": "ipv6" },
            { "pattern": IPV4_BLOCK },
            { "pattern": IPV6_BLOCK },
        ],
    })
}

const IPV4_BLOCK: &str = concat!(
    r"^((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\.){3}",
    r"(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])/(3[0-2]|[12]?[0-9])$",
);
/// Of the spellings of an IPv6 block the two that are written.
const IPV6_BLOCK: &str = concat!(
    r"^(([0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}|([0-9a-fA-F]{1,4}:){1,6}:)",
    r"/(12[0-8]|1[01][0-9]|[1-9]?[0-9])$",
);
