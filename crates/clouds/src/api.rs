//! What every emulated cloud is to whoever serves it.

use bytes::Bytes;
use peerage_core::id::PeerId;
use peerage_core::time::Timestamp;
use peerage_fabric::emulated::{CustomerAct, CustomerError, CustomerMode, Pace};

/// A request with its whole body.
pub type Request = http::Request<Bytes>;

/// An answer with its whole body.
pub type Response = http::Response<Bytes>;

/// How an emulated cloud behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long each step takes.
    pub pace: Pace,
    /// What the customer does by itself.
    pub customer: CustomerMode,
    /// Decides the names that are given, in a world that is new.
    pub seed: u64,
}

/// One cloud's API over one world.
///
/// # Guarantees that it has to give
/// Time is the `now` of its last call and never runs back: an earlier `now` counts as that one. The
/// same seed and the same calls at the same times give the same answers. No answer panics, whatever
/// the request holds.
pub trait CloudApi: Send + Sync + 'static {
    /// Lets everything happen that is due by `now`, then answers in the cloud's own words.
    fn answer(&self, request: &Request, now: Timestamp) -> Response;

    /// Lets everything happen that is due by `now`.
    fn pass(&self, now: Timestamp);

    /// When something happens next by itself.
    fn next_event(&self) -> Option<Timestamp>;

    /// Acts as the other party of the peering whose tag its connection carries.
    ///
    /// # Errors
    /// What the customer's own cloud refuses.
    fn customer(
        &self,
        peering: PeerId,
        act: CustomerAct,
        now: Timestamp,
    ) -> Result<(), CustomerError>;

    /// Counts the changes of the world: what has to be kept is kept when this has moved.
    fn version(&self) -> u64;

    /// The whole world as an object of tables: `{"vpcs": {"vpc-1": …}, …}`; see [`crate::kept`].
    fn state(&self) -> serde_json::Value;

    /// Takes a world up that [`CloudApi::state`] gave.
    ///
    /// # Errors
    /// It is none; the world is as it was.
    fn restore(&self, state: serde_json::Value) -> Result<(), serde_json::Error>;
}
