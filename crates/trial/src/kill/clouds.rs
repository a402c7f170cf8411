//! What the emulated clouds hold, as the store of a service that has stopped tells it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::ensure;
use peerage_store::{ListRequest, Store, keys};
use serde_json::Value;

use crate::stock;

/// Compares it with the peerings that there are beside the copies: each has its connection, and no
/// connection that exists is without its peering or has another one's name.
///
/// # Errors
/// What is not so.
pub(crate) async fn check(path: &Path, ids: &BTreeSet<String>) -> anyhow::Result<()> {
    let store = stock::open(path)?;
    let links = links(&store).await;
    store.close().await;
    let links = links?;
    let mut names = BTreeSet::new();
    for (id, link) in &links {
        let is_known = ids.contains(id) || stock::is_copy(id);
        ensure!(is_known || is_memory(link), "a ghost: {id} {link}");
        ensure!(names.insert(link["connection"].to_string()), "made twice: {id} {link}");
    }
    let missing = ids.iter().find(|id| !links.contains_key(*id));
    ensure!(missing.is_none(), "nothing in the clouds for peering {missing:?}");
    Ok(())
}

/// Every connection that the emulated clouds keep, by the id of its peering.
async fn links(store: &dyn Store) -> anyhow::Result<BTreeMap<String, Value>> {
    let prefix = keys::emulated("link/");
    let mut request = ListRequest::prefix(prefix.clone());
    let mut found = BTreeMap::new();
    loop {
        let page = store.list(request.clone()).await?;
        for entry in &page.entries {
            let id = String::from_utf8_lossy(&entry.key.as_bytes()[prefix.as_bytes().len()..]);
            found.insert(id.into_owned(), serde_json::from_slice(entry.value.as_bytes())?);
        }
        if !page.more {
            return Ok(found);
        }
        request.after = page.entries.last().map(|entry| entry.key.clone());
        request.at = Some(page.revision);
    }
}

/// Whether a cloud only remembers a connection, or its customer's half is all that is left.
fn is_memory(link: &Value) -> bool {
    let side = |provider: &str| &link["sides"][provider];
    let over = ["failed", "rejected", "expired", "deleted"];
    let state = side("aws")["state"].as_str().unwrap_or_default();
    over.contains(&state)
        || [side("azure"), side("gcp")].into_iter().any(|pair| {
            pair["refused"] == Value::Bool(true)
                || (pair.is_object() && pair.get("ours").is_none_or(Value::is_null))
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_ghost_is_told_from_a_memory() {
        let link = |sides: Value| json!({ "sides": sides });
        assert!(is_memory(&link(json!({"aws": {"state": "deleted"}}))));
        assert!(!is_memory(&link(json!({"aws": {"state": "active"}}))));
        assert!(is_memory(&link(json!({"gcp": {"ours": null}}))));
        assert!(!is_memory(&link(json!({"azure": {"ours": {"peering_state": "Connected"}}}))));
    }
}
