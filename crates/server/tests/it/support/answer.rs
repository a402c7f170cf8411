//! What a client got, with what tests ask about it.

use ::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use serde_json::Value;

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => panic!("{error}: {:?}", self.text()),
        }
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header; empty when it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Asserts a refusal in the error body of the contract, and gives that body back.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) -> Value {
        let body = self.json();
        assert_eq!((self.status.as_u16(), body["errorCode"].as_str()), (status, Some(code)));
        assert_eq!(self.header("content-type"), "application/json");
        assert_eq!(body["error"], status);
        assert_eq!(body["reason"], self.status.canonical_reason().unwrap());
        assert!(body["parameters"].is_array() && body["detail"].is_string(), "{body}");
        body
    }

    /// Asserts a success, and gives the body back.
    #[track_caller]
    pub(crate) fn ok(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        if self.body.is_empty() { Value::Null } else { self.json() }
    }
}
