//! The fence of a call: on whose right it is made.
//!
//! Owns how a [`Fence`] travels from who makes a call to the world that keeps what the call did. It
//! goes with the task and not as an argument: whatever stands between the two, a liar or a
//! recorder, cannot drop it. A call that is made without one needs none: its caller owns
//! everything.

use std::future::Future;

use peerage_core::reconcile::Fence;

tokio::task_local! {
    static FENCE: Fence;
}

/// Runs a call under a fence.
pub async fn under<T>(fence: Option<Fence>, call: impl Future<Output = T>) -> T {
    match fence {
        Some(fence) => FENCE.scope(fence, call).await,
        None => call.await,
    }
}

/// The fence of the call that is under way.
#[must_use]
pub fn current() -> Option<Fence> {
    FENCE.try_with(|fence| *fence).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_call_knows_its_own_fence_and_no_other() {
        let fence = Fence { shard: 3, revision: 7 };
        assert_eq!(under(Some(fence), async { current() }).await, Some(fence));
        assert_eq!(under(None, async { current() }).await, None);
        assert_eq!(current(), None);
    }
}
