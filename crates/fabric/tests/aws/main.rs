//! The driver of AWS against strangers: botocore's model of EC2 and STS, and moto with boto3 as the
//! customer. Their interpreter is named by `PEERAGE_CLOUDS_PYTHON`; without it nothing is tested,
//! and that is said loudly.

#![cfg(feature = "aws")]
#![expect(clippy::unwrap_used, reason = "the helpers of tests fail like tests")]

mod laws;
mod model;
mod moto;
mod python;
mod story;
