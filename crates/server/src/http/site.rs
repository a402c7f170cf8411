//! One path of the contract and the operations on it.
//!
//! A verb such as `:migrate` stands in the same segment as a parameter, which no router takes
//! apart: the whole segment is routed, and the verb is split off here, and only when the path has
//! it. Values with colons in them, such as IPv6 addresses, stay whole.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ::http::Method;
use percent_encoding::percent_decode_str;

use super::fault::Fault;
use super::operation::Operation;

/// The parameters of a path, decoded, by name.
pub(super) type Parameters = Vec<(&'static str, String)>;

/// A path and the operations on it.
#[derive(Clone)]
pub(super) struct Site {
    /// The path without a verb, as the router takes it.
    path: &'static str,
    /// The names of its parameters, in order.
    names: Vec<&'static str>,
    /// The operations, by verb; the empty verb is none.
    verbs: BTreeMap<&'static str, Vec<Operation>>,
}

/// What is at a path.
pub(super) struct Found<'a> {
    operations: &'a [Operation],
    /// The parameters, or which one cannot be read.
    pub(super) parameters: Result<Parameters, Fault>,
}

/// Splits the verb off the pattern of a path.
fn split(pattern: &'static str) -> (&'static str, &'static str) {
    match pattern.rsplit_once("}:") {
        Some((path, verb)) if !verb.contains('/') => (&pattern[..=path.len()], verb),
        _ => (pattern, ""),
    }
}

impl Site {
    /// Puts operations together by their paths.
    ///
    /// # Panics
    /// When two operations serve the same method and path, or name one parameter in two ways: it is
    /// not known then which one a request is for.
    pub(super) fn all(operations: Vec<Operation>) -> Vec<Self> {
        let mut sites: BTreeMap<&'static str, Self> = BTreeMap::new();
        let mut names: BTreeMap<String, (&'static str, &'static str)> = BTreeMap::new();
        for operation in operations {
            let (path, verb) = split(operation.path);
            check_names(path, operation.id, &mut names);
            let path = if path.len() > 1 { path.trim_end_matches('/') } else { path };
            let site = sites.entry(path).or_insert_with(|| Self::new(path));
            let there = site.verbs.entry(verb).or_default();
            if let Some(other) = there.iter().find(|other| other.method == operation.method) {
                panic!(
                    "the operations {} and {} both serve {} {}",
                    other.id, operation.id, operation.method, operation.path
                );
            }
            there.push(operation);
        }
        sites.into_values().collect()
    }

    fn new(path: &'static str) -> Self {
        let name = |part: &'static str| part.strip_prefix('{')?.strip_suffix('}');
        let names = path.split('/').filter_map(name).collect();
        Self { path, names, verbs: BTreeMap::new() }
    }

    /// The path as the router takes it.
    pub(super) fn path(&self) -> &'static str {
        self.path
    }

    /// What is at `path`, which the router matched, and in which it found the values of the
    /// parameters; nothing when only its verbs are served.
    pub(super) fn find<'a>(
        &self,
        path: &str,
        values: impl Iterator<Item = &'a str>,
    ) -> Option<Found<'_>> {
        let (verb, operations) = match self.verb(path) {
            Some(found) => found,
            None => self.verbs.get_key_value("")?,
        };
        Some(Found { operations, parameters: self.parameters(values, verb) })
    }

    /// The verb at the end of a path, and its operations, where verbs are served.
    fn verb(&self, path: &str) -> Option<(&&'static str, &Vec<Operation>)> {
        self.verbs.keys().find(|verb| !verb.is_empty())?;
        let last = path.rsplit('/').next().unwrap_or_default();
        let last = percent_decode_str(last).decode_utf8_lossy();
        self.verbs.get_key_value(last.rsplit_once(':')?.1)
    }

    fn parameters<'a>(
        &self,
        values: impl Iterator<Item = &'a str>,
        verb: &str,
    ) -> Result<Parameters, Fault> {
        let mut parameters = Parameters::with_capacity(self.names.len());
        for (&name, value) in self.names.iter().zip(values) {
            match decoded(value) {
                Some(decoded) => parameters.push((name, decoded)),
                None => return Err(Fault::PathParameter { name, value: value.to_owned() }),
            }
        }
        if let (false, Some((_, value))) = (verb.is_empty(), parameters.last_mut()) {
            value.truncate(value.len().saturating_sub(verb.len() + 1));
        }
        Ok(parameters)
    }
}

/// A part of a path as text, when it is text.
fn decoded(part: &str) -> Option<String> {
    if !part.as_bytes().contains(&b'%') {
        return Some(part.to_owned());
    }
    percent_decode_str(part).decode_utf8().ok().map(Cow::into_owned)
}

