//! The served document beside the published one, when `PEERAGE_CONTRACT` names it: what an
//! operation takes and answers has no field that the published operation does not have.
//!
//! The published document is not part of the project: without it the test passes, with a note.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::World;

/// Fields that recorded answers have and the published document does not.
const RECORDED_ONLY: &[&str] = &["isAtlasHomePageAiAssistantEnabled", "systemManaged"];

type Fields<'d> = BTreeMap<&'d str, Vec<&'d Value>>;

struct Document(Value);

impl Document {
    fn operations(&self) -> BTreeMap<&str, &Value> {
        let paths = self.0["paths"].as_object().unwrap().values();
        let operations = paths.flat_map(|path| path.as_object().unwrap().values());
        let named = |it: &'_ Value| it["operationId"].as_str().is_some();
        operations
            .filter(|it| named(it))
            .map(|it| (it["operationId"].as_str().unwrap(), it))
            .collect()
    }

    fn resolve<'d>(&'d self, schema: &'d Value) -> &'d Value {
        match schema["$ref"].as_str() {
            Some(link) => self.resolve(self.0.pointer(link.strip_prefix('#').unwrap()).unwrap()),
            None => schema,
        }
    }

    /// The fields of a schema, of all its variants together; those of the elements of an array.
    fn fields<'d>(&'d self, schemas: &[&'d Value]) -> Fields<'d> {
        let mut fields = Fields::new();
        let mut waiting: Vec<&Value> = schemas.to_vec();
        // A base names its variants, and each of them its base.
        let mut seen: Vec<*const Value> = Vec::new();
        while let Some(schema) = waiting.pop().map(|schema| self.resolve(schema)) {
            if seen.contains(&std::ptr::from_ref(schema)) {
                continue;
            }
            seen.push(std::ptr::from_ref(schema));
            for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
                fields.entry(name).or_default().push(inner);
            }
            for key in ["allOf", "anyOf", "oneOf"] {
                waiting.extend(schema[key].as_array().into_iter().flatten());
            }
            let mapped = schema["discriminator"]["mapping"].as_object().into_iter().flatten();
            for (_, link) in mapped {
                let link = link.as_str().unwrap().strip_prefix('#').unwrap();
                waiting.push(self.0.pointer(link).unwrap());
            }
            if schema["items"].is_object() {
                waiting.push(&schema["items"]);
            }
        }
        fields
    }
}

/// The schemas of the bodies of a request or of a success.
fn bodies<'d>(document: &'d Document, message: &'d Value) -> Vec<&'d Value> {
    let content = document.resolve(message)["content"].as_object().into_iter().flatten();
    content.map(|(_, body)| &body["schema"]).filter(|schema| !schema.is_null()).collect()
}

fn answers<'d>(document: &'d Document, operation: &'d Value) -> Vec<&'d Value> {
    let responses = operation["responses"].as_object().unwrap().iter();
    let successes = responses.filter(|(status, _)| status.starts_with('2'));
    successes.flat_map(|(_, response)| bodies(document, response)).collect()
}

struct Comparison<'d> {
    ours: &'d Document,
    theirs: &'d Document,
    foreign: Vec<String>,
}

impl Comparison<'_> {
    fn compare(&mut self, place: &str, ours: &[&Value], theirs: &[&Value], depth: usize) {
        let published = self.theirs.fields(theirs);
        // Without properties it may have any.
        if published.is_empty() || depth == 0 {
            return;
        }
        for (name, inner) in self.ours.fields(ours) {
            let place = format!("{place}.{name}");
            match published.get(name) {
                Some(theirs) => self.compare(&place, &inner, theirs, depth - 1),
                None => self.foreign.push(place),
            }
        }
    }
}

/// An enveloped answer has its status beside its content: what is published is bare.
fn is_envelope(document: &Document, schema: &Value) -> bool {
    let fields = document.fields(&[schema]);
    fields.contains_key("status")
        && (fields.contains_key("content") || fields.contains_key("results"))
}

/// The variants of an answer that are not in an envelope.
fn bare<'d>(document: &'d Document, schemas: Vec<&'d Value>) -> Vec<&'d Value> {
    let variants = schemas.into_iter().flat_map(|schema| match schema["anyOf"].as_array() {
        Some(variants) => variants.iter().collect(),
        None => vec![schema],
    });
    variants.filter(|schema| !is_envelope(document, schema)).collect()
}

#[tokio::test]
async fn every_field_of_the_document_is_published() {
    let Some(path) = std::env::var_os("PEERAGE_CONTRACT") else {
        println!("skipped: PEERAGE_CONTRACT names no document");
        return;
    };
    let theirs = Document(serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap());
    let world = World::new().await;
    let ours = Document(world.anonymous().get("/openapi.json").await.ok(200));
    let published = theirs.operations();
    let mut comparison = Comparison { ours: &ours, theirs: &theirs, foreign: Vec::new() };
    for (id, operation) in ours.operations() {
        let Some(published) = published.get(id) else { continue };
        let request = bodies(&ours, &operation["requestBody"]);
        let wanted = bodies(&theirs, &published["requestBody"]);
        comparison.compare(&format!("{id} takes"), &request, &wanted, 4);
        let answer = bare(&ours, answers(&ours, operation));
        let wanted = answers(&theirs, published);
        comparison.compare(&format!("{id} answers"), &answer, &wanted, 4);
    }
    let is = |place: &str, name: &str| place.rsplit('.').next() == Some(name);
    for name in RECORDED_ONLY {
        let before = comparison.foreign.len();
        comparison.foreign.retain(|place| !is(place, name));
        assert!(comparison.foreign.len() < before, "an exception without need: {name}");
    }
    assert!(comparison.foreign.is_empty(), "{:#?}", comparison.foreign);
}
