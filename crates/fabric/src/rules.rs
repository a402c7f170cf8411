//! The facts of each cloud that more than one room needs: spans, quotas, words of errors. One home
//! for each; the in-process models and the emulators that speak the clouds' protocols read them
//! here.

pub mod aws;
pub mod azure;
pub mod gcp;
