//! The pieces that schemas are made of.
//!
//! What clients send may have fields that nobody asks for, and `null` for a field that may be left
//! out: both are ignored. What is answered has the fields that are listed and no others.

use peerage_core::authz::{GroupRole, OrgRole};
use serde_json::{Map, Value, json};

/// A schema and its name.
pub(super) type Named = (&'static str, Value);

pub(super) fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

/// An object that is sent; `required` are its fields that must not be left out.
pub(super) fn object(required: &[&str], properties: Value) -> Value {
    let mut schema = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        schema["required"] = required.into();
    }
    schema
}

/// An object that is sent: of its fields all that are not in `required` may be `null`.
pub(super) fn request(required: &[&str], mut properties: Value) -> Value {
    for (name, property) in properties.as_object_mut().into_iter().flatten() {
        if !required.contains(&name.as_str()) {
            *property = or_null(property.take());
        }
    }
    object(required, properties)
}

/// An object that is answered: every field is there, but for those that are `optional`.
pub(super) fn answer(optional: &[&str], properties: Value) -> Value {
    let names = properties.as_object().into_iter().flat_map(Map::keys).map(String::as_str);
    let required: Vec<&str> = names.filter(|name| !optional.contains(name)).collect();
    let mut schema = object(&required, properties.clone());
    schema["additionalProperties"] = false.into();
    schema
}

/// The same, or `null`.
pub(super) fn or_null(schema: Value) -> Value {
    let mut schema = match schema.get("$ref") {
        Some(_) => json!({ "allOf": [schema] }),
        None => schema,
    };
    if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        values.push(Value::Null);
    }
    schema["nullable"] = true.into();
    schema
}

/// Text that the client sets.
pub(super) fn text(description: &str, pattern: &str) -> Value {
    json!({ "type": "string", "description": description, "pattern": pattern })
}

/// Text with so many characters.
pub(super) fn characters(description: &str, least: usize, most: usize) -> Value {
    json!({
        "type": "string", "description": description, "minLength": least, "maxLength": most,
    })
}

/// Text of any form.
pub(super) fn any_text(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

pub(super) fn boolean(description: &str) -> Value {
    json!({ "type": "boolean", "description": description })
}

pub(super) fn number(description: &str, least: i64, most: i64) -> Value {
    json!({ "type": "integer", "description": description, "minimum": least, "maximum": most })
}

/// A number that is counted from 0.
pub(super) fn count(description: &str) -> Value {
    json!({ "type": "integer", "description": description, "minimum": 0 })
}

pub(super) fn date(description: &str) -> Value {
    json!({ "type": "string", "format": "date-time", "description": description })
}

/// One of some words.
pub(super) fn one_of(description: &str, words: &[&str]) -> Value {
    json!({ "type": "string", "description": description, "enum": words })
}

pub(super) fn id_of(what: &str) -> Value {
    json!({ "allOf": [reference("Id")], "description": format!("The {what}.") })
}

/// What only the server sets.
pub(super) fn read_only(mut schema: Value) -> Value {
    schema["readOnly"] = true.into();
    schema
}

/// So many elements.
pub(super) fn list_of(element: Value, least: usize, most: usize) -> Value {
    json!({ "type": "array", "items": element, "minItems": least, "maxItems": most })
}

/// Elements, as many as there are.
pub(super) fn all_of(element: Value) -> Value {
    json!({ "type": "array", "items": element })
}

pub(super) fn links() -> Value {
    all_of(reference("Link"))
}

/// A page of a list.
pub(super) fn page(element: &str) -> Value {
    let properties = json!({
        "links": links(),
        "results": all_of(reference(element)),
        "totalCount": count("Elements of all pages."),
    });
    object(&["links", "results"], properties)
}

/// One of several shapes.
pub(super) fn any_of(names: &[&str]) -> Value {
    json!({ "anyOf": names.iter().map(|name| reference(name)).collect::<Vec<_>>() })
}

/// The same fields, none of them required.
pub(super) fn all_optional(mut schema: Value) -> Value {
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("required");
    }
    schema
}

/// Schemas that every noun uses.
pub(super) fn schemas() -> Vec<Named> {
    let plain = json!({ "type": "string" });
    let field = answer(&[], json!({ "description": plain, "field": plain }));
    let error = json!({
        "badRequestDetail": answer(&[], json!({ "fields": all_of(field) })),
        "detail": any_text("What happened, in a sentence."),
        "error": { "type": "integer", "description": "The HTTP status." },
        "errorCode": any_text("The name that programs compare."),
        "parameters": all_of(plain.clone()),
        "reason": any_text("The reason phrase of the HTTP status."),
    });
    let group_roles: Vec<&str> = GroupRole::ALL.iter().map(|role| role.name()).collect();
    let org_roles: Vec<&str> = OrgRole::ALL.iter().map(|role| role.name()).collect();
    let place = |place: &str, role: &str| {
        answer(&[], json!({ place: reference("Id"), "roleName": reference(role) }))
    };
    vec![
        ("Empty", json!({ "type": "object", "maxProperties": 0 })),
        ("Id", text("24 hexadecimal digits.", "^[0-9a-f]{24}$")),
        ("ApiError", answer(&["badRequestDetail"], error)),
        ("Link", answer(&[], json!({ "href": plain, "rel": plain }))),
        ("GroupRole", one_of("A role in a project.", &group_roles)),
        ("OrgRole", one_of("A role in an organization.", &org_roles)),
        (
            "RoleAssignment",
            json!({ "anyOf": [place("groupId", "GroupRole"), place("orgId", "OrgRole")] }),
        ),
    ]
}
