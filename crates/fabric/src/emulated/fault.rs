//! Faults that callers plant: throttling, refusals, lost answers, delays.

use std::time::Duration;

use peerage_core::cloud::CallError;
use peerage_core::provider::Provider;
use serde::{Deserialize, Serialize};

use super::answer::{give_up, in_doubt, retry, retry_after};
use super::object::FORMAT;

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
    /// Only calls about this project.
    #[serde(default)]
    pub group: Option<String>,
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
    /// Looking at it.
    ObserveNetwork,
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
    /// It happens, and what it begins takes so much longer.
    #[serde(rename_all = "camelCase")]
    Delay {
        /// Milliseconds.
        millis: u64,
    },
    /// The cloud takes the request for a connection and fails it afterwards, with these words.
    /// Counts only when a connection is made.
    Refuse {
        /// The provider's words.
        message: String,
    },
}

/// The call that a fault may strike.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) provider: Provider,
    pub(super) operation: Operation,
    pub(super) group: String,
    pub(super) peering: Option<String>,
    /// Whether it makes a connection.
    pub(super) makes: bool,
}

/// What a fault leaves to the call itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Planted {
    /// What it makes fails with these words.
    pub(super) refusal: Option<String>,
    /// What it begins takes so much longer.
    pub(super) delay: Duration,
}

/// What a planted fault does to the call at hand.
#[derive(Debug)]
pub(super) enum Struck {
    /// The call does not happen and answers this.
    Instead(CallError),
    /// The call happens and answers this.
    Afterwards(CallError),
    /// The call happens with this.
    With(Planted),
}

/// What a planted fault does to a call that another fabric performs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blow {
    /// The call does not happen and answers this.
    Instead(CallError),
    /// The call happens and answers this.
    Afterwards(CallError),
    /// The call happens after so long.
    With(Duration),
}

impl From<Struck> for Blow {
    fn from(struck: Struck) -> Self {
        match struck {
            Struck::Instead(error) => Self::Instead(error),
            Struck::Afterwards(error) => Self::Afterwards(error),
            Struck::With(Planted { refusal: Some(words), .. }) => {
                Self::Instead(give_up("Refused", words))
            }
            Struck::With(Planted { refusal: None, delay }) => Self::With(delay),
        }
    }
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
    /// It could not be kept.
    #[error("{0}")]
    NotKept(String),
}

/// The faults that wait.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Faults {
    v: u8,
    waiting: Vec<Fault>,
    last: u64,
}

impl Default for Faults {
    fn default() -> Self {
        Self { v: FORMAT, waiting: Vec::new(), last: 0 }
    }
}

impl Faults {
    pub(super) fn format(&self) -> u8 {
        self.v
    }

    pub(super) fn list(&self) -> Vec<Fault> {
        self.waiting.clone()
    }

    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// The number that a fault would get, if it may be planted; plants nothing.
    pub(super) fn next(&self, fault: &Fault) -> Result<u64, FaultError> {
        if self.waiting.len() >= FAULTS_MAX {
            return Err(FaultError::TooMany);
        }
        if let Some(name) = &fault.provider
            && Provider::parse(name).is_none()
        {
            return Err(FaultError::UnknownProvider(name.clone()));
        }
        Ok(self.last + 1)
    }

    pub(super) fn plant(&mut self, mut fault: Fault) -> Result<u64, FaultError> {
        self.last = self.next(&fault)?;
        fault.id = self.last;
        if fault.times != Some(0) {
            self.waiting.push(fault);
        }
        Ok(self.last)
    }

    /// Which fault strikes a call: the oldest that fits.
    pub(super) fn aimed(&self, target: &Target) -> Option<usize> {
        self.waiting.iter().position(|fault| fault.fits(target))
    }

    /// What that fault does; counts it down.
    pub(super) fn strike(&mut self, at: usize) -> Struck {
        let fault = &mut self.waiting[at];
        let effect = fault.effect.clone();
        fault.times = fault.times.map(|times| times.saturating_sub(1));
        if fault.times == Some(0) {
            self.waiting.remove(at);
        }
        effect.strike()
    }
}

impl Fault {
    fn fits(&self, target: &Target) -> bool {
        let provider =
            |name: &str| Provider::parse(name).is_some_and(|wanted| wanted == target.provider);
        self.provider.as_deref().is_none_or(provider)
            && self.operation.is_none_or(|wanted| wanted == target.operation)
            && self.group.as_deref().is_none_or(|wanted| wanted == target.group)
            && self
                .peering
                .as_deref()
                .is_none_or(|wanted| Some(wanted) == target.peering.as_deref())
            && (target.makes || !matches!(self.effect, Effect::Refuse { .. }))
    }
}

impl Effect {
    fn strike(self) -> Struck {
        let lost = || in_doubt("ConnectionLost", "The connection was lost.");
        match self {
            Self::Throttle { after_millis } => {
                let span = Duration::from_millis(after_millis);
                Struck::Instead(retry_after(
                    "RequestLimitExceeded",
                    "Request limit exceeded.",
                    span,
                ))
            }
            Self::Error { code, message, terminal: true } => {
                Struck::Instead(give_up(&code, message))
            }
            Self::Error { code, message, terminal: false } => {
                Struck::Instead(retry(&code, message))
            }
            Self::LoseAnswer => Struck::Afterwards(lost()),
            Self::LoseRequest => Struck::Instead(lost()),
            Self::Delay { millis } => {
                Struck::With(Planted { refusal: None, delay: Duration::from_millis(millis) })
            }
            Self::Refuse { message } => {
                Struck::With(Planted { refusal: Some(message), delay: Duration::ZERO })
            }
        }
    }
}
