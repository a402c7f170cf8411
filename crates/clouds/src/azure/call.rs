//! A request taken apart: its path, its query, its body, and the world and options that it is
//! answered in. Must not know what any path means.

use std::collections::BTreeMap;

use http::Method;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::bearer::Caller;
use super::faults::Faults;
use super::place::segments;
use super::refusal::{self, Refusal};
use super::world::World;
use crate::{Options, Request};

/// A request under work.
pub(super) struct Call<'a> {
    pub(super) request: &'a Request,
    pub(super) path: Vec<String>,
    /// By name in lower case.
    query: BTreeMap<String, String>,
    pub(super) caller: Caller,
    pub(super) world: &'a mut World,
    pub(super) faults: &'a mut Faults,
    pub(super) options: &'a Options,
}

impl<'a> Call<'a> {
    pub(super) fn new(
        request: &'a Request,
        world: &'a mut World,
        faults: &'a mut Faults,
        options: &'a Options,
    ) -> Self {
        let path = segments(request.uri().path()).iter().map(|part| decoded(part)).collect();
        let query = fields(request.uri().query().unwrap_or_default());
        let query = query.into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect();
        Self { request, path, query, caller: Caller::Administrator, world, faults, options }
    }

    pub(super) fn method(&self) -> &Method {
        self.request.method()
    }

    /// The value of a parameter of the query, its name in lower case.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.request.headers().get(name)?.to_str().ok()
    }

    /// The address that the client used, without a slash at its end. Whoever serves does not say
    /// whether it was over TLS: it was, unless a proxy says otherwise.
    pub(super) fn origin(&self) -> String {
        let scheme = self.header("x-forwarded-proto").filter(|proto| *proto == "http");
        let host =
            self.header("host").or_else(|| self.request.uri().authority().map(|a| a.as_str()));
        format!("{}://{}", scheme.unwrap_or("https"), host.unwrap_or("localhost"))
    }

    pub(super) fn api_version(&self) -> &str {
        self.parameter("api-version").unwrap_or_default()
    }

    /// The body as JSON.
    pub(super) fn body(&self) -> Result<Value, Refusal> {
        serde_json::from_slice(self.request.body())
            .map_err(|error| refusal::bad_content(&error.to_string()))
    }

    /// Whether the conditions of the request hold for what has that ETag, or for nothing.
    pub(super) fn check_conditions(&self, etag: Option<&str>, path: &str) -> Result<(), Refusal> {
        let holds = |name: &str| {
            let listed = self.header(name)?;
            let is = |one: &str| one == "*" || Some(one) == etag;
            Some(etag.is_some() && listed.split(',').any(|one| is(one.trim())))
        };
        let fails = holds("if-match") == Some(false) || holds("if-none-match") == Some(true);
        if fails && *self.method() != Method::GET {
            return Err(refusal::condition(path));
        }
        Ok(())
    }
}

/// Reads a part of a body; what is absent or `null` is as preset.
pub(super) fn part<T: DeserializeOwned + Default>(
    body: &Value,
    pointer: &str,
) -> Result<T, Refusal> {
    match body.pointer(pointer) {
        None | Some(Value::Null) => Ok(T::default()),
        Some(value) => serde_json::from_value(value.clone())
            .map_err(|error| refusal::bad_content(&format!("{pointer}: {error}"))),
    }
}

/// The fields of a query or form, in their order.
pub(super) fn fields(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.map(|(name, value)| (plus_decoded(name), plus_decoded(value))).collect()
}

fn plus_decoded(text: &str) -> String {
    decoded(&text.replace('+', " "))
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read() {
        let read = fields("a=1&b=x%20y+z&c&=&d=%");
        let expected = [("a", "1"), ("b", "x y z"), ("c", ""), ("", ""), ("d", "%")];
        assert_eq!(read, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
