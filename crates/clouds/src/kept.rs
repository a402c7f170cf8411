//! A world as objects by name, and what changed between two of its states: for whoever keeps it in
//! a store that takes small values.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// The objects of a world: `table/name` and the bytes. A table that is no object of objects is one
/// object by itself.
pub type Objects = BTreeMap<String, Vec<u8>>;

/// Takes a state apart.
#[must_use]
pub fn objects(state: &Value) -> Objects {
    let mut objects = Objects::new();
    for (table, rows) in state.as_object().into_iter().flatten() {
        match rows {
            Value::Object(rows) => {
                for (name, row) in rows {
                    objects.insert(format!("{table}/{name}"), row.to_string().into_bytes());
                }
            }
            value => drop(objects.insert(table.clone(), value.to_string().into_bytes())),
        }
    }
    objects
}

/// Puts a state together again.
///
/// # Errors
/// An object is no JSON.
pub fn state(objects: &Objects) -> Result<Value, serde_json::Error> {
    let mut state = Map::new();
    for (name, bytes) in objects {
        let value: Value = serde_json::from_slice(bytes)?;
        match name.split_once('/') {
            None => drop(state.insert(name.clone(), value)),
            Some((table, row)) => {
                let rows = state.entry(table).or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(rows) = rows {
                    rows.insert(row.to_owned(), value);
                }
            }
        }
    }
    Ok(Value::Object(state))
}

/// What has to be written so that `before` becomes `after`: bytes, or `None` for what is gone.
#[must_use]
pub fn changes(before: &Objects, after: &Objects) -> Vec<(String, Option<Vec<u8>>)> {
    let gone = before.keys().filter(|name| !after.contains_key(*name));
    let gone = gone.map(|name| (name.clone(), None));
    let fresh = after.iter().filter(|(name, bytes)| before.get(*name) != Some(bytes));
    gone.chain(fresh.map(|(name, bytes)| (name.clone(), Some(bytes.clone())))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_state_comes_back_from_its_objects() {
        let world = json!({"ids": 7, "vpcs": {"vpc-1": {"a": 1}, "vpc/2": {"b": [1, 2]}}});
        assert_eq!(state(&objects(&world)).unwrap(), world);
    }

    #[test]
    fn only_what_differs_is_written() {
        let before = objects(&json!({"ids": 7, "vpcs": {"a": {"x": 1}, "b": {"x": 1}}}));
        let after = objects(&json!({"ids": 8, "vpcs": {"b": {"x": 1}, "c": {"x": 2}}}));
        let mut names: Vec<_> = changes(&before, &after)
            .into_iter()
            .map(|(name, bytes)| (name, bytes.is_some()))
            .collect();
        names.sort();
        let expected = [("ids", true), ("vpcs/a", false), ("vpcs/c", true)];
        assert_eq!(names, expected.map(|(name, put)| (name.to_owned(), put)));
    }
}
