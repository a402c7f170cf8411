//! The events of the hand on the emulated world: who moved it, and what became of it.
//!
//! The clock is kept in the transaction that its event is in. What the clouds themselves hold is
//! changed after its event was committed, and not at all when it could not be: an event may tell of
//! an act that a crash, or somebody who came first, prevented; an act without its event there is
//! none.

use peerage_core::id::{GroupId, OrgId, PeerId};
use peerage_fabric::emulated::{CustomerAct, Foretold};
use peerage_store::record::{ClockRecord, ObjectChange};
use peerage_store::{Revision, keys};

use super::change::{Change, Tried};
use super::events::News;
use super::events::kind::{self, Kind};
use super::{App, Failure};
use crate::context::Context;
use crate::emulation::ClockChange;

/// Something that is done to what all projects share.
#[derive(Clone, Copy, Debug)]
pub(crate) enum WorldAct {
    AddFault,
    ClearFaults,
}

impl App {
    /// Commits the event of a customer's act, before the act.
    pub(crate) async fn tell_customer_act(
        &self,
        context: &Context,
        (org, group, peer): (OrgId, GroupId, PeerId),
        act: CustomerAct,
        foretold: Foretold,
    ) -> Result<(), Failure> {
        let news = News::in_group(customer(act), org, group).with("peerId", peer);
        self.tell_before(context, news.changing(change(foretold))).await
    }

    /// Commits the event of an act upon the whole world, before the act: in the trail of the
    /// organization whose owner does it.
    pub(crate) async fn tell_world_act(
        &self,
        context: &Context,
        act: WorldAct,
        foretold: Foretold,
    ) -> Result<(), Failure> {
        let kind = match act {
            WorldAct::AddFault => kind::PEERAGE_FAULT_ADDED,
            WorldAct::ClearFaults => kind::PEERAGE_FAULTS_CLEARED,
        };
        let news = News::in_org(kind, context.caller.org);
        self.tell_before(context, news.changing(change(foretold))).await
    }

    async fn tell_before(&self, context: &Context, news: News) -> Result<(), Failure> {
        let mut change = Change::default();
        self.record(&mut change, Some(context), news);
        match self.commit(change).await? {
            Tried::Done(_) => Ok(()),
            Tried::Lost(_) => Err(Failure::Internal("an event that rests on nothing was lost")),
        }
    }

    /// A change of the clock that is about to be made, with its event at the time before.
    pub(crate) fn clock_moves(&self, context: &Context, moved: ClockChange) -> Change {
        let mut change = Change::default();
        let news = News::in_org(kind::PEERAGE_CLOCK_MOVED, context.caller.org);
        self.record(&mut change, Some(context), news.with("how", how(moved)));
        change
    }

    /// Keeps where the clock was moved to, if nobody moved it since `seen`.
    pub(crate) async fn keep_clock(
        &self,
        mut change: Change,
        seen: Option<Revision>,
        clock: &ClockRecord,
    ) -> Result<Tried, Failure> {
        let key = keys::emulated_clock();
        change.require(key.clone(), seen).put(key, clock)?;
        self.commit(change).await
    }
}

fn customer(act: CustomerAct) -> Kind {
    match act {
        CustomerAct::Accept => kind::PEERAGE_CUSTOMER_ACCEPTED,
        CustomerAct::Reject => kind::PEERAGE_CUSTOMER_REJECTED,
        CustomerAct::Delete => kind::PEERAGE_CUSTOMER_DELETED,
    }
}

fn how(moved: ClockChange) -> &'static str {
    match moved {
        ClockChange::Freeze => "freeze",
        ClockChange::Thaw => "thaw",
        ClockChange::Advance(_) => "advance",
        ClockChange::NextEvent => "nextEvent",
    }
}

fn change(foretold: Foretold) -> ObjectChange {
    let Foretold { object, before, after } = foretold;
    let object = String::from_utf8_lossy(keys::emulated(&object).as_bytes()).into_owned();
    ObjectChange { object, before, after }
}
