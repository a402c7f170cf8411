//! The machine of the attackers: threads of their own, that get what the service and its tenant
//! leave of the processors. Attackers have machines of their own elsewhere; what they take for
//! themselves here says nothing about the service.

use anyhow::Context as _;
use tokio::runtime::{Builder, Runtime};

/// How little the system prefers the threads: the least that there is.
const NICE: i32 = 19;

/// See the head of this file.
pub(super) struct Machine(Option<Runtime>);

impl Machine {
    pub(super) fn start() -> anyhow::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .thread_name("attackers")
            .on_thread_start(|| {
                // On Linux this is about the thread that asks. One that stays as it is makes the
                // trial harder, and nothing wrong.
                let _ = rustix::process::nice(NICE);
            })
            .enable_all()
            .build()?;
        Ok(Self(Some(runtime)))
    }

    /// Does something there.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = anyhow::Result<T>> + Send + 'static,
    ) -> anyhow::Result<T> {
        let runtime = self.0.as_ref().context("the machine of the attackers is gone")?;
        runtime.spawn(work).await?
    }
}

impl Drop for Machine {
    /// Waits for nothing: what runs there is in nobody's way.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
