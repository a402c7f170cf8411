//! The book of laws asks all three clouds. What it asks of the other two, their models inside the
//! process answer: the verdict is about the driver.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use peerage_core::cloud::{
    CallError, Certainty, Link, LinkRequest, Network, NetworkRequest, Remedy, Sighting,
};
use peerage_core::provider::Provider;
use peerage_core::time::Timestamp;
use peerage_fabric::Fabric;
use peerage_fabric::emulated::{CustomerMode, Emulated};

/// Azure by one fabric, the rest by the models.
pub(crate) struct Everywhere {
    pub(crate) azure: Arc<dyn Fabric>,
    pub(crate) models: Arc<Emulated>,
    /// Whether a model was asked.
    pub(crate) asked_models: Arc<AtomicBool>,
    /// What the customers of this world do by themselves.
    pub(crate) customer: CustomerMode,
}

impl Everywhere {
    /// Whoever is asked; an error where there is no such customer. Those of Azure cannot say no:
    /// what the book says of them is excused, and would only take its time to break.
    fn of(&self, provider: Provider) -> Result<&dyn Fabric, CallError> {
        match provider {
            Provider::Azure if self.customer == CustomerMode::Reject => Err(CallError {
                certainty: Certainty::Definite,
                remedy: Remedy::GiveUp,
                code: "NoSuchCustomer".into(),
                message: "nobody rejects on Azure".into(),
            }),
            Provider::Azure => Ok(&*self.azure),
            Provider::Aws | Provider::Gcp => {
                self.asked_models.store(true, Ordering::SeqCst);
                Ok(&*self.models)
            }
        }
    }
}

/// Hands a call about a network or a connection on to whoever is asked.
macro_rules! handed_on {
    ($($call:ident: $request:ty => $found:ty, $spec:ident;)+) => {
        #[async_trait]
        impl Fabric for Everywhere {
            $(async fn $call(
                &self,
                request: &$request,
                now: Timestamp,
            ) -> Result<Sighting<$found>, CallError> {
                self.of(request.$spec.provider())?.$call(request, now).await
            })+
        }
    };
}

handed_on! {
    ensure_network: NetworkRequest => Network, spec;
    observe_network: NetworkRequest => Network, spec;
    remove_network: NetworkRequest => Network, spec;
    ensure_link: LinkRequest => Link, ours;
    observe_link: LinkRequest => Link, ours;
    remove_link: LinkRequest => Link, ours;
}
