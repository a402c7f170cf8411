//! Faults that callers plant: throttling, refusals, lost answers.

use peerage_core::cloud::{CallError, Certainty, Remedy};
use peerage_core::provider::Provider;
use serde::{Deserialize, Serialize};

/// The most faults that wait at one time.
pub const FAULTS_MAX: usize = 1_000;

/// A fault that happens to calls that fit it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// Its number, given when it is planted.
    #[serde(default)]
    pub id: u64,
    /// Only calls to this provider: `AWS`, `AZURE` or `GCP`.
    #[serde(default)]
    pub provider: Option<String>,
    /// Only this operation.
    #[serde(default)]
    pub operation: Option<Operation>,
    /// Only calls about this peering.
    #[serde(default)]
    pub peering: Option<String>,
    /// What happens.
    pub effect: Effect,
    /// How many times; for ever without it.
    #[serde(default)]
    pub times: Option<u32>,
}

/// An operation of the fabric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Making the service's network.
    EnsureNetwork,
    /// Taking it away.
    RemoveNetwork,
    /// Making a connection.
    EnsureLink,
    /// Looking at it.
    ObserveLink,
    /// Taking it away.
    RemoveLink,
}

/// What a fault does.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Effect {
    /// The cloud asks to come back later.
    #[serde(rename_all = "camelCase")]
    Throttle {
        /// Milliseconds.
        after_millis: u64,
    },
    /// The cloud answers with an error.
    Error {
        /// The provider's code.
        code: String,
        /// The provider's words.
        message: String,
        /// Whether trying again is useless.
        #[serde(default)]
        terminal: bool,
    },
    /// It happens, and the answer is lost.
    LoseAnswer,
    /// It does not happen, and nobody says so.
    LoseRequest,
    /// The cloud takes the request and fails it afterwards, with these words.
    Refuse {
        /// The provider's words.
        message: String,
    },
}

/// What a planted fault does to the call at hand.
#[derive(Debug)]
pub(super) enum Struck {
    /// Nothing.
    No,
    /// The call does not happen and answers this.
    Instead(CallError),
    /// The call happens and answers this.
    Afterwards(CallError),
    /// What the call makes fails with these words.
    Refused(String),
}

/// Why a fault was not planted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// There are too many.
    #[error("at most {FAULTS_MAX} faults can wait at one time: clear them first")]
    TooMany,
    /// There is no such provider.
    #[error("there is no provider `{0}`: AWS, AZURE or GCP")]
    UnknownProvider(String),
}

/// The faults that wait.
#[derive(Debug, Default)]
pub(super) struct Faults {
    waiting: Vec<Fault>,
    last: u64,
}

impl Faults {
    pub(super) fn list(&self) -> Vec<Fault> {
        self.waiting.clone()
    }

    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }

    pub(super) fn plant(&mut self, mut fault: Fault) -> Result<u64, FaultError> {
        if self.waiting.len() >= FAULTS_MAX {
            return Err(FaultError::TooMany);
        }
        if let Some(name) = &fault.provider
            && Provider::parse(name).is_none()
        {
            return Err(FaultError::UnknownProvider(name.clone()));
        }
        self.last += 1;
        fault.id = self.last;
        self.waiting.push(fault);
        Ok(self.last)
    }

    /// What happens to a call; counts the fault down.
    pub(super) fn strike(
        &mut self,
        provider: Provider,
        operation: Operation,
        peering: Option<&str>,
    ) -> Struck {
        let fits = |fault: &Fault| {
            fault.provider.as_deref().is_none_or(|name| Provider::parse(name) == Some(provider))
                && fault.operation.is_none_or(|wanted| wanted == operation)
                && fault.peering.as_deref().is_none_or(|wanted| Some(wanted) == peering)
                && fault.times != Some(0)
        };
        let Some(at) = self.waiting.iter().position(fits) else { return Struck::No };
        let fault = &mut self.waiting[at];
        let effect = fault.effect.clone();
        fault.times = fault.times.map(|times| times.saturating_sub(1));
        if fault.times == Some(0) {
            self.waiting.remove(at);
        }
        struck(effect)
    }
}

fn struck(effect: Effect) -> Struck {
    let error = |certainty, remedy, code: &str, message: &str| CallError {
        certainty,
        remedy,
        code: code.to_owned(),
        message: message.to_owned(),
    };
    let later = |after_ms| Remedy::Retry { after_ms };
    match effect {
        Effect::Throttle { after_millis } => Struck::Instead(error(
            Certainty::Definite,
            later(Some(after_millis)),
            "RequestLimitExceeded",
            "Request limit exceeded.",
        )),
        Effect::Error { code, message, terminal } => {
            let remedy = if terminal { Remedy::GiveUp } else { later(None) };
            Struck::Instead(error(Certainty::Definite, remedy, &code, &message))
        }
        Effect::LoseAnswer => Struck::Afterwards(lost(&error)),
        Effect::LoseRequest => Struck::Instead(lost(&error)),
        Effect::Refuse { message } => Struck::Refused(message),
    }
}

fn lost(error: &impl Fn(Certainty, Remedy, &str, &str) -> CallError) -> CallError {
    let remedy = Remedy::Retry { after_ms: None };
    error(Certainty::Indefinite, remedy, "ConnectionLost", "The connection was lost.")
}
