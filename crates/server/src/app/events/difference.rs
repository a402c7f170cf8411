//! What a change does to each object, for the event that tells of it: read off the writes of the
//! change itself, so that no use case can forget to say something.

use std::collections::BTreeMap;

use peerage_store::record::ObjectChange;
use peerage_store::{Entry, Key, Write};
use serde_json::{Map, Value};

/// Beginnings of keys that hold no object: indexes, events, and how far trails go.
const NOT_OBJECTS: [&str; 5] = ["todo/", "group-event/", "org-event/", "audit-head/", "restore/"];

/// Fields of records that stand for a secret. What they hold goes nowhere; that they changed does.
const SECRETS: [&str; 2] = ["sealed_ha1", "hash"];

/// What stands for a secret.
const SECRET: &str = "(secret)";

/// The keys of objects that a change writes.
pub(super) fn objects(writes: &[Write]) -> Vec<Key> {
    writes.iter().map(Write::key).filter(|key| is_object(key)).cloned().collect()
}

fn is_object(key: &Key) -> bool {
    let text = String::from_utf8_lossy(key.as_bytes());
    !text.ends_with("/guard") && !NOT_OBJECTS.iter().any(|start| text.starts_with(start))
}

/// What `writes` make of what was there before.
pub(super) fn changes(before: &BTreeMap<Key, Entry>, writes: &[Write]) -> Vec<ObjectChange> {
    let change = |write: &Write| {
        let key = write.key();
        let old = before.get(key).and_then(|entry| fields(entry.value.as_bytes()));
        let new = match write {
            Write::Put { value, .. } => fields(value.as_bytes()),
            Write::Delete { .. } => None,
        };
        let (before, after) = differing(old, new)?;
        let object = String::from_utf8_lossy(key.as_bytes()).into_owned();
        Some(ObjectChange { object, before, after })
    };
    writes.iter().filter(|write| is_object(write.key())).filter_map(change).collect()
}

/// A change that somebody else found, as an event shows it; `None` when nothing differs.
pub(super) fn between(change: ObjectChange) -> Option<ObjectChange> {
    let ObjectChange { object, before, after } = change;
    let (before, after) = differing(before.and_then(object_of), after.and_then(object_of))?;
    Some(ObjectChange { object, before, after })
}

fn object_of(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(fields) => Some(fields),
        _ => None,
    }
}

/// The fields of a record. An entry of an index has none: it says no more than its key.
fn fields(bytes: &[u8]) -> Option<Map<String, Value>> {
    let mut record: Value = serde_json::from_slice(bytes).ok()?;
    object_of(record.get_mut("is")?.take())
}

/// Both sides without what they have in common; `None` when they have everything in common.
fn differing(
    old: Option<Map<String, Value>>,
    new: Option<Map<String, Value>>,
) -> Option<(Option<Value>, Option<Value>)> {
    let (mut old, mut new) = match (old, new) {
        (Some(mut old), Some(mut new)) => {
            let same: Vec<String> = old
                .iter()
                .filter(|(name, value)| new.get(*name) == Some(*value))
                .map(|(name, _)| name.clone())
                .collect();
            for name in same {
                old.remove(&name);
                new.remove(&name);
            }
            if old.is_empty() && new.is_empty() {
                return None;
            }
            (Some(old), Some(new))
        }
        (None, None) => return None,
        // An index entry that comes or goes is shown by its key alone.
        other => other,
    };
    for side in [&mut old, &mut new].into_iter().flatten() {
        side.iter_mut().for_each(|(name, value)| redact(name, value));
    }
    Some((old.map(Value::Object), new.map(Value::Object)))
}

fn redact(name: &str, value: &mut Value) {
    if SECRETS.contains(&name) {
        *value = SECRET.into();
        return;
    }
    match value {
        Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| redact(name, value)),
        Value::Array(values) => values.iter_mut().for_each(|value| redact("", value)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use peerage_store::Revision;
    use serde_json::json;

    use super::*;

    fn bytes(is: &Value) -> Vec<u8> {
        serde_json::to_vec(&json!({ "format": 1, "is": is })).unwrap()
    }

    fn check(old: Option<Value>, new: Option<Value>, expected: Option<(Value, Value)>) {
        let key = Key::from("org/1");
        let before = old.map(|old| Entry {
            key: key.clone(),
            value: bytes(&old).into(),
            created: Revision(1),
            modified: Revision(1),
            version: 1,
            lease: None,
        });
        let before = before.into_iter().map(|entry| (key.clone(), entry)).collect();
        let write = match &new {
            Some(new) => Write::put(key, bytes(new)),
            None => Write::delete(key),
        };
        let found = changes(&before, &[write]).pop();
        let found = found.map(|it| (it.before.unwrap_or_default(), it.after.unwrap_or_default()));
        assert_eq!(found, expected);
    }

    #[test]
    fn only_what_differs_is_told_and_no_secret() {
        let (one, two) = (json!({ "a": 1, "b": [1] }), json!({ "a": 2, "b": [1] }));
        check(Some(one.clone()), Some(two), Some((json!({ "a": 1 }), json!({ "a": 2 }))));
        check(Some(one.clone()), Some(one.clone()), None);
        check(None, Some(one.clone()), Some((Value::Null, one.clone())));
        check(Some(one.clone()), None, Some((one, Value::Null)));
        let (old, new) = (json!({ "hash": "x" }), json!({ "hash": "y" }));
        let secret = json!({ "hash": "(secret)" });
        check(Some(old), Some(new), Some((secret.clone(), secret.clone())));
        let nested = json!({ "secrets": [{ "hash": "x", "id": 1 }] });
        let shown = json!({ "secrets": [{ "hash": "(secret)", "id": 1 }] });
        check(None, Some(nested), Some((Value::Null, shown)));
    }

    #[test]
    fn indexes_and_trails_are_no_objects() {
        let keys =
            ["todo/peer/1", "net/1/guard", "group-event/1/2", "audit-head/x", "net/1/peer/2"];
        let writes: Vec<Write> = keys.iter().map(|key| Write::put(*key, "{}")).collect();
        assert_eq!(objects(&writes), [Key::from("net/1/peer/2")]);
    }
}
