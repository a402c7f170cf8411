//! Whole requests, by the service itself over a store in memory. A world serves some requests and
//! is then made anew, because making one takes longer than a request.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use http::header::{ACCEPT, AUTHORIZATION};
use http::{HeaderName, HeaderValue, Method, Request, request};
use http_body_util::BodyExt as _;
use peerage::app::install::{Installation, Installed};
use peerage::authn::{ClientCredentials, Secret};
use peerage::clock::Clock;
use peerage::config::Limits;
use peerage::driver::Gauges;
use peerage::http::Router;
use peerage::ids::Randomness;
use peerage::runtime::{KeySource, open_app};
use peerage::telemetry::Metrics;
use peerage_store::memory::MemoryStore;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tower::ServiceExt as _;

/// Requests that one world serves, whatever they do to it.
const USES: usize = 64;
/// The same where each is a wrong guess: soon nobody from there is listened to.
const GUESSES: usize = 4;
/// A body that is longer says nothing more.
const BODY_MAX: usize = 64 * 1024;

/// Seeds of the worlds, each another.
static SEEDS: AtomicU64 = AtomicU64::new(1);

/// The service, its owner's token, and the ids that inputs name as `{group}` and `{org}`.
struct World {
    router: Router,
    token: String,
    installed: Installed,
}

/// A request as text: method and target, a line for each header, an empty line, the body. Its
/// sender owns the organization, unless it says `authorization` itself.
pub(crate) fn serve(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
    let mut lines = head.lines();
    let (method, target) = lines.next().unwrap_or_default().split_once(' ').unwrap_or_default();
    let Ok(method) = Method::from_bytes(method.as_bytes()) else { return };
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers: Vec<(HeaderName, HeaderValue)> = headers
        .filter_map(|(name, value)| Some((name.parse().ok()?, value.parse().ok()?)))
        .collect();
    let body = body.get(..body.len().min(BODY_MAX)).unwrap_or_default();
    in_world(USES, async |world| {
        let fill = |text: &str| {
            let text = text.replace("{group}", &world.installed.project_id);
            text.replace("{org}", &world.installed.org_id)
        };
        let mut request = Request::builder().method(method).uri(fill(target));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        world.ask(request, fill(body), true).await;
    });
}

/// `Accept` of a list.
pub(crate) fn accept(data: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(data) else { return };
    in_world(USES, async |world| {
        let request = Request::get("/api/atlas/v2/groups").header(ACCEPT, value);
        world.ask(request, String::new(), true).await;
    });
}

/// The answer to a challenge of HTTP Digest: nobody guesses it.
pub(crate) fn digest(data: &[u8]) {
    let value = [b"Digest ", data].concat();
    let Ok(value) = HeaderValue::from_bytes(&value) else { return };
    in_world(GUESSES, async |world| {
        let request = Request::get("/api/atlas/v2/groups").header(AUTHORIZATION, value);
        let status = world.ask(request, String::new(), false).await;
        assert!((400..500).contains(&status), "let in, or failed: {status}");
    });
}

thread_local! {
    /// What served the request before, and how many it served.
    static HELD: RefCell<Option<(Runtime, World, usize)>> = const { RefCell::new(None) };
}

/// Does something in a world; one in which it panics is not used again.
fn in_world(uses: usize, work: impl AsyncFnOnce(&World)) {
    let held = HELD.with(RefCell::take).filter(|(_, _, served)| *served < uses);
    let (runtime, world, served) = held.unwrap_or_else(|| {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let world = runtime.block_on(World::new());
        (runtime, world, 0)
    });
    runtime.block_on(work(&world));
    HELD.with(|held| held.replace(Some((runtime, world, served + 1))));
}

impl World {
    async fn new() -> Self {
        let randomness = Randomness::seeded(SEEDS.fetch_add(1, Ordering::Relaxed));
        let store = Arc::new(MemoryStore::new());
        let key = KeySource::Held([7; 32]);
        let app = open_app(store, key, Clock::new(), randomness, |_| {}).unwrap();
        let app = Arc::new(app);
        let names = Installation { org_name: "Org".to_owned(), project_name: "Project".to_owned() };
        let installed = app.install(&names).await.unwrap();
        let client = ClientCredentials {
            client_id: installed.client_id.clone(),
            client_secret: Secret::new(installed.client_secret.clone()),
        };
        let here = std::net::Ipv4Addr::LOCALHOST.into();
        let token = app.issue_token(&client, here).await.unwrap();
        let gauges = watch::Sender::new(Gauges { started: true, ..Gauges::default() });
        let metrics = Metrics::new(gauges.subscribe());
        let router = Router::new(app, metrics, &Limits::generous());
        Self { router, token: token.expose().to_owned(), installed }
    }

    /// Sends a request; its status. Whatever is asked, nothing fails, and what says that it is
    /// JSON is.
    async fn ask(&self, mut request: request::Builder, body: String, as_owner: bool) -> u16 {
        let is_signed = |headers: &http::HeaderMap| headers.contains_key(AUTHORIZATION);
        if as_owner && !request.headers_ref().is_some_and(is_signed) {
            request = request.header(AUTHORIZATION, format!("Bearer {}", self.token));
        }
        // What is no request never reaches the service.
        let Ok(request) = request.body(Body::from(body)) else { return 400 };
        let (head, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let status = head.status.as_u16();
        assert!(status < 500 || status == 501, "it failed: {status}");
        let body = body.collect().await.unwrap().to_bytes();
        let of = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
        let is_json = of("content-type").is_some_and(|value| value.contains("json"));
        if is_json && !body.is_empty() && of("content-encoding").is_none() {
            let read = serde_json::from_slice::<serde_json::Value>(&body);
            assert!(read.is_ok(), "an answer is not JSON");
        }
        status
    }
}
