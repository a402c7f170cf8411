//! Operations that exist only in tests of what all operations have in common.

use std::sync::Arc;
use std::time::Duration;

use ::http::{Method, StatusCode};
use peerage::app::App;
use peerage::http::call::Call;
use peerage::http::fault::Fault;
use peerage::http::operation::{Access, Bucket, Media, Operation, Outcome};
use peerage::http::reply::Reply;
use serde_json::{Value, json};

const TWO: Media = Media::Atlas(&["2023-01-01", "2024-08-05"]);

/// The operations, all below `/api/atlas/v2/test`.
pub(crate) fn operations() -> Vec<Operation> {
    let row = |id, method, path, handler| Operation {
        id,
        method,
        path,
        media: TWO,
        access: Access::Caller,
        bucket: Bucket::Other,
        handler,
    };
    vec![
        row("echo", Method::GET, "/api/atlas/v2/test/{name}", echo),
        row("moveIt", Method::POST, "/api/atlas/v2/test/{name}:move", echo),
        row("take", Method::POST, "/api/atlas/v2/test", echo),
        row("list", Method::GET, "/api/atlas/v2/test", list),
        row("remove", Method::DELETE, "/api/atlas/v2/test/{name}", remove),
        row("make", Method::PUT, "/api/atlas/v2/test/{name}", make),
        row("fields", Method::POST, "/api/atlas/v2/test/{name}/fields", fields),
        row("panic", Method::GET, "/api/atlas/v2/test/{name}/panic", panics),
        row("panicLater", Method::GET, "/api/atlas/v2/test/{name}/panic-later", panics_later),
        row("slow", Method::GET, "/api/atlas/v2/test/{name}/slow", slow),
        Operation {
            access: Access::Anyone,
            ..row("open", Method::GET, "/api/atlas/v2/test/{name}/open", echo)
        },
        Operation {
            access: Access::Anyone,
            media: Media::Plain,
            ..row("plain", Method::POST, "/api/plain", echo)
        },
    ]
}

fn echo(_: Arc<App>, call: Call) -> Outcome {
    let answer = json!({
        "name": call.text("name"),
        "version": call.version,
        "bytes": call.body.len(),
        "target": call.target,
        "remote": call.remote,
        "baseUrl": call.base_url,
        "query": call.query,
        "isCaller": call.context.is_some(),
    });
    Box::pin(async move { Reply::ok(&answer) })
}

fn list(_: Arc<App>, call: Call) -> Outcome {
    Box::pin(async move {
        let page = call.page()?;
        let elements: Vec<Value> = (0..page.items_per_page).map(|n| json!({ "n": n })).collect();
        Reply::list(&json!({ "results": elements }))
    })
}

fn remove(_: Arc<App>, _: Call) -> Outcome {
    Box::pin(async { Ok(Reply::no_content()) })
}

fn make(_: Arc<App>, call: Call) -> Outcome {
    Box::pin(async move {
        Reply::created(&json!({}), format!("/api/atlas/v2/test/{}", call.text("name")))
    })
}

fn fields(_: Arc<App>, call: Call) -> Outcome {
    Box::pin(async move {
        let mut fields = peerage_wire::Fields::parse(&call.body).map_err(Fault::Body)?;
        let number = fields.required("number").integer(1..=9);
        let kind = fields.optional("kind").one_of(|text| (text == "A").then_some('A'), "A");
        let found = fields.finish_with(|| Some(json!({ "number": number?, "kind": kind })))?;
        Reply::with(StatusCode::OK, &found)
    })
}

fn panics(_: Arc<App>, _: Call) -> Outcome {
    Box::pin(async { panic!("as the test wants it") })
}

/// After it had to wait for something.
fn panics_later(_: Arc<App>, _: Call) -> Outcome {
    Box::pin(async {
        tokio::task::yield_now().await;
        panic!("as the test wants it")
    })
}

fn slow(_: Arc<App>, _: Call) -> Outcome {
    Box::pin(async {
        tokio::time::sleep(Duration::from_secs(30)).await;
        Ok(Reply::no_content())
    })
}
