//! The parameters of paths and queries in the document.

use peerage_core::provider::Provider;
use peerage_wire::page::{ITEMS_PER_PAGE_DEFAULT, ITEMS_PER_PAGE_MAX};
use serde_json::{Map, Value, json};

use super::details::{Details, Paging};
use super::service_accounts::CLIENT_ID;
use super::shape::{all_of, any_text, one_of, reference, text};
use super::{Media, Operation};
use crate::app::group_settings::LIMITS;

const PAGE: [&str; 3] = ["includeCount", "itemsPerPage", "pageNum"];

/// Parameters of paths that are ids, and whose.
const IDS: [(&str, &str); 10] = [
    ("apiUserId", "API key"),
    ("containerId", "container"),
    ("eventId", "event"),
    ("groupId", "project"),
    ("invitationId", "invitation"),
    ("orgId", "organization"),
    ("peerId", "peering"),
    ("secretId", "secret"),
    ("teamId", "team"),
    ("userId", "person"),
];

/// The parameters of an operation.
pub(super) fn of(operation: &Operation, details: Option<&Details>) -> Value {
    let in_path = operation.path.split(['{', '}']).skip(1).step_by(2).map(in_path);
    let form: &[&str] = match operation.media {
        Media::Atlas(_) => &["envelope", "pretty"],
        Media::Plain => &["prettyPlain"],
    };
    let own = details.map_or::<&[&str], _>(&[], |details| details.query);
    let pages: &[&str] = match details.map(|details| details.paging) {
        Some(Paging::Pages) => &PAGE,
        Some(Paging::Whole) | None => &[],
    };
    let in_query = own.iter().chain(pages).chain(form).map(|name| link(&key(name)));
    in_path.chain(in_query).collect()
}

fn link(key: &str) -> Value {
    json!({ "$ref": format!("#/components/parameters/{key}") })
}

/// A parameter of a query under its name among all parameters: `userId` is one of a path, too.
fn key(name: &str) -> String {
    format!("query.{name}")
}

fn in_path(name: &str) -> Value {
    if IDS.iter().any(|(known, _)| *known == name) {
        return link(name);
    }
    let limits: Vec<&str> = LIMITS.iter().map(|rule| rule.name).collect();
    let schema = match name {
        "clientId" => text("The service account.", CLIENT_ID),
        "limitName" => one_of("The limit.", &limits),
        _ => json!({ "type": "string", "minLength": 1 }),
    };
    json!({ "name": name, "in": "path", "required": true, "schema": schema })
}

/// All of them that operations share.
pub(super) fn all() -> Value {
    let ids = IDS.map(|(name, what)| {
        let parameter = json!({
            "name": name, "in": "path", "required": true, "schema": reference("Id"),
            "description": format!("The id of the {what}."),
        });
        (name.to_owned(), parameter)
    });
    let queries = form().into_iter().chain(pages()).chain(filters()).chain(events());
    let queries = queries.map(|(name, described)| (key(name), described));
    ids.into_iter().chain(queries).collect::<Map<_, _>>().into()
}

type Query = (&'static str, Value);

fn query(name: &'static str, description: &str, schema: Value) -> Query {
    (name, json!({ "name": name, "in": "query", "description": description, "schema": schema }))
}

/// A parameter that other operations take differently, or under another meaning.
fn variant(key: &'static str, name: &'static str, description: &str, schema: Value) -> Query {
    (key, query(name, description, schema).1)
}

fn flag(default: bool, pattern: &str) -> Value {
    let text = json!({ "type": "string", "pattern": pattern });
    json!({ "default": default, "anyOf": [{ "type": "boolean" }, text] })
}

const WORD: &str = "^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])$";
const WORD_OR_EMPTY: &str = "^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])?$";

fn form() -> Vec<Query> {
    let envelope = "Answers 200 with the status in the body; an empty one is as none.";
    let plain = "Spreads the answer over lines when it is true.";
    vec![
        query("envelope", envelope, flag(false, WORD_OR_EMPTY)),
        query(
            "pretty",
            "Spreads the answer over lines; an empty one is as none.",
            flag(false, WORD_OR_EMPTY),
        ),
        variant("prettyPlain", "pretty", plain, json!({ "type": "string" })),
    ]
}

/// An empty one means the default.
fn pages() -> Vec<Query> {
    let number = |default: u32, minimum: u32, maximum: u32| {
        let number = json!({ "type": "integer", "minimum": minimum, "maximum": maximum });
        json!({ "default": default, "anyOf": [number, { "type": "string", "maxLength": 0 }] })
    };
    let per_page = number(ITEMS_PER_PAGE_DEFAULT, 1, ITEMS_PER_PAGE_MAX);
    vec![
        query("includeCount", "Whether to tell how many there are.", flag(true, WORD_OR_EMPTY)),
        query("itemsPerPage", "Elements of a page.", per_page),
        query("pageNum", "Which page; 0 is the first, too.", number(1, 0, i32::MAX.unsigned_abs())),
    ]
}

fn filters() -> Vec<Query> {
    let clouds: Vec<&str> = Provider::ALL.iter().map(|provider| provider.name()).collect();
    let any = || json!({ "type": "string" });
    vec![
        query(
            "providerName",
            "The cloud; in any case of letters, and an empty one is as none.",
            json!({ "type": "string", "default": clouds.first(), "anyOf": [
                { "enum": clouds },
                { "pattern": "^([Aa][Ww][Ss]|[Aa][Zz][Uu][Rr][Ee]|[Gg][Cc][Pp])?$" },
            ] }),
        ),
        variant("nameStart", "name", "How the name begins.", any()),
        variant("namePart", "name", "What the name contains, in any case of letters.", any()),
        query("username", "The person's address, in any case of letters.", any()),
        query("userId", "The person's id.", any()),
        query(
            "orgMembershipStatus",
            "How people belong: ACTIVE leaves out those who were invited.",
            any(),
        ),
        query(
            "includeSystemManaged",
            "Whether to show the accounts that the service made for itself, too: there are none.",
            flag(false, WORD),
        ),
    ]
}

fn events() -> Vec<Query> {
    let date = || {
        json!({ "anyOf": [
            { "type": "string", "format": "date-time" }, { "type": "string", "maxLength": 0 },
        ] })
    };
    let kinds = || all_of(any_text("A kind of event, or several with commas between them."));
    vec![
        query("eventType", "Only these kinds.", kinds()),
        query("excludedEventType", "Not these kinds.", kinds()),
        query("minDate", "Only from then on.", date()),
        query("maxDate", "Only until then.", date()),
        query("includeRaw", "Whether to tell more of each.", flag(false, WORD)),
    ]
}
