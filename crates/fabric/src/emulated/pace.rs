//! How long each step of the emulated clouds takes.

use std::time::Duration;

use peerage_core::time::parse_span;
use serde::{Deserialize, Deserializer, de};

/// The waits of the emulated clouds. Each can be set by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Until the service's network can be peered from.
    pub network: Duration,
    /// How long an AWS request is `initiating-request`.
    pub aws_initiating: Duration,
    /// How long an accepted AWS connection is `provisioning`.
    pub aws_provisioning: Duration,
    /// How long both sides of an Azure peering take.
    pub azure_connecting: Duration,
    /// How long an operation on a GCP network's peerings takes.
    pub gcp_operation: Duration,
    /// How long a removal takes.
    pub removal: Duration,
    /// How long the customer takes to act, where it acts by itself.
    pub customer: Duration,
}

impl Pace {
    /// Nothing takes any time.
    #[must_use]
    pub const fn instant() -> Self {
        Self::every(Duration::ZERO)
    }

    /// Each step takes about 100 ms.
    #[must_use]
    pub const fn fast() -> Self {
        Self::every(Duration::from_millis(100))
    }

    /// The clouds' own times.
    #[must_use]
    pub const fn realistic() -> Self {
        Self {
            // No wait of its own: a peering is INITIATING for the cloud's 15 s, not longer.
            network: Duration::ZERO,
            aws_initiating: Duration::from_secs(15),
            aws_provisioning: Duration::from_secs(60),
            azure_connecting: Duration::from_secs(90),
            gcp_operation: Duration::from_secs(80),
            removal: Duration::from_secs(40),
            customer: Duration::from_secs(5),
        }
    }

    const fn every(step: Duration) -> Self {
        Self {
            network: step,
            aws_initiating: step,
            aws_provisioning: step,
            azure_connecting: step,
            gcp_operation: step,
            removal: step,
            customer: step,
        }
    }

    /// The pace of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "instant" => Some(Self::instant()),
            "fast" => Some(Self::fast()),
            "realistic" => Some(Self::realistic()),
            _ => None,
        }
    }
}

/// A pace in a configuration: a name, or a table of waits over the realistic ones.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Name(String),
    Waits(Waits),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Waits {
    base: Option<String>,
    network: Option<String>,
    aws_initiating: Option<String>,
    aws_provisioning: Option<String>,
    azure_connecting: Option<String>,
    gcp_operation: Option<String>,
    removal: Option<String>,
    customer: Option<String>,
}

impl<'de> Deserialize<'de> for Pace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let unknown = |name: &str| {
            de::Error::custom(format_args!("unknown pace `{name}`: instant, fast or realistic"))
        };
        let waits = match Written::deserialize(deserializer)? {
            Written::Name(name) => return Self::named(&name).ok_or_else(|| unknown(&name)),
            Written::Waits(waits) => waits,
        };
        let base = waits.base.as_deref().unwrap_or("realistic");
        let base = Self::named(base).ok_or_else(|| unknown(base))?;
        let pick = |text: Option<String>, default: Duration| match text {
            None => Ok(default),
            Some(text) => parse_span(&text).ok_or_else(|| {
                de::Error::custom(format_args!("`{text}` is no span of time, such as 90s"))
            }),
        };
        Ok(Self {
            network: pick(waits.network, base.network)?,
            aws_initiating: pick(waits.aws_initiating, base.aws_initiating)?,
            aws_provisioning: pick(waits.aws_provisioning, base.aws_provisioning)?,
            azure_connecting: pick(waits.azure_connecting, base.azure_connecting)?,
            gcp_operation: pick(waits.gcp_operation, base.gcp_operation)?,
            removal: pick(waits.removal, base.removal)?,
            customer: pick(waits.customer, base.customer)?,
        })
    }
}
