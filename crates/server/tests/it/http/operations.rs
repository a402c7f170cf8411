//! Which operations of the contract are served.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use peerage::http::operation::{Media, Operation};
use peerage::http::operations;

use crate::support::check_golden;

/// Method, path, operationId and date of every operation in reach.
const CONTRACT: &str = include_str!("../../contract-operations.txt");

/// The operations that are not served on purpose, and why.
const NOT_SERVED: &str = include_str!("../../not-served.txt");

fn reasons() -> BTreeMap<&'static str, &'static str> {
    let rows = NOT_SERVED.lines().filter(|line| !line.starts_with('#'));
    rows.map(|row| row.split_once(' ').unwrap()).collect()
}

fn served() -> BTreeMap<(String, &'static str), Operation> {
    let of = |operation: Operation| ((operation.method.to_string(), operation.path), operation);
    operations::all().into_iter().map(of).collect()
}

fn contract() -> impl Iterator<Item = [&'static str; 4]> {
    let rows = CONTRACT.lines().filter(|line| !line.starts_with('#'));
    rows.map(|row| row.split(' ').collect::<Vec<_>>().try_into().unwrap())
}

#[test]
fn what_is_served_is_committed() {
    let mut ours = served();
    let reasons = reasons();
    let empty: Vec<_> = operations::answered_empty().into_iter().map(|it| it.id).collect();
    let mut table = String::new();
    for [method, path, id, _] in contract() {
        let reason = reasons.get(id);
        let (state, reason) = match (ours.remove(&(method.to_owned(), path)), reason) {
            (Some(_), None) if empty.contains(&id) => ("stubbed", String::new()),
            (Some(_), None) => ("served", String::new()),
            (None, Some(reason)) => ("not served", format!(": {reason}")),
            (None, None) => ("not served", ": nobody has written down why".to_owned()),
            (Some(_), Some(_)) => panic!("{id} is served: take it out of not-served.txt"),
        };
        writeln!(table, "{state:<11} {method:<6} {path} {id}{reason}").unwrap();
    }
    for ((method, path), operation) in ours {
        let state = if empty.contains(&operation.id) { "stubbed" } else { "besides" };
        writeln!(table, "{state:<11} {method:<6} {path} {}", operation.id).unwrap();
    }
    check_golden("operations.txt", &table);
}

#[test]
fn what_is_served_has_the_name_and_the_date_of_the_contract() {
    let ours = served();
    for [method, path, id, date] in contract() {
        let Some(operation) = ours.get(&(method.to_owned(), path)) else { continue };
        assert_eq!(operation.id, id, "{method} {path}");
        let Media::Atlas(dates) = operation.media else { panic!("{id} has no version") };
        assert_eq!(dates.last(), Some(&date), "{id}");
        assert!(dates.is_sorted(), "{id}");
    }
}

#[test]
fn every_operation_has_one_name() {
    let mut names: Vec<&str> = operations::all().iter().map(|operation| operation.id).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}
