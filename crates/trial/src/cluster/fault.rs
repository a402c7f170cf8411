//! What goes wrong, one thing at a time, and how it is made good again.

use rustix::process::Signal;

use super::nodes::{Cluster, ETCDS, REPLICAS};

/// One fault.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// Ended as by a power cut, started again when it heals.
    Kill(usize),
    /// Made to stand still, and woken.
    Pause(usize),
    /// What a member sends to all members of etcd is lost.
    Mute(usize),
    /// What all members of etcd send to a member is lost.
    Deaf(usize),
    /// Both.
    Alone(usize),
}

impl Fault {
    /// One round of all kinds; the members take turns from one round to the next.
    pub(crate) fn round(number: usize) -> Vec<Self> {
        let node = number % ETCDS;
        let replica = ETCDS + number % REPLICAS;
        let next = (node + 1) % ETCDS;
        let last = (node + 2) % ETCDS;
        let other = ETCDS + (number + 1) % REPLICAS;
        vec![
            Self::Kill(node),
            Self::Pause(replica),
            Self::Alone(next),
            Self::Mute(replica),
            Self::Pause(last),
            Self::Kill(other),
            Self::Mute(node),
            Self::Deaf(other),
            Self::Deaf(last),
            Self::Alone(replica),
        ]
    }

    /// The member that it happens to.
    pub(crate) fn member(self) -> usize {
        match self {
            Self::Kill(member)
            | Self::Pause(member)
            | Self::Mute(member)
            | Self::Deaf(member)
            | Self::Alone(member) => member,
        }
    }

    /// In words.
    pub(crate) fn name(self) -> String {
        let member = self.member();
        let who = match member.checked_sub(ETCDS) {
            None => format!("etcd {member}"),
            Some(replica) => format!("replica {replica}"),
        };
        match self {
            Self::Kill(_) => format!("kill -9 {who}"),
            Self::Pause(_) => format!("pause {who}"),
            Self::Mute(_) => format!("{who} is not heard by etcd"),
            Self::Deaf(_) => format!("{who} does not hear etcd"),
            Self::Alone(_) => format!("{who} is cut off from etcd"),
        }
    }

    /// Makes it happen.
    pub(crate) async fn strike(self, cluster: &mut Cluster) -> anyhow::Result<()> {
        match self {
            Self::Kill(member) => cluster.kill(member).await,
            Self::Pause(member) => cluster.signal(member, Signal::STOP),
            Self::Mute(_) | Self::Deaf(_) | Self::Alone(_) => {
                self.links().into_iter().try_for_each(|(from, to)| cluster.network.cut(from, to))
            }
        }
    }

    /// Makes it good.
    pub(crate) async fn heal(self, cluster: &mut Cluster) -> anyhow::Result<()> {
        match self {
            Self::Kill(member) => cluster.restart(member).await,
            Self::Pause(member) => cluster.signal(member, Signal::CONT),
            Self::Mute(_) | Self::Deaf(_) | Self::Alone(_) => {
                self.links().into_iter().try_for_each(|(from, to)| cluster.network.heal(from, to))
            }
        }
    }

    /// The directions that are cut.
    fn links(self) -> Vec<(usize, usize)> {
        let me = self.member();
        let others = || (0..ETCDS).filter(move |other| *other != me);
        let out = others().map(move |other| (me, other));
        let into = others().map(move |other| (other, me));
        match self {
            Self::Mute(_) => out.collect(),
            Self::Deaf(_) => into.collect(),
            Self::Alone(_) => out.chain(into).collect(),
            Self::Kill(_) | Self::Pause(_) => Vec::new(),
        }
    }
}