impl<'a> Found<'a> {
    /// The operation for a method.
    pub(super) fn operation(&self, method: &Method) -> Option<&'a Operation> {
        self.operations.iter().find(|operation| operation.method == method)
    }

    /// The methods that are served, with those that every path has.
    pub(super) fn allowed(&self) -> Vec<Method> {
        let mut allowed: Vec<Method> =
            self.operations.iter().map(|operation| operation.method.clone()).collect();
        if allowed.contains(&Method::GET) {
            allowed.push(Method::HEAD);
        }
        allowed.push(Method::OPTIONS);
        allowed.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        allowed
    }
}

/// Refuses two names for one place of a path.
fn check_names(
    path: &'static str,
    id: &'static str,
    names: &mut BTreeMap<String, (&'static str, &'static str)>,
) {
    let mut place = String::new();
    for part in path.split('/').skip(1) {
        place.push('/');
        if !part.starts_with('{') {
            place.push_str(part);
            continue;
        }
        let (known, other) = *names.entry(place.clone()).or_insert((part, id));
        assert!(
            known == part,
            "the operations {other} and {id} overlap: {known} and {part} in {path}"
        );
        place.push_str("{}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::operation::{Access, Bucket, Media};

    fn operation(id: &'static str, method: Method, path: &'static str) -> Operation {
        Operation {
            id,
            method,
            path,
            media: Media::Plain,
            access: Access::Anyone,
            bucket: Bucket::Other,
            handler: |_, _| Box::pin(async { Err(Fault::UnknownPath) }),
        }
    }

    fn find<'a>(site: &'a Site, path: &str) -> Option<Found<'a>> {
        let mut router = matchit::Router::new();
        router.insert(site.path(), ()).unwrap();
        let at = router.at(path).unwrap();
        site.find(path, at.params.iter().map(|(_, value)| value))
    }

    fn check(site: &Site, path: &str, expected: Option<(&str, &[(&str, &str)])>) {
        let found = find(site, path).and_then(|found| {
            let id = found.operation(&Method::GET)?.id;
            Some((id, found.parameters.unwrap()))
        });
        let expected = expected.map(|(id, parameters)| {
            let owned = parameters.iter().map(|(name, value)| (*name, (*value).to_owned()));
            (id, owned.collect::<Vec<_>>())
        });
        assert_eq!(found, expected, "{path}");
    }

    #[test]
    fn a_verb_is_split_off_only_where_it_is_served() {
        let sites = Site::all(vec![
            operation("one", Method::GET, "/g/{id}"),
            operation("move", Method::GET, "/g/{id}:move"),
            operation("invite", Method::GET, "/a/{id}:invite"),
            operation("act", Method::GET, "/g/{id}/customer:act"),
        ]);
        let at = |path| sites.iter().find(|site| site.path() == path).unwrap();
        check(at("/g/{id}"), "/g/x", Some(("one", &[("id", "x")])));
        check(at("/g/{id}"), "/g/x:move", Some(("move", &[("id", "x")])));
        check(at("/g/{id}"), "/g/x%3Amove", Some(("move", &[("id", "x")])));
        check(at("/g/{id}"), "/g/2001:db8::1", Some(("one", &[("id", "2001:db8::1")])));
        check(at("/a/{id}"), "/a/x:invite", Some(("invite", &[("id", "x")])));
        check(at("/a/{id}"), "/a/x", None);
        check(at("/g/{id}/customer:act"), "/g/a%20b/customer:act", Some(("act", &[("id", "a b")])));
    }

    #[test]
    fn a_parameter_that_is_no_text_is_named() {
        let sites = Site::all(vec![operation("one", Method::GET, "/g/{id}/x")]);
        let found = find(&sites[0], "/g/%ff/x").unwrap();
        assert!(matches!(found.parameters, Err(Fault::PathParameter { name: "id", .. })));
        assert_eq!(found.allowed(), [Method::GET, Method::HEAD, Method::OPTIONS]);
    }

    #[test]
    #[should_panic(expected = "the operations one and two both serve GET /g/{id}")]
    fn two_operations_on_one_method_and_path_do_not_start() {
        let get = |id, path| operation(id, Method::GET, path);
        Site::all(vec![get("one", "/g/{id}"), get("two", "/g/{id}")]);
    }

    #[test]
    #[should_panic(expected = "the operations one and two overlap")]
    fn two_names_for_one_parameter_do_not_start() {
        let get = |id, path| operation(id, Method::GET, path);
        Site::all(vec![get("one", "/g/{id}/x"), get("two", "/g/{name}/y")]);
    }
}
