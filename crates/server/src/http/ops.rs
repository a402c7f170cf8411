//! The pages for those who run the service and those who write against it: no credentials, no
//! versions.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use ::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use ::http::{HeaderMap, HeaderValue, Method};
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use super::arrival::Visit;
use super::fault::Fault;
use super::operation::Operation;
use super::pipeline::error_form;
use super::version::JSON;
use super::{openapi, render};
use crate::app::{App, Readiness};
use crate::telemetry::Metrics;

/// When to ask again whether the service is ready.
const SOON: Duration = Duration::from_secs(1);

/// One page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    /// The process is up.
    Health,
    /// It can serve.
    Ready,
    /// What it counts.
    Metrics,
    /// What it serves, for programs.
    Document,
    /// What it serves, for people.
    Guide,
}

impl Page {
    const ALL: [Self; 5] = [Self::Health, Self::Ready, Self::Metrics, Self::Document, Self::Guide];

    /// The page at a path.
    pub(super) fn at(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|page| page.path() == path)
    }

    /// Its path; without the slash, its name in the log and the counts.
    const fn path(self) -> &'static str {
        match self {
            Self::Health => "/healthz",
            Self::Ready => "/readyz",
            Self::Metrics => "/metrics",
            Self::Document => "/openapi.json",
            Self::Guide => "/docs",
        }
    }

    /// Whether it has to be answered however crowded the service is.
    const fn is_vital(self) -> bool {
        match self {
            Self::Health | Self::Ready | Self::Metrics => true,
            Self::Document | Self::Guide => false,
        }
    }
}

/// What the pages show.
pub(super) struct Pages {
    app: Arc<App>,
    metrics: Metrics,
    document: Still,
    guide: Still,
}

/// A page that never changes. It is compressed once: who asks for it again and again would else
/// have the service do that each time, and nobody counts how often strangers ask.
struct Still {
    plain: Bytes,
    gzip: Bytes,
}

/// Whether a path has to be answered however crowded the service is.
pub(super) fn is_vital(path: &str) -> bool {
    Page::at(path).is_some_and(Page::is_vital)
}

impl Pages {
    /// The pages about `operations`.
    pub(super) fn new(app: Arc<App>, metrics: Metrics, operations: &[Operation]) -> Self {
        let document = Still::new(openapi::document(operations).into());
        let guide = Still::new(openapi::guide(operations).into());
        Self { app, metrics, document, guide }
    }

    pub(super) async fn serve(&self, page: Page, visit: Visit) -> Response {
        let Visit { request, arrival, place: _ } = visit;
        let head = request.into_parts().0;
        let name = page.path().trim_start_matches('/');
        arrival.notes.note(|learnt| learnt.operation = Some(name));
        let allowed = [Method::GET, Method::HEAD, Method::OPTIONS];
        let shown = match head.method {
            Method::GET => self.show(page, &head.headers).await,
            Method::OPTIONS => return render::options(&allowed),
            _ => Err(Fault::MethodNotAllowed { allowed: allowed.to_vec() }),
        };
        shown.unwrap_or_else(|fault| {
            render::fault(&self.app, &fault, page.path(), error_form(&arrival))
        })
    }

    async fn show(&self, page: Page, headers: &HeaderMap) -> Result<Response, Fault> {
        const TEXT: HeaderValue =
            HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
        const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
        Ok(match page {
            Page::Health => answer(JSON, Bytes::from_static(br#"{"status":"UP"}"#)),
            Page::Ready => {
                let body = match self.ready().await? {
                    Readiness::Ready => json!({ "status": "READY" }),
                    Readiness::ReadOnly(why) => json!({ "status": "READ_ONLY", "reason": why }),
                };
                answer(JSON, body.to_string().into())
            }
            Page::Metrics => {
                self.metrics.store_takes_changes(self.app.readiness() == Readiness::Ready);
                let text = self.metrics.text();
                let text = text.map_err(|_| Fault::Internal("the counts cannot be written"))?;
                answer(TEXT, text.into())
            }
            Page::Document => self.document.answer(JSON, headers),
            Page::Guide => self.guide.answer(HTML, headers),
        })
    }

    async fn ready(&self) -> Result<Readiness, Fault> {
        if !self.metrics.is_driver_started() {
            let reason = "the driver has not started";
            return Err(Fault::Unavailable { reason, retry_after: SOON });
        }
        Ok(self.app.ready().await?)
    }
}

impl Still {
    fn new(plain: Bytes) -> Self {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        // Nothing refuses bytes that go into memory; a page without this form has the other one.
        let written = gzip.write_all(&plain).and_then(|()| gzip.finish());
        Self { plain, gzip: written.unwrap_or_default().into() }
    }

    fn answer(&self, content_type: HeaderValue, headers: &HeaderMap) -> Response {
        if self.gzip.is_empty() || !takes_gzip(headers) {
            return answer(content_type, self.plain.clone());
        }
        let mut response = answer(content_type, self.gzip.clone());
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        response.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
        response
    }
}

/// Whether a client says that it reads gzip, and does not say that it does not.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let is_gzip = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok());
        is_gzip && weight.is_none_or(|weight| weight > 0.0)
    })
}

fn answer(content_type: HeaderValue, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_goes_to_those_who_say_that_they_read_it() {
        for (said, takes) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip; q=0.0, br", false),
            ("br", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, said.parse().unwrap())]);
            assert_eq!(takes_gzip(&headers), takes, "{said:?}");
        }
    }
}
