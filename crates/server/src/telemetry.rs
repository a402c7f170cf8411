//! Logs and counts: where log lines go, and what `/metrics` shows.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use peerage_core::provider::Provider;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

use crate::config::Log;
use crate::driver::Gauges;

/// Starts to write log lines to the standard error.
///
/// # Errors
/// A filter that cannot be read, or logs that were started already.
pub fn start(log: &Log) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&log.filter)?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        // A line that cannot be written is lost: to tell of it would be one more, and would panic.
        .log_internal_errors(false);
    let started = if log.json {
        lines.json().flatten_event(true).with_current_span(false).try_init()
    } else {
        lines.compact().try_init()
    };
    started.map_err(|error| anyhow::anyhow!("logs cannot be started: {error}"))
}

/// Everything that is counted; clones count together.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Counts>);

/// When something began.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

#[derive(Debug)]
struct Counts {
    registry: Registry,
    requests: Family<Request, Counter<u64, AtomicU64>>,
    latency: Family<Operation, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
    connections: Gauge,
    writable: Gauge,
    orphans: Family<Cloud, Gauge>,
    driver: DriverGauges,
    gauges: watch::Receiver<Gauges>,
}

#[derive(Debug, Default)]
struct DriverGauges {
    in_flight: Gauge,
    queued: Gauge,
    started: Gauge,
    shards: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    method: &'static str,
    operation: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Operation {
    operation: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Cloud {
    provider: &'static str,
}

impl Metrics {
    /// Counts from zero, beside what the driver shows of itself.
    #[must_use]
    pub fn new(gauges: watch::Receiver<Gauges>) -> Self {
        let latency: Family<Operation, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.000_25, 4.0, 10)));
        let mut counts = Counts {
            registry: Registry::with_prefix("peerage"),
            requests: Family::default(),
            latency,
            in_flight: Gauge::default(),
            connections: Gauge::default(),
            writable: Gauge::default(),
            orphans: Family::default(),
            driver: DriverGauges::default(),
            gauges,
        };
        counts.register();
        Self(Arc::new(counts))
    }

    /// A request came in.
    #[must_use]
    pub fn request_started(&self) -> Stopwatch {
        self.0.in_flight.inc();
        Stopwatch(Instant::now())
    }

    /// A request was answered; status 0 when its client went away. Says how long it took.
    pub fn request_ended(
        &self,
        started: Stopwatch,
        method: &'static str,
        operation: &'static str,
        status: u16,
    ) -> Duration {
        let latency = started.0.elapsed();
        self.0.in_flight.dec();
        self.0.requests.get_or_create(&Request { method, operation, status }).inc();
        self.0.latency.get_or_create(&Operation { operation }).observe(latency.as_secs_f64());
        latency
    }

    /// A connection was opened.
    pub fn connection_opened(&self) {
        self.0.connections.inc();
    }

    /// A connection was closed.
    pub fn connection_closed(&self) {
        self.0.connections.dec();
    }

    /// Whether the store takes changes at present.
    pub fn store_takes_changes(&self, takes: bool) {
        self.0.writable.set(i64::from(takes));
    }

    /// So many objects in a cloud carry our tag and belong to nothing in the store.
    pub fn orphans_found(&self, provider: Provider, count: usize) {
        let cloud = Cloud { provider: provider.name() };
        self.0.orphans.get_or_create(&cloud).set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// Whether the driver has looked once at everything that is not settled.
    #[must_use]
    pub fn is_driver_started(&self) -> bool {
        self.0.gauges.borrow().started
    }

    /// Everything, in the text format of Prometheus.
    ///
    /// # Errors
    /// A value that cannot be written.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let Gauges { in_flight, queued, started, shards } = *self.0.gauges.borrow();
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.0.driver.in_flight.set(number(in_flight));
        self.0.driver.queued.set(number(queued));
        self.0.driver.started.set(i64::from(started));
        self.0.driver.shards.set(i64::from(shards));
        let mut text = String::new();
        encode(&mut text, &self.0.registry)?;
        Ok(text)
    }
}

impl Counts {
    fn register(&mut self) {
        self.registry.register(
            "orphans",
            "Objects in a cloud that carry our tag and belong to nothing here, when last looked for",
            self.orphans.clone(),
        );
        let http = self.registry.sub_registry_with_prefix("http");
        http.register("requests", "Requests that were answered", self.requests.clone());
        http.register_with_unit(
            "request_duration",
            "Time from a request's head to its answer's",
            Unit::Seconds,
            self.latency.clone(),
        );
        http.register("requests_in_flight", "Requests in work", self.in_flight.clone());
        http.register("connections", "Open connections", self.connections.clone());
        let store = self.registry.sub_registry_with_prefix("store");
        store.register("writable", "Whether changes are taken", self.writable.clone());
        let driver = self.registry.sub_registry_with_prefix("driver");
        let DriverGauges { in_flight, queued, started, shards } = &self.driver;
        driver.register("in_flight", "Objects that are being worked on", in_flight.clone());
        driver.register("queued", "Objects that wait for their time", queued.clone());
        driver.register("started", "Whether the first sweep is done", started.clone());
        driver.register("shards", "Shards of projects that are worked on here", shards.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_shown() {
        let (driver, gauges) = watch::channel(Gauges::default());
        let metrics = Metrics::new(gauges);
        let started = metrics.request_started();
        metrics.request_ended(started, "GET", "listGroups", 200);
        driver.send_replace(Gauges { in_flight: 2, queued: 5, started: true, shards: 16 });
        let text = metrics.text().unwrap();
        for line in [
            r#"peerage_http_requests_total{method="GET",operation="listGroups",status="200"} 1"#,
            "peerage_http_requests_in_flight 0",
            "peerage_driver_queued 5",
            "peerage_driver_started 1",
            "peerage_driver_shards 16",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
        assert!(metrics.is_driver_started());
    }
}
