//! The hand on the emulated clouds in the document.

use serde_json::{Value, json};

use super::details::{Details, begin, make, quiet, read, write};
use super::shape::{
    Named, all_of, answer, any_text, boolean, count, date, number, object, one_of, or_null,
    reference, text,
};

/// The details of an operation on the emulated clouds.
pub(super) fn details(id: &str) -> Option<Details> {
    Some(match id {
        "customerAccept" => begin("Accept a peering in the customer's place"),
        "customerReject" => begin("Reject a peering in the customer's place"),
        "customerDelete" => begin("Delete the customer's side of a peering"),
        "getClock" => read("Show the clock of the emulated clouds", &["Clock"]),
        "moveClock" => write("Move, stop or start the clock", "ClockMove", &["Clock"]),
        "listFaults" => read("List the faults that are planted", &["CloudFaults"]),
        "addFault" => make("Plant a fault in the emulated clouds", "NewCloudFault", &["FaultId"]),
        "clearFaults" => quiet("Take every fault out of the emulated clouds"),
        _ => return None,
    })
}

pub(super) fn schemas() -> Vec<Named> {
    let faults = json!({ "results": all_of(reference("CloudFault")) });
    vec![
        ("Clock", clock()),
        ("ClockMove", clock_move()),
        ("CloudFault", answer(&[], fault())),
        ("NewCloudFault", new_fault()),
        ("CloudFaults", answer(&[], faults)),
        ("FaultId", answer(&[], json!({ "id": count("Its number.") }))),
    ]
}

fn clock() -> Value {
    let properties = json!({
        "aheadMillis": count("Milliseconds that it is ahead."),
        "frozen": boolean("Whether it stands still."),
        "nextEvent": or_null(date("When something will happen by itself.")),
        "now": date("What it shows."),
    });
    answer(&[], properties)
}

/// Exactly one change.
fn clock_move() -> Value {
    let one = |name: &str, value: Value| closed(&[name], json!({ name: value }));
    let yes = || json!({ "type": "boolean", "enum": [true] });
    json!({ "anyOf": [
        one("freeze", yes()),
        one("thaw", yes()),
        one("nextEvent", yes()),
        one("advance", text("By how much, such as 90s.", "^[1-9][0-9]{0,3} ?(ms|s|m|h|d)$")),
    ] })
}

/// An object that is sent and may have no other fields.
fn closed(required: &[&str], properties: Value) -> Value {
    let mut schema = object(required, properties);
    schema["additionalProperties"] = false.into();
    schema
}

fn fault() -> Value {
    let operations = [
        "ensure_network",
        "observe_network",
        "remove_network",
        "ensure_link",
        "observe_link",
        "remove_link",
    ];
    json!({
        "effect": effect(),
        "group": or_null(any_text("Only calls about this project.")),
        "id": count("Its number."),
        "operation": or_null(one_of("Only this call.", &operations)),
        "peering": or_null(any_text("Only calls about this peering.")),
        "provider": or_null(any_text("Only calls to this cloud.")),
        "times": or_null(number("How often; for ever without it.", 0, u32::MAX.into())),
    })
}

fn new_fault() -> Value {
    let mut properties = fault();
    properties["provider"] = or_null(one_of("Only calls to this cloud.", &["AWS", "AZURE", "GCP"]));
    closed(&["effect"], properties)
}

/// What a fault does: a word, or an object with one field.
fn effect() -> Value {
    let words = one_of("The request or its answer is lost.", &["loseAnswer", "loseRequest"]);
    let one = |name: &str, required: &[&str], properties: Value| {
        closed(&[name], json!({ name: object(required, properties) }))
    };
    let error = json!({
        "code": any_text("The cloud's code."),
        "message": any_text("The cloud's words."),
        "terminal": boolean("Whether trying again is useless."),
    });
    json!({ "anyOf": [
        words,
        one("throttle", &["afterMillis"], json!({ "afterMillis": count("Milliseconds.") })),
        one("error", &["code", "message"], error),
        one("delay", &["millis"], json!({ "millis": count("Milliseconds.") })),
        one("refuse", &["message"], json!({ "message": any_text("The cloud's words.") })),
    ] })
}
