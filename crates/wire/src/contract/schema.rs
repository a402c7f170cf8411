//! Walks a schema of the document beside an answer.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

pub(super) struct Document(Value);

/// What a schema says of an object, with what it is made of merged in.
#[derive(Default)]
struct Shape<'d> {
    properties: BTreeMap<&'d str, &'d Value>,
    required: BTreeSet<&'d str>,
}

impl Document {
    pub(super) fn open() -> Option<Self> {
        let path = std::env::var_os("PEERAGE_CONTRACT")?;
        let text = std::fs::read(&path).unwrap();
        Some(Self(serde_json::from_slice(&text).unwrap()))
    }

    pub(super) fn schema(&self, name: &str) -> &Value {
        let schema = &self.0["components"]["schemas"][name];
        assert!(schema.is_object(), "the document has no schema {name}");
        schema
    }

    /// Checks all `samples` of a schema: each by itself, and that each property is in one of them.
    pub(super) fn check(&self, name: &str, samples: &[Value], faults: &mut Vec<String>) {
        let schema = self.schema(name);
        let mut answered = BTreeSet::new();
        for sample in samples {
            self.check_value(name, schema, sample, faults);
            answered.extend(sample.as_object().unwrap().keys().map(String::as_str));
        }
        for property in self.shape(schema).properties.keys() {
            if !answered.contains(property) {
                faults.push(never_answered(name, property));
            }
        }
    }

    fn check_value(&self, name: &str, schema: &Value, value: &Value, faults: &mut Vec<String>) {
        let (name, schema) = match schema["$ref"].as_str() {
            Some(link) => {
                let target = link.rsplit('/').next().unwrap_or_default();
                (target, self.schema(target))
            }
            None => (name, schema),
        };
        match value {
            Value::Null => {}
            Value::Object(object) if schema["additionalProperties"].is_object() => {
                for inner in object.values() {
                    self.check_value(name, &schema["additionalProperties"], inner, faults);
                }
            }
            Value::Object(object) => {
                let shape = self.shape(schema);
                for required in &shape.required {
                    if !object.contains_key(*required) {
                        faults.push(format!("{name}.{required} is required and missing"));
                    }
                }
                for (property, inner) in object {
                    match shape.properties.get(property.as_str()) {
                        Some(schema) => {
                            self.check_value(&format!("{name}.{property}"), schema, inner, faults);
                        }
                        None => faults.push(unknown(name, property)),
                    }
                }
            }
            Value::Array(elements) => {
                for element in elements {
                    self.check_value(name, &schema["items"], element, faults);
                }
            }
            Value::String(_) | Value::Number(_) | Value::Bool(_) => {
                if !allows(schema, value) {
                    faults.push(format!("{name} cannot be {value}"));
                }
            }
        }
    }

    fn shape<'d>(&'d self, schema: &'d Value) -> Shape<'d> {
        let mut shape = Shape::default();
        if let Some(link) = schema["$ref"].as_str() {
            let target = link.rsplit('/').next().unwrap_or_default();
            return self.shape(self.schema(target));
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            let Shape { properties, required } = self.shape(part);
            shape.properties.extend(properties);
            shape.required.extend(required);
        }
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            shape.properties.insert(name, property);
        }
        let required = schema["required"].as_array().into_iter().flatten();
        shape.required.extend(required.filter_map(Value::as_str));
        shape
    }
}

/// Whether the type and the enumeration of a schema allow a plain value.
fn allows(schema: &Value, value: &Value) -> bool {
    if let Some(choices) = schema["oneOf"].as_array() {
        return choices.iter().any(|choice| allows(choice, value));
    }
    let type_fits = match schema["type"].as_str() {
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("object" | "array") => false,
        _ => true,
    };
    let listed = schema["enum"].as_array().is_none_or(|list| list.contains(value));
    type_fits && listed
}

pub(super) fn unknown(schema: &str, property: &str) -> String {
    format!("{schema} has no property {property}")
}

pub(super) fn never_answered(schema: &str, property: &str) -> String {
    format!("{schema}.{property} is in no sample")
}

#[test]
fn each_difference_from_a_schema_is_found() {
    let document = Document(serde_json::json!({"components": {"schemas": {
        "Base": {"required": ["id"], "properties": {"id": {"type": "string"}}},
        "State": {"type": "string", "enum": ["ON"]},
        "Thing": {"allOf": [
            {"$ref": "#/components/schemas/Base"},
            {"properties": {
                "state": {"$ref": "#/components/schemas/State"},
                "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Base"}},
                "size": {"type": "integer"},
            }},
        ]},
    }}}));
    let mut faults = Vec::new();
    let sample = serde_json::json!({"state": "OFF", "parts": [{"id": 1, "x": 2}], "y": null});
    document.check("Thing", &[sample], &mut faults);
    faults.sort_unstable();
    let expected = [
        "Base has no property x",
        "Base.id cannot be 1",
        "State cannot be \"OFF\"",
        "Thing has no property y",
        "Thing.id is in no sample",
        "Thing.id is required and missing",
        "Thing.size is in no sample",
    ];
    assert_eq!(faults, expected);
}
