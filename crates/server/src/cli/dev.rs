//! `peerage dev`: everything in one process, nothing to configure.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use peerage_core::provider::Provider;
use peerage_fabric::emulated::{CustomerMode, Pace};
use peerage_store::Store;
use serde::Serialize;

use super::terminal::say;
use crate::app::install::{Installation, Installed};
use crate::config::{Config, Driver, Limits, Span};
use crate::emulation::Port;
use crate::ids::Randomness;
use crate::runtime::{KeySource, Running};

/// A free port of this machine.
const ANY_PORT: &str = "127.0.0.1:0";

/// Run everything in one process, with emulated clouds and nothing to configure.
#[derive(Debug, Args)]
#[command(after_help = "\
Without --data-dir the state lives in a temporary directory and goes with the process.
The customer's hand, the clock and faults: POST /api/peerage/v1/… (see /docs on the server).")]
pub(super) struct Dev {
    /// Where to listen; port 0 picks a free one.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Keep the state here, so that the next start goes on from it.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Write the address and the credentials here, as one JSON object, once the server answers.
    #[arg(long, value_name = "FILE")]
    credentials_file: Option<PathBuf>,
    /// Make the same ids and secrets in every run that starts empty. For tests only.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// How long the clouds take: nothing, about 100 ms a step, or their own minutes.
    #[arg(long, value_enum, default_value = "fast")]
    pace: PaceName,
    /// What the other party does with a request [default: accept; manual with --emulate-…, where
    /// your own tools play it].
    #[arg(long, value_enum)]
    customer: Option<CustomerName>,
    /// Serve the emulated AWS as EC2 and STS here (default: a free port), and drive it as the real
    /// one: boto3, the aws command and Terraform can then play the customer.
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = ANY_PORT)]
    emulate_aws: Option<SocketAddr>,
    /// Serve the emulated Azure as Resource Manager here, and drive it as the real one.
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = ANY_PORT)]
    emulate_azure: Option<SocketAddr>,
    /// Serve the emulated GCP as Compute Engine here, and drive it as the real one.
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = ANY_PORT)]
    emulate_gcp: Option<SocketAddr>,
    /// Take the rest of the configuration from here.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PaceName {
    Instant,
    Fast,
    Realistic,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum CustomerName {
    /// Agrees to everything.
    Accept,
    /// Does what /api/peerage/v1/…/customer:accept, :reject and :delete say, and nothing else.
    Manual,
    /// Says no to everything.
    Reject,
    /// Never answers: requests expire.
    Ignore,
}

/// The credentials file.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Credentials<'a> {
    base_url: &'a str,
    org_id: String,
    project_id: String,
    public_key: &'a str,
    private_key: &'a str,
    client_id: &'a str,
    client_secret: &'a str,
    /// The address of each emulated cloud that is on a port of its own.
    #[serde(flatten)]
    clouds: BTreeMap<&'static str, String>,
    /// The certificates that their clients have to trust.
    #[serde(skip_serializing_if = "Option::is_none")]
    ca_file: Option<&'a Path>,
}

/// The emulated clouds on ports of their own.
struct Ports<'a> {
    ports: &'a [Port],
    authority: Option<&'a Path>,
}

/// The address that the clients of a cloud take. Azure's refuse to send a token without TLS.
fn endpoint(port: &Port) -> String {
    match port.provider {
        Provider::Azure => format!("https://{}", port.address),
        Provider::Aws | Provider::Gcp => format!("http://{}", port.address),
    }
}

pub(super) fn run(command: Dev) -> anyhow::Result<()> {
    let mut config = command.configuration()?;
    crate::telemetry::start(&config.log)?;
    crate::open_files::fit(&mut config.limits);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(command.serve(config))
}

