//! What a handler answers: a status and a JSON body, before envelope and indentation.

use ::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use bytes::Bytes;
use serde::Serialize;

use super::fault::Fault;

/// The answer of one operation.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// Compact JSON; empty for an answer without a body.
    pub body: Bytes,
    /// Whether the body is a list, which carries `status` beside `results` in an envelope.
    pub is_list: bool,
    /// `Location`, for what was made: path below the base URL.
    pub location: Option<String>,
    /// Headers that only this answer has.
    pub headers: HeaderMap,
}

impl Reply {
    /// 200 with an object.
    ///
    /// # Errors
    /// [`Fault::Internal`] when the value cannot be written as JSON.
    pub fn ok(body: &impl Serialize) -> Result<Self, Fault> {
        Self::with(StatusCode::OK, body)
    }

    /// A status with an object.
    ///
    /// # Errors
    /// [`Fault::Internal`] when the value cannot be written as JSON.
    pub fn with(status: StatusCode, body: &impl Serialize) -> Result<Self, Fault> {
        let body = serde_json::to_vec(body)
            .map_err(|_| Fault::Internal("an answer could not be written as JSON"))?;
        Ok(Self { status, body: body.into(), ..Self::empty(status) })
    }

    /// 200 with a page of a list.
    ///
    /// # Errors
    /// [`Fault::Internal`] when the value cannot be written as JSON.
    pub fn list(body: &impl Serialize) -> Result<Self, Fault> {
        Ok(Self { is_list: true, ..Self::with(StatusCode::OK, body)? })
    }

    /// 200 with JSON that was written before.
    #[must_use]
    pub fn written(body: Bytes, is_list: bool) -> Self {
        Self { body, is_list, ..Self::empty(StatusCode::OK) }
    }

    /// 204 without a body.
    #[must_use]
    pub fn no_content() -> Self {
        Self::empty(StatusCode::NO_CONTENT)
    }

    /// 202 with an empty object, as deletions that go on in the background are answered.
    #[must_use]
    pub fn accepted() -> Self {
        Self { body: Bytes::from_static(b"{}"), ..Self::empty(StatusCode::ACCEPTED) }
    }

    /// 201 with an object and where it is.
    ///
    /// # Errors
    /// [`Fault::Internal`] when the value cannot be written as JSON.
    pub fn created(body: &impl Serialize, location: String) -> Result<Self, Fault> {
        Ok(Self { location: Some(location), ..Self::with(StatusCode::CREATED, body)? })
    }

    /// The same with a header of its own.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    fn empty(status: StatusCode) -> Self {
        let headers = HeaderMap::new();
        Self { status, body: Bytes::new(), is_list: false, location: None, headers }
    }
}
