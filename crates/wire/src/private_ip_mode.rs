//! Whether a project can be reached through its peerings only.

use serde::Serialize;

use crate::fields::{Fields, ReadError};

/// The mode, in requests and in answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PrivateIpMode {
    /// Whether it is on.
    pub enabled: bool,
}

impl PrivateIpMode {
    /// Reads a request.
    ///
    /// # Errors
    /// What the body is not, or the field at fault.
    pub fn read(body: &[u8]) -> Result<Self, ReadError> {
        let mut fields = Fields::parse(body)?;
        let enabled = fields.required("enabled").boolean();
        Ok(fields.finish_with(|| Some(Self { enabled: enabled? }))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mode_is_one_boolean() {
        let mode = PrivateIpMode::read(br#"{"enabled":false}"#).unwrap();
        assert_eq!(serde_json::to_string(&mode).unwrap(), r#"{"enabled":false}"#);
        for body in ["{}", r#"{"enabled":null}"#, r#"{"enabled":"no"}"#] {
            assert!(PrivateIpMode::read(body.as_bytes()).is_err(), "{body}");
        }
    }
}