impl Dev {
    fn configuration(&self) -> anyhow::Result<Config> {
        let mut config = match &self.config {
            Some(path) => Config::read(path)?,
            None => {
                let mut config = Config { limits: Limits::generous(), ..Config::default() };
                config.log.filter = "warn".to_owned();
                config.log.json = false;
                config
            }
        };
        if let Some(listen) = self.listen {
            config.listen = listen;
        }
        let emulated = &mut config.clouds.emulated;
        emulated.control = true;
        emulated.pace = match self.pace {
            PaceName::Instant => Pace::instant(),
            PaceName::Fast => Pace::fast(),
            PaceName::Realistic => Pace::realistic(),
        };
        let ports = [self.emulate_aws, self.emulate_azure, self.emulate_gcp];
        let by_hand = ports.iter().any(Option::is_some);
        emulated.customer = match (self.customer, by_hand) {
            (Some(CustomerName::Accept), _) | (None, false) => CustomerMode::Accept,
            (Some(CustomerName::Manual), _) | (None, true) => CustomerMode::Manual,
            (Some(CustomerName::Reject), _) => CustomerMode::Reject,
            (Some(CustomerName::Ignore), _) => CustomerMode::Ignore,
        };
        if by_hand {
            // Who plays the customer wants to see at once what became of it.
            config.clouds.poll = Span::from_secs(1);
        }
        self.put_on_ports(&mut config);
        Ok(config)
    }

    fn put_on_ports(&self, config: &mut Config) {
        let clouds = &mut config.clouds;
        if let Some(address) = self.emulate_aws {
            clouds.aws = Driver::Spoken(address);
        }
        if let Some(address) = self.emulate_azure {
            clouds.azure = Driver::Spoken(address);
        }
        if let Some(address) = self.emulate_gcp {
            clouds.gcp = Driver::Spoken(address);
        }
    }

    async fn serve(self, config: Config) -> anyhow::Result<()> {
        let home = Home::open(self.data_dir.as_deref())?;
        let store = home.store()?;
        let randomness = match self.seed {
            // A later start over the same state must not make the same ids again.
            Some(seed) => Randomness::seeded(seed.wrapping_add(store.revision().await?.0)),
            None => Randomness::from_system()?,
        };
        let running =
            Running::start(&config, store, KeySource::File(&home.key_file()), randomness).await?;
        let installed = home.credentials(&running).await?;
        let authority = home.authority(&running)?;
        let scheme = if config.tls.is_some() { "https" } else { "http" };
        let base_url = format!("{scheme}://{}", running.address);
        if let Some(path) = &self.credentials_file {
            let ports = Ports { ports: &running.ports, authority: authority.as_deref() };
            write_private(path, &credentials(&base_url, &installed, &ports)?)?;
        }
        welcome(&base_url, &installed, self.data_dir.as_deref());
        welcome_clouds(&running.ports, authority.as_deref());
        crate::runtime::until_told_to_stop().await?;
        running.stop().await
    }
}

/// Where the state lives: a directory that stays, or one that goes with the process.
enum Home {
    Kept(PathBuf),
    Temporary(tempfile::TempDir),
}

impl Home {
    fn open(data_dir: Option<&Path>) -> anyhow::Result<Self> {
        match data_dir {
            Some(path) => {
                std::fs::create_dir_all(path)
                    .with_context(|| format!("the data directory {}", path.display()))?;
                Ok(Self::Kept(path.to_owned()))
            }
            None => Ok(Self::Temporary(tempfile::Builder::new().prefix("peerage-").tempdir()?)),
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Temporary(directory) => directory.path(),
        }
    }

    fn key_file(&self) -> PathBuf {
        self.path().join("master.key")
    }

    fn store(&self) -> anyhow::Result<Arc<dyn Store>> {
        let path = std::path::absolute(self.path().join("peerage.db"))?;
        Ok(peerage_store::open(&format!("sqlite://{}", path.display()))?)
    }

    /// Writes the authority that vouches for the emulated clouds where their clients find it.
    fn authority(&self, running: &Running) -> anyhow::Result<Option<PathBuf>> {
        let Some(pem) = &running.authority_pem else { return Ok(None) };
        let path = std::path::absolute(self.path().join("emulated-clouds-ca.pem"))?;
        write_private(&path, pem.as_bytes())?;
        Ok(Some(path))
    }

