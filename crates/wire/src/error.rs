//! The body of every answer that is not a success. Which fault has which code is not known here.

use peerage_core::error::FieldFault;
use serde::Serialize;

/// Why a request was not done, for programs and for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiError {
    /// Every field at fault; absent when none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bad_request_detail: Option<BadRequestDetail>,
    /// What happened, in a sentence.
    pub detail: String,
    /// The HTTP status.
    pub error: u16,
    /// The name that programs compare.
    pub error_code: &'static str,
    /// The values that the sentence was made with.
    pub parameters: Vec<String>,
    /// The reason phrase of the HTTP status.
    pub reason: &'static str,
}

/// The fields of a request that are at fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BadRequestDetail {
    /// All of them, in the order in which they were read.
    pub fields: Vec<FieldViolation>,
}

/// One field that is at fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldViolation {
    /// What is wrong with it.
    pub description: String,
    /// Its path in the body.
    pub field: String,
}

impl BadRequestDetail {
    /// The detail that lists `faults`; none when there are none.
    #[must_use]
    pub fn of(faults: &[FieldFault]) -> Option<Self> {
        let violation = |fault: &FieldFault| {
            let FieldFault { field, kind: _, description } = fault;
            FieldViolation { description: description.clone(), field: field.clone() }
        };
        let fields: Vec<_> = faults.iter().map(violation).collect();
        (!fields.is_empty()).then_some(Self { fields })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CONTRACT §5 and the bodies that were recorded from the service.
    #[test]
    fn an_error_has_the_fields_of_the_contract() {
        let mut error = ApiError {
            bad_request_detail: None,
            detail: "No group with ID x exists.".into(),
            error: 404,
            error_code: "GROUP_NOT_FOUND",
            parameters: vec!["x".into()],
            reason: "Not Found",
        };
        assert_eq!(
            serde_json::to_string(&error).unwrap(),
            r#"{"detail":"No group with ID x exists.","error":404,"errorCode":"GROUP_NOT_FOUND","parameters":["x"],"reason":"Not Found"}"#
        );
        assert_eq!(BadRequestDetail::of(&[]), None);
        error.bad_request_detail = BadRequestDetail::of(&[FieldFault::missing("vpcId")]);
        assert!(serde_json::to_string(&error).unwrap().starts_with(
            r#"{"badRequestDetail":{"fields":[{"description":"The required attribute vpcId was not specified.","field":"vpcId"}]},"detail""#
        ));
    }
}
