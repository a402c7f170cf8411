//! The driver of GCP from its configuration.

use std::net::SocketAddr;

use peerage_clouds::gcp::SERVICE_PROJECT;
use peerage_core::region::GcpRegion;
use peerage_fabric::gcp::{CustomRoutes, Gcp, Identity, Options, regions};

use super::remote;
use crate::config::{self, Clouds};

/// The driver of the real cloud.
pub(super) async fn real(config: &Clouds, project: &config::Gcp) -> anyhow::Result<Gcp> {
    let mut options = Options::new(remote(config, None)?, &project.project);
    options.endpoint.clone_from(&project.endpoint);
    if let Some(path) = &project.credentials_file {
        options.identity = Identity::File(path.clone());
    }
    options.impersonate.clone_from(&project.impersonate);
    options.custom_routes =
        CustomRoutes { import: project.import_custom_routes, export: project.export_custom_routes };
    if !project.regions.is_empty() {
        let parsed: anyhow::Result<Vec<GcpRegion>> =
            project.regions.iter().map(|name| region(name)).collect();
        options.regions = parsed?;
    }
    Gcp::connect(options).await.map_err(anyhow::Error::msg)
}

/// The driver of the emulated one.
pub(super) async fn emulated(config: &Clouds, address: SocketAddr) -> anyhow::Result<Gcp> {
    let options = Options {
        endpoint: Some(format!("http://{address}")),
        identity: Identity::Anonymous,
        ..Options::new(remote(config, None)?, SERVICE_PROJECT)
    };
    Gcp::connect(options).await.map_err(anyhow::Error::msg)
}

/// A region by the cloud's name for it, or the contract's.
fn region(name: &str) -> anyhow::Result<GcpRegion> {
    GcpRegion::all()
        .find(|region| regions::cloud_name(*region) == Some(name) || region.name() == name)
        .ok_or_else(|| anyhow::anyhow!("`{name}` is no region of GCP, such as us-central1"))
}
