//! The limits of a project.

use serde::Serialize;

use crate::fields::{Fields, ReadError};

/// A limit as it is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Limit {
    /// How much of it is used, where that is counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_usage: Option<i64>,
    /// What it is when nobody changed it.
    pub default_limit: i64,
    /// What it can be at most.
    pub maximum_limit: i64,
    /// Its name.
    pub name: String,
    /// What it is.
    pub value: i64,
}

/// A request to change a limit; its name is in the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitChange {
    /// What it is to be.
    pub value: i64,
}

impl LimitChange {
    /// Reads a request.
    ///
    /// # Errors
    /// What the body is not, or the field at fault.
    pub fn read(body: &[u8]) -> Result<Self, ReadError> {
        let mut fields = Fields::parse(body)?;
        let value = fields.required("value").integer(0..=i64::MAX);
        Ok(fields.finish_with(|| Some(Self { value: value? }))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::faults;

    #[test]
    fn a_change_is_one_number() {
        let body = br#"{"name":"ignored","value":250}"#;
        assert_eq!(LimitChange::read(body), Ok(LimitChange { value: 250 }));
        for body in ["{}", r#"{"value":-1}"#, r#"{"value":1.5}"#, r#"{"value":"1"}"#] {
            assert_eq!(faults(LimitChange::read(body.as_bytes())), ["value"]);
        }
    }

    #[test]
    fn an_answer_about_a_limit() {
        let limit = Limit {
            current_usage: Some(1),
            default_limit: 200,
            maximum_limit: 1000,
            name: "atlas.project.security.networkAccess.entries".into(),
            value: 300,
        };
        assert_eq!(
            serde_json::to_string(&limit).unwrap(),
            r#"{"currentUsage":1,"defaultLimit":200,"maximumLimit":1000,"name":"atlas.project.security.networkAccess.entries","value":300}"#
        );
    }
}
