//! Projects, their limits and addresses in the document.

use peerage_wire::group::{RegionUsage, TAGS_MAX};
use serde_json::{Value, json};

use super::details::{Details, begin, list, quiet, read, write};
use super::shape::{
    Named, all_of, answer, any_text, boolean, characters, count, date, links, list_of, number,
    object, one_of, page, reference, request,
};
use super::text::name;

/// The details of an operation on projects, their limits or addresses.
pub(super) fn details(id: &str) -> Option<Details> {
    Some(match id {
        "listGroups" => list("List the projects that the caller may see", &["Groups"]),
        "getOrgGroups" => {
            list("List the projects of an organization", &["Groups"]).query(&["nameStart"])
        }
        "createGroup" => Details { status: 201, ..write("Make a project", "NewGroup", &["Group"]) },
        "getGroup" => read("Show a project", &["Group"]),
        "getGroupByName" => read("Show the project of a name", &["Group"]),
        "updateGroup" => write("Change a project", "GroupChange", &["Group"]),
        "deleteGroup" => begin("Close a project without peerings"),
        "listGroupLimits" => read("List the limits of a project", &["Limits"]),
        "getGroupLimit" => read("Show a limit of a project", &["Limit"]),
        "setGroupLimit" => write("Set a limit of a project", "LimitChange", &["Limit"]),
        "deleteGroupLimit" => quiet("Set a limit of a project back to its default"),
        "getGroupIpAddresses" => {
            read("Show the addresses of what runs in a project", &["GroupIpAddresses"])
        }
        _ => return None,
    })
}

pub(super) fn schemas() -> Vec<Named> {
    vec![
        ("NewGroup", new_group()),
        ("GroupChange", group_change()),
        ("Group", group()),
        ("Groups", page("Group")),
        ("Tag", tag()),
        (
            "LimitChange",
            object(&["value"], json!({ "value": number("What it is to be.", 0, i64::MAX) })),
        ),
        ("Limit", limit()),
        ("Limits", all_of(reference("Limit"))),
        ("GroupIpAddresses", addresses()),
    ]
}

fn tag() -> Value {
    let half = |description| characters(description, 1, 255);
    object(&["key", "value"], json!({ "key": half("Its name."), "value": half("Its value.") }))
}

fn tags() -> Value {
    list_of(reference("Tag"), 0, TAGS_MAX)
}

fn alerts() -> Value {
    boolean("Whether it gets the default alerts.")
}

fn usage() -> Value {
    let words = [RegionUsage::Commercial.name(), RegionUsage::Government.name()];
    one_of("Which regions it may use.", &words)
}

fn new_group() -> Value {
    let properties = json!({
        "name": name(),
        "orgId": reference("Id"),
        "regionUsageRestrictions": usage(),
        "tags": tags(),
        "withDefaultAlertsSettings": alerts(),
    });
    request(&["name", "orgId"], properties)
}

fn group_change() -> Value {
    let properties = json!({
        "name": name(), "tags": tags(), "withDefaultAlertsSettings": alerts(),
    });
    request(&[], properties)
}

fn group() -> Value {
    let properties = json!({
        "clusterCount": count("Its clusters."),
        "created": date("When it was made."),
        "id": reference("Id"),
        "links": links(),
        "name": any_text("Its name."),
        "orgId": reference("Id"),
        "regionUsageRestrictions": usage(),
        "tags": all_of(reference("Tag")),
        "withDefaultAlertsSettings": alerts(),
    });
    answer(&["regionUsageRestrictions"], properties)
}

fn limit() -> Value {
    let properties = json!({
        "currentUsage": count("How much of it is used, where that is counted."),
        "defaultLimit": count("What it is when nobody set it."),
        "maximumLimit": count("What it can be at most."),
        "name": any_text("Its name."),
        "value": count("What it is."),
    });
    answer(&["currentUsage"], properties)
}

fn addresses() -> Value {
    let texts = || all_of(any_text("An address."));
    let cluster = json!({
        "clusterName": any_text("Its name."),
        "futureInbound": texts(),
        "futureOutbound": texts(),
        "inbound": texts(),
        "outbound": texts(),
    });
    let services = answer(&[], json!({ "clusters": all_of(answer(&[], cluster)) }));
    answer(&[], json!({ "groupId": reference("Id"), "services": services }))
}
