//! IP access lists in the document: those of projects, of API keys and of service accounts.

use peerage_wire::access_list::ENTRIES_MAX;
use serde_json::{Value, json};

use super::details::{Details, list, quiet, read, write};
use super::shape::{
    Named, answer, any_text, characters, count, date, links, list_of, one_of, page, reference,
    request, text,
};
use super::text::{address, block};

const SECURITY_GROUP: &str = "^([0-9]*/)?sg-[0-9a-fA-F]{1,64}$";

/// The details of an operation on the access lists of projects.
pub(super) fn details(id: &str) -> Option<Details> {
    Some(match id {
        "listGroupAccessListEntries" => {
            list("List the addresses that may reach a project", &["Entries"])
        }
        "createGroupAccessListEntry" => {
            write("Let addresses reach a project", "NewEntries", &["Entries"]).pages()
        }
        "getGroupAccessListEntry" => read("Show an entry of a project's list", &["Entry"]),
        "getGroupAccessListStatus" => {
            read("Show whether an entry of a project's list counts", &["EntryStatus"])
        }
        "deleteGroupAccessListEntry" => quiet("Take an entry off a project's list"),
        _ => return None,
    })
}

pub(super) fn schemas() -> Vec<Named> {
    vec![
        ("NewEntry", new_entry()),
        ("NewEntries", list_of(reference("NewEntry"), 1, ENTRIES_MAX)),
        ("Entry", entry()),
        ("Entries", page("Entry")),
        ("EntryStatus", status()),
        ("NewAddress", new_address()),
        ("NewAddresses", list_of(reference("NewAddress"), 1, ENTRIES_MAX)),
        ("KeyAddress", key_address()),
        ("KeyAddresses", page("KeyAddress")),
        ("AccountAddress", account_address()),
        ("AccountAddresses", page("AccountAddress")),
    ]
}

/// What one entry lets in: exactly one of `fields` is there.
fn one_target(fields: &[&str], properties: &Value) -> Value {
    let alone = |field: &&str| {
        let mut properties = properties.clone();
        for other in fields.iter().filter(|other| *other != field) {
            properties[*other] = json!({ "nullable": true, "enum": [null] });
        }
        request(&[field], properties)
    };
    json!({ "anyOf": fields.iter().map(alone).collect::<Vec<_>>() })
}

fn new_entry() -> Value {
    let properties = json!({
        "awsSecurityGroup": text("A security group on AWS.", SECURITY_GROUP),
        "cidrBlock": block("A block of addresses."),
        "comment": characters("What it is for.", 0, 80),
        "deleteAfterDate": date("When it goes away by itself."),
        "ipAddress": address("One address."),
    });
    one_target(&["ipAddress", "cidrBlock", "awsSecurityGroup"], &properties)
}

fn new_address() -> Value {
    let properties = json!({
        "cidrBlock": block("A block of addresses."), "ipAddress": address("One address."),
    });
    one_target(&["ipAddress", "cidrBlock"], &properties)
}

fn entry() -> Value {
    let properties = json!({
        "awsSecurityGroup": text("A security group on AWS.", SECURITY_GROUP),
        "cidrBlock": any_text("A block of addresses."),
        "comment": any_text("What it is for."),
        "deleteAfterDate": date("When it goes away by itself."),
        "groupId": reference("Id"),
        "ipAddress": address("One address."),
        "links": links(),
    });
    let optional = ["awsSecurityGroup", "cidrBlock", "comment", "deleteAfterDate", "ipAddress"];
    answer(&optional, properties)
}

fn status() -> Value {
    let states = ["PENDING", "FAILED", "ACTIVE"];
    answer(&[], json!({ "STATUS": one_of("How far it is.", &states) }))
}

fn key_address() -> Value {
    let properties = json!({
        "cidrBlock": any_text("A block of addresses."),
        "count": count("The requests that it let in."),
        "created": date("When it was made."),
        "ipAddress": address("One address."),
        "lastUsed": date("When it last let a request in."),
        "lastUsedAddress": address("Where that request came from."),
        "links": links(),
    });
    answer(&["cidrBlock", "ipAddress", "lastUsed", "lastUsedAddress"], properties)
}

fn account_address() -> Value {
    let properties = json!({
        "cidrBlock": any_text("A block of addresses."),
        "createdAt": date("When it was made."),
        "ipAddress": address("One address."),
        "lastUsedAddress": address("Where the last request that it let in came from."),
        "lastUsedAt": date("When that was."),
        "requestCount": count("The requests that it let in."),
    });
    answer(&["cidrBlock", "ipAddress", "lastUsedAddress", "lastUsedAt"], properties)
}
