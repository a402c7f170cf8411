//! Which clouds peerings are made in, and with which credentials: `[clouds]`.
//!
//! `aws = "emulated"` is the model inside this process; a table `[clouds.aws]` is the real cloud.
//! Secrets are never in the file: it names files and environment variables that hold them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use peerage_fabric::emulated::{CustomerMode, Pace};
use peerage_fabric::remote::DriftPolicy;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::Span;

/// Which driver makes the peerings of each provider.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Clouds {
    /// AWS.
    pub aws: Driver<Aws>,
    /// Azure.
    pub azure: Driver<Azure>,
    /// GCP.
    pub gcp: Driver<Gcp>,
    /// How the emulated clouds behave.
    pub emulated: Emulated,
    /// The name of this installation, in the tags of everything that it makes. Installations that
    /// share an account must differ.
    pub installation: String,
    /// How often everything is looked at in the real clouds: drift is found within this time.
    pub poll: Span,
    /// How often orphans are looked for in the real clouds: what carries our tag and belongs to
    /// nothing.
    pub orphans: Span,
    /// What is done about drift.
    pub drift: DriftPolicy,
    /// Requests a second to one account and region, subscription or project at most.
    pub requests_per_second: u32,
    /// How long one request to a cloud may take.
    pub timeout: Span,
}

/// What makes the peerings of one provider.
#[derive(Clone, Debug, Default)]
pub enum Driver<T> {
    /// The reference model inside this process.
    #[default]
    Emulated,
    /// A cloud that is emulated on a port of this process, and driven like the real one.
    Spoken(SocketAddr),
    /// The real cloud.
    Real(T),
}

/// An account of AWS.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Aws {
    /// The role to assume; without it the credentials of the environment are used as they are.
    pub role_arn: Option<String>,
    /// Roles for single regions of the cloud, such as `us-east-1`.
    pub region_roles: BTreeMap<String, String>,
    /// Roles for single projects, by their ids. Each is assumed with the external id of its project
    /// and no other.
    pub project_roles: BTreeMap<String, String>,
    /// The regions that are searched for orphans, and for this installation's networks; all of the
    /// account's when empty.
    pub regions: Vec<String>,
    /// Subnets in each network: 1 to 8.
    pub subnets: Option<u8>,
    /// Whether our side resolves names of the customer's side through the peering.
    pub dns: Option<bool>,
    /// Another address than the cloud's own: `http://127.0.0.1:4566`.
    pub endpoint: Option<String>,
    /// Certificates in PEM to trust beside the system's own.
    pub ca_file: Option<PathBuf>,
}

/// A subscription of Azure.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Azure {
    /// The directory of our application.
    pub tenant_id: String,
    /// Our application.
    pub client_id: String,
    /// Where our networks are.
    pub subscription_id: String,
    /// The resource group of our networks; made when it is absent.
    pub resource_group: Option<String>,
    /// Where networks of a region lie, by the contract's name of it (`US_EAST_2 = "eastus2"`), for
    /// those that lie elsewhere than Azure's public cloud has them.
    #[serde(default)]
    pub locations: BTreeMap<String, String>,
    /// Whether our networks take traffic that only passes through the customer's, from an appliance
    /// or a gateway.
    #[serde(default)]
    pub forwarded_traffic: bool,
    /// A file with the application's secret.
    pub client_secret_file: Option<PathBuf>,
    /// A file with the application's certificate and private key, in PEM.
    pub certificate_file: Option<PathBuf>,
    /// A file with the token of a workload identity. Without any of the three, the file that
    /// `AZURE_FEDERATED_TOKEN_FILE` names, or the secret in `AZURE_CLIENT_SECRET`.
    pub federated_token_file: Option<PathBuf>,
    /// Another address than `https://management.azure.com`.
    pub endpoint: Option<String>,
    /// Another address than `https://login.microsoftonline.com`.
    pub authority: Option<String>,
    /// Whom tokens are for, where that is not the endpoint's own address.
    pub audience: Option<String>,
    /// Certificates in PEM to trust beside the system's own.
    pub ca_file: Option<PathBuf>,
}

/// A project of GCP.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gcp {
    /// Where our networks are.
    pub project: String,
    /// A file with credentials; without it those of the environment.
    pub credentials_file: Option<PathBuf>,
    /// The service account to act as, with those credentials: its address.
    pub impersonate: Option<String>,
    /// The regions of the cloud that get a subnet when a container names none.
    #[serde(default)]
    pub regions: Vec<String>,
    /// Whether we take the customer's custom routes.
    #[serde(default)]
    pub import_custom_routes: bool,
    /// Whether the customer gets our custom routes.
    #[serde(default)]
    pub export_custom_routes: bool,
    /// Another address than the cloud's own.
    pub endpoint: Option<String>,
}

/// How the emulated clouds behave.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Emulated {
    /// How long each step takes.
    pub pace: Pace,
    /// What the customer does with a request.
    pub customer: CustomerMode,
    /// Whether callers may play the customer, move the clock and inject faults.
    pub control: bool,
}

impl Clouds {
    /// Whether no provider is a real cloud.
    #[must_use]
    pub fn is_emulated(&self) -> bool {
        !self.aws.is_real() && !self.azure.is_real() && !self.gcp.is_real()
    }

    /// Whether every provider is the model inside this process.
    #[must_use]
    pub fn is_in_process(&self) -> bool {
        matches!(
            (&self.aws, &self.azure, &self.gcp),
            (Driver::Emulated, Driver::Emulated, Driver::Emulated)
        )
    }
}

impl<T> Driver<T> {
    fn is_real(&self) -> bool {
        matches!(self, Self::Real(_))
    }
}

impl Default for Clouds {
    fn default() -> Self {
        Self {
            aws: Driver::Emulated,
            azure: Driver::Emulated,
            gcp: Driver::Emulated,
            emulated: Emulated::default(),
            installation: "peerage".to_owned(),
            poll: Span::from_secs(60),
            orphans: Span::from_secs(3_600),
            drift: DriftPolicy::Repair,
            requests_per_second: 20,
            timeout: Span::from_secs(20),
        }
    }
}

impl Default for Emulated {
    fn default() -> Self {
        Self { pace: Pace::realistic(), customer: CustomerMode::Accept, control: false }
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Driver<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DriverVisitor(std::marker::PhantomData))
    }
}

struct DriverVisitor<T>(std::marker::PhantomData<T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for DriverVisitor<T> {
    type Value = Driver<T>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("\"emulated\", or a table for the real cloud")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        match text {
            "emulated" => Ok(Driver::Emulated),
            _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Driver::Real)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_model_and_a_table_the_cloud() {
        let clouds: Clouds = toml::from_str(
            "azure = \"emulated\"\n[aws]\nrole_arn = \"arn:aws:iam::111122223333:role/peerage\"\n\
             [gcp]\nproject = \"our-networks\"",
        )
        .unwrap();
        assert!(matches!(clouds.azure, Driver::Emulated));
        assert!(matches!(&clouds.gcp, Driver::Real(gcp) if gcp.project == "our-networks"));
        assert!(matches!(&clouds.aws, Driver::Real(aws) if aws.role_arn.is_some()));
        assert!(!clouds.is_emulated());
    }

    #[test]
    fn what_is_neither_is_refused_with_what_it_could_be() {
        let error = toml::from_str::<Clouds>("aws = \"moto\"").unwrap_err().to_string();
        assert!(error.contains("\"emulated\", or a table"), "{error}");
        let error = toml::from_str::<Clouds>("[aws]\nroll_arn = \"x\"").unwrap_err().to_string();
        assert!(error.contains("roll_arn"), "{error}");
    }
}