    /// The credentials of this installation: made at the first start and kept beside the state, so
    /// that the next start shows the same.
    async fn credentials(&self, running: &Running) -> anyhow::Result<Installed> {
        let kept = self.path().join("credentials.json");
        if let Ok(text) = std::fs::read(&kept) {
            return serde_json::from_slice(&text)
                .with_context(|| format!("{} is damaged", kept.display()));
        }
        let installation = Installation {
            org_name: "Development".to_owned(),
            project_name: "Project 0".to_owned(),
        };
        let installed = running.app.install(&installation).await?;
        write_private(&kept, &serde_json::to_vec(&installed)?)?;
        Ok(installed)
    }
}

fn credentials(
    base_url: &str,
    installed: &Installed,
    ports: &Ports<'_>,
) -> anyhow::Result<Vec<u8>> {
    let name = |provider| match provider {
        Provider::Aws => "awsEndpoint",
        Provider::Azure => "azureEndpoint",
        Provider::Gcp => "gcpEndpoint",
    };
    let credentials = Credentials {
        base_url,
        org_id: installed.org_id.clone(),
        project_id: installed.project_id.clone(),
        public_key: &installed.public_key,
        private_key: &installed.private_key,
        client_id: &installed.client_id,
        client_secret: &installed.client_secret,
        clouds: ports.ports.iter().map(|port| (name(port.provider), endpoint(port))).collect(),
        ca_file: ports.authority,
    };
    let mut text = serde_json::to_vec_pretty(&credentials)?;
    text.push(b'\n');
    Ok(text)
}

/// Writes a file that only its owner can read, whole or not at all.
fn write_private(path: &Path, text: &[u8]) -> anyhow::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(directory.unwrap_or(Path::new(".")))
        .with_context(|| format!("cannot write {}", path.display()))?;
    std::io::Write::write_all(&mut file, text)?;
    file.as_file().sync_all()?;
    file.persist(path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(())
}

fn welcome(base_url: &str, installed: &Installed, data_dir: Option<&Path>) {
    let Installed { org_id, project_id, public_key, private_key, client_id, client_secret } =
        installed;
    let kept = match data_dir {
        Some(path) => format!("kept in {}", path.display()),
        None => "gone when this process ends (keep it with --data-dir)".to_owned(),
    };
    say(format!(
        "Peerage serves the Atlas Administration API on {base_url}
  clouds        emulated
  state         {kept}
  organization  {org_id}
  project       {project_id}
  API key       {public_key} / {private_key}
  account       {client_id} / {client_secret}

A first look:
  curl --digest -u {public_key}:{private_key} \\
    -H 'Accept: application/vnd.atlas.2023-01-01+json' \\
    {base_url}/api/atlas/v2/groups/{project_id}/peers

Terraform, in the environment and the provider block:
  export MONGODB_ATLAS_PUBLIC_KEY={public_key} MONGODB_ATLAS_PRIVATE_KEY={private_key}
  provider \"mongodbatlas\" {{
    base_url = \"{base_url}\"
  }}
"
    ));
}

/// How the clients of the emulated clouds find them.
fn welcome_clouds(ports: &[Port], authority: Option<&Path>) {
    let Some(authority) = authority else { return };
    say("Emulated clouds, for your own tools as the customer:");
    for port in ports {
        let (endpoint, path) = (endpoint(port), authority.display());
        say(match port.provider {
            Provider::Aws => format!(
                "  AWS    AWS_ENDPOINT_URL={endpoint} AWS_ACCESS_KEY_ID=123456789012 \\
         AWS_SECRET_ACCESS_KEY=any AWS_REGION=us-east-1 aws ec2 describe-vpc-peering-connections"
            ),
            Provider::Azure => format!("  Azure  {endpoint} (REQUESTS_CA_BUNDLE={path})"),
            Provider::Gcp => format!("  GCP    {endpoint} (anonymous credentials)"),
        });
    }
}
