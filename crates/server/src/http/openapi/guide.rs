//! The page for people: every operation that is served, on one page without scripts or other
//! servers.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Access, Media, Operation, summary, tag};

const STYLE: &str = "\
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}\
body{max-width:70rem;margin:2rem auto;padding:0 1rem}\
code,pre{font-family:ui-monospace,monospace}pre{overflow-x:auto;padding:1rem;\
border:1px solid #8884;border-radius:.4rem}\
table{border-collapse:collapse;width:100%;margin:1rem 0}\
td,th{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #8884}\
td:first-child{font-weight:600;white-space:nowrap}code{overflow-wrap:anywhere}";

/// The page about `operations`.
pub(in crate::http) fn guide(operations: &[Operation]) -> Vec<u8> {
    let mut by_tag: BTreeMap<&str, Vec<&Operation>> = BTreeMap::new();
    for operation in operations {
        by_tag.entry(tag(operation)).or_default().push(operation);
    }
    let mut page = String::new();
    // Writing to a string cannot fail.
    let _ = write!(
        page,
        "<!doctype html><html lang=en><meta charset=utf-8>\
         <meta name=viewport content=\"width=device-width\"><title>Peerage</title>\
         <style>{STYLE}</style><h1>Peerage {}</h1>\
         <p>The Atlas Administration API v2 for network peering. \
         Programs read <a href=/openapi.json>/openapi.json</a>; \
         <a href=/healthz>/healthz</a>, <a href=/readyz>/readyz</a> and \
         <a href=/metrics>/metrics</a> say how the service is.</p>\
         <pre>curl --digest -u PUBLIC_KEY:PRIVATE_KEY \\\n  \
         -H 'Accept: application/vnd.atlas.2023-01-01+json' \\\n  \
         BASE_URL/api/atlas/v2/groups/PROJECT_ID/peers</pre>\
         <p>Every operation of the Atlas API takes <code>envelope</code> and <code>pretty</code> \
         in its query. Without a date in <code>Accept</code> the oldest version is served.</p>",
        env!("CARGO_PKG_VERSION"),
    );
    for (tag, operations) in by_tag {
        let _ = write!(
            page,
            "<h2>{tag}</h2><table><tr><th>Method<th>Path<th>Operation<th>What it does\
             <th>Versions"
        );
        for operation in operations {
            add_row(&mut page, operation);
        }
        page.push_str("</table>");
    }
    page.push_str("</html>\n");
    page.into_bytes()
}

/// Method, path and names are our own constants: there is nothing to escape in them.
fn add_row(page: &mut String, operation: &Operation) {
    let Operation { id, method, path, media, access, bucket: _, handler: _ } = operation;
    let summary = summary(operation);
    let open = match access {
        Access::Anyone => " (without credentials)",
        Access::Caller => "",
    };
    let versions = match media {
        Media::Atlas(versions) => versions.join(", "),
        Media::Plain => String::new(),
    };
    let _ = write!(
        page,
        "<tr><td>{method}<td><code>{path}</code><td><code>{id}</code><td>{summary}{open}\
         <td>{versions}"
    );
}
