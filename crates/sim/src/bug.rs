//! Bugs that are planted between a replica and the world, to see that they are found.
//!
//! Each stands for a mistake that somebody could make in the product: what it does to what crosses
//! a port is what the mistake would do.

/// A mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Bug {
    /// Writes of a reconciler do not name its fence.
    NoFence,
    /// Deleting does not tell the reconciler's index, so that only a nudge knows of it.
    ForgottenIndex,
    /// A write is answered before it is durable; what is not durable at a crash is lost.
    EarlyAnswer,
    /// The belief is not turned to doubt before a call.
    NoDoubt,
    /// A write whose answer was lost is made again.
    BlindRetry,
    /// Two changes of a project may be decided on the same state.
    NoGuard,
    /// A list reaches into other projects.
    OpenList,
    /// Neither nudges nor sweeps nor rounds reach the reconciler.
    DeafReconciler,
    /// Reads may be answered from the past.
    StaleReads,
    /// What an earlier network's connection answers is taken for the answer of the current one.
    OldAnswers,
    /// A removal is believed without the cloud having done it.
    BelievedRemoval,
    /// The count of a container's peerings is not kept.
    NoCount,
    /// A change leaves no event.
    NoEvent,
    /// A reconciler overwrites what changed since it looked.
    NoStamp,
    /// What the emulated clouds save does not look at what others saved.
    NoTurn,
}

impl Bug {
    /// All of them.
    #[must_use]
    pub fn all() -> &'static [Self] {
        <Self as clap::ValueEnum>::value_variants()
    }
}
