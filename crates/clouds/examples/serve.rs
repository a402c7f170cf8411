//! Serves the emulated clouds on free ports of this machine, in real time and in memory: for
//! trying them with the clouds' own clients. Prints one line of JSON with the addresses.
#![expect(clippy::print_stdout, reason = "that is what it is for")]

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use peerage_clouds::serve::{Handler, serve};
use peerage_clouds::{CloudApi, Options, Request, Response, aws, azure, certificate, gcp};
use peerage_core::time::Timestamp;
use peerage_fabric::emulated::{CustomerMode, Pace};

struct InRealTime(Arc<dyn CloudApi>);

#[async_trait]
impl Handler for InRealTime {
    async fn handle(&self, request: Request) -> Response {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = Timestamp::from_millis(i64::try_from(now.as_millis()).unwrap_or(0));
        self.0.answer(&request, now)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = || Options { pace: Pace::fast(), customer: CustomerMode::Manual, seed: 1 };
    let certificate = certificate::Certificate::generate(&[])?;
    let authority = std::env::temp_dir().join("peerage-clouds-ca.pem");
    std::fs::write(&authority, &certificate.authority_pem)?;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let clouds: [(&str, Arc<dyn CloudApi>); 3] = [
        ("aws", Arc::new(aws::Ec2::new(options()))),
        ("azure", Arc::new(azure::Arm::new(options()))),
        ("gcp", Arc::new(gcp::Compute::new(options()))),
    ];
    let mut addresses = serde_json::json!({ "ca": authority });
    for (name, api) in clouds {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        addresses[name] = listener.local_addr()?.to_string().into();
        let tls = Some(certificate.server.clone());
        tokio::spawn(serve(listener, Arc::new(InRealTime(api)), tls, stopped.clone()));
    }
    println!("{addresses}");
    tokio::signal::ctrl_c().await?;
    stop.send_replace(true);
    Ok(())
}
