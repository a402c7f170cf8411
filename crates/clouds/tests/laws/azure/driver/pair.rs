//! A cloud of one pair of halves.

use peerage_core::cloud::Link;
use peerage_fabric::Fabric;
use peerage_fabric::azure::Azure;
use serde_json::{Value, json};

use crate::azure::driver::fake::{Asked, Fake, Said};
use crate::azure::driver::stage::{at, half, link_request, our_network};

/// The two halves, `None` where there is none; a PUT makes one as `after` shows it.
pub(crate) struct World {
    ours: Option<Value>,
    theirs: Result<Option<Value>, Said>,
    /// What is shown of ours once both were asked for.
    after: Value,
}

impl World {
    pub(crate) fn new(ours: Option<Value>, theirs: Result<Option<Value>, Said>) -> Self {
        Self { ours, theirs, after: half("Connected", "Succeeded") }
    }

    pub(crate) async fn start(self) -> Fake {
        let Self { mut ours, mut theirs, after } = self;
        Fake::start(move |asked: &Asked| {
            let is_ours = asked.path().starts_with(&our_network());
            let is_list = asked.path().ends_with("/virtualNetworkPeerings");
            if !is_ours && let Err(said) = &theirs {
                return said.clone();
            }
            let place = match (is_ours, &mut theirs) {
                (true, _) => &mut ours,
                (false, Ok(theirs)) => theirs,
                (false, Err(_)) => unreachable!("answered above"),
            };
            match (asked.method.as_str(), is_list) {
                ("GET", true) => Said::json(200, json!({ "value": Vec::from_iter(place.clone()) })),
                ("GET", false) => match place {
                    Some(half) => Said::json(200, half.clone()),
                    None => Said::error(404, "NotFound", "not found"),
                },
                ("DELETE", _) => {
                    *place = None;
                    Said::text(204, "")
                }
                _ => {
                    *place = Some(half("Initiated", "Succeeded"));
                    if ours.is_some() && matches!(theirs, Ok(Some(_))) {
                        ours = Some(after.clone());
                    }
                    Said::json(201, half("Initiated", "Updating"))
                }
            }
        })
        .await
    }
}

pub(crate) fn forbidden() -> Said {
    let words = "The client 'x' does not have authorization to perform action 'y' over scope 'z'.";
    Said::error(403, "AuthorizationFailed", words)
}

pub(crate) fn puts(fake: &Fake) -> Vec<Asked> {
    fake.calls().into_iter().filter(|asked| asked.method == "PUT").collect()
}

pub(crate) async fn ensured(azure: &Azure) -> Link {
    azure.ensure_link(&link_request(), at(0)).await.unwrap().found.unwrap()
}

pub(crate) async fn seen(azure: &Azure) -> Option<Link> {
    azure.observe_link(&link_request(), at(0)).await.unwrap().found
}
