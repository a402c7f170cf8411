//! How Compute Engine says no: at once, as the answer of a request, or later, as the error of an
//! operation. Which of the two it is, is each rule's own; the reasons and codes are Google's.

use peerage_fabric::rules::gcp::BUSY;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The words about a route operation that runs. Source: the same refusal as
/// [`peerage_fabric::rules::gcp::BUSY`], seen in hashicorp/terraform-provider-google#3034.
pub(super) const ROUTE_BUSY: &str =
    "There is a route operation in progress on the local or peer network. Try again later.";

/// A request that is refused at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    /// `errors[].reason`.
    pub(super) reason: &'static str,
    pub(super) message: String,
    info: Option<Info>,
}

/// Why a request was one too many: the `reason` of a `google.rpc.ErrorInfo`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Info {
    Operations,
    Requests,
}

impl Refusal {
    pub(super) fn new(status: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { status, reason, message: message.into(), info: None }
    }

    /// Too many operations run. Source: "Error adding network peering: googleapi: Error 403: Rate
    /// Limit Exceeded" with these details, troubleshooting of
    /// terraform-google-modules/terraform-example-foundation.
    pub(super) fn too_many_operations() -> Self {
        let refusal = Self::new(403, "rateLimitExceeded", "Rate Limit Exceeded");
        Self { info: Some(Info::Operations), ..refusal }
    }

    /// Too many requests in a minute. Source: rate quotas of the Compute Engine API.
    pub(super) fn too_many_requests() -> Self {
        let words = "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute' of \
                     service 'compute.googleapis.com' for consumer 'project_number:222222222222'.";
        let refusal = Self::new(429, "rateLimitExceeded", words);
        Self { info: Some(Info::Requests), ..refusal }
    }

    /// `path`: `projects/p/global/networks/n`.
    pub(super) fn not_found(path: &str) -> Self {
        Self::new(404, "notFound", format!("The resource '{path}' was not found"))
    }

    pub(super) fn exists(path: &str) -> Self {
        Self::new(409, "alreadyExists", format!("The resource '{path}' already exists"))
    }

    /// Something else is being done with it.
    pub(super) fn not_ready(path: &str) -> Self {
        Self::new(400, "resourceNotReady", format!("The resource '{path}' is not ready"))
    }

    /// `path`: what uses it.
    pub(super) fn in_use(noun: &str, path: &str, by: &str) -> Self {
        let words = format!("The {noun} resource '{path}' is already being used by '{by}'");
        Self::new(400, "resourceInUseByAnotherResource", words)
    }

    pub(super) fn invalid(field: &str, value: &str, why: &str) -> Self {
        let value: String = value.chars().take(200).collect();
        let words = format!("Invalid value for field '{field}': '{value}'. {why}");
        Self::new(400, "invalid", words)
    }

    pub(super) fn required(field: &str) -> Self {
        Self::new(400, "required", format!("Required field '{field}' not specified"))
    }

    pub(super) fn forbidden(permission: &str, path: &str) -> Self {
        Self::new(403, "forbidden", format!("Required '{permission}' permission for '{path}'"))
    }

    pub(super) fn busy() -> Self {
        Self::new(400, "badRequest", BUSY)
    }

    pub(super) fn route_busy() -> Self {
        Self::new(400, "badRequest", ROUTE_BUSY)
    }

    /// The path leads nowhere, or not with this method.
    pub(super) fn no_such_url() -> Self {
        Self::new(404, "notFound", "The requested URL was not found on this server.")
    }

    /// The body of the answer.
    pub(super) fn body(&self) -> Value {
        let error = json!({
            "message": self.message, "domain": self.domain(), "reason": self.reason,
        });
        let mut body = json!({ "error": {
            "code": self.status, "message": self.message, "errors": [error],
            "status": self.canonical(),
        }});
        if let Some(info) = self.info {
            body["error"]["details"] = json!([info.body()]);
        }
        body
    }

    fn domain(&self) -> &'static str {
        match self.reason {
            "rateLimitExceeded" | "quotaExceeded" => "usageLimits",
            _ => "global",
        }
    }

    /// The name of the status as `google.rpc.Code` has it.
    fn canonical(&self) -> &'static str {
        match self.status {
            400 => "INVALID_ARGUMENT",
            401 => "UNAUTHENTICATED",
            403 => "PERMISSION_DENIED",
            404 => "NOT_FOUND",
            409 => "ALREADY_EXISTS",
            429 => "RESOURCE_EXHAUSTED",
            _ => "UNKNOWN",
        }
    }
}

impl Info {
    fn body(self) -> Value {
        match self {
            // The plural is Google's.
            Self::Operations => json!({
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "domain": "compute.googleapis.com",
                "metadatas": {
                    "containerId": "222222222222", "containerType": "PROJECT",
                    "location": "global",
                },
                "reason": "CONCURRENT_OPERATIONS_QUOTA_EXCEEDED",
            }),
            Self::Requests => json!({
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "domain": "googleapis.com",
                "metadata": {
                    "consumer": "projects/222222222222", "quota_limit": "QueriesPerMinute",
                    "service": "compute.googleapis.com",
                },
                "reason": "RATE_LIMIT_EXCEEDED",
            }),
        }
    }
}

/// How an operation failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Failure {
    /// `error.errors[].code`.
    pub(super) code: String,
    pub(super) message: String,
    /// `httpErrorStatusCode`.
    pub(super) status: u16,
}

impl Failure {
    /// What was asked for cannot be.
    pub(super) fn usage(message: String) -> Self {
        Self { code: "INVALID_USAGE".to_owned(), message, status: 400 }
    }

    pub(super) fn quota(message: String) -> Self {
        Self { code: "QUOTA_EXCEEDED".to_owned(), message, status: 403 }
    }

    pub(super) fn in_use(noun: &str, path: &str, by: &str) -> Self {
        let refusal = Refusal::in_use(noun, path, by);
        let code = "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE".to_owned();
        Self { code, message: refusal.message, status: 400 }
    }

    pub(super) fn not_found(path: &str) -> Self {
        let message = Refusal::not_found(path).message;
        Self { code: "RESOURCE_NOT_FOUND".to_owned(), message, status: 404 }
    }

    /// `httpErrorMessage`.
    pub(super) fn status_words(&self) -> &'static str {
        match self.status {
            403 => "FORBIDDEN",
            404 => "NOT FOUND",
            _ => "BAD REQUEST",
        }
    }
}
