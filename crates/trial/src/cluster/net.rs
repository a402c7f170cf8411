//! A network of its own for each member: namespaces on one bridge, and links that can be cut in one
//! direction. Made and removed by the trial; needs root.

use std::net::Ipv4Addr;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};

/// Nobody has this address: what is sent to it is lost without a word.
const NOBODY: &str = "02:00:00:00:00:fe";

/// A bridge with a namespace for each member. Gone when it is dropped.
#[derive(Debug)]
pub(crate) struct Network {
    /// Tells networks of trials apart that run at the same time.
    tag: String,
    subnet: u8,
    members: Vec<Member>,
}

/// One member's place in the network.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    /// The name of its namespace.
    pub(crate) space: String,
    /// Its address.
    pub(crate) address: Ipv4Addr,
}

impl Network {
    /// A network of so many members.
    pub(crate) fn new(members: u8) -> anyhow::Result<Self> {
        ensure!(rustix::process::geteuid().is_root(), "network namespaces need root");
        let number = std::process::id() % 4096;
        let tag = format!("pt{number:x}");
        let subnet = u8::try_from(number % 200)?;
        let mut network = Self { tag, subnet, members: Vec::new() };
        let bridge = network.bridge();
        ip(&["link", "add", &bridge, "type", "bridge"])?;
        ip(&["addr", "add", &format!("{}/24", network.place(1)), "dev", &bridge])?;
        ip(&["link", "set", &bridge, "up"])?;
        for number in 0..members {
            network.add(number)?;
        }
        Ok(network)
    }

    fn bridge(&self) -> String {
        format!("{}br", self.tag)
    }

    fn place(&self, last: u8) -> Ipv4Addr {
        Ipv4Addr::new(10, 213, self.subnet, last)
    }

    fn add(&mut self, number: u8) -> anyhow::Result<()> {
        let space = format!("{}n{number}", self.tag);
        let outside = format!("{}v{number}", self.tag);
        let address = self.place(10 + number);
        let bridge = self.bridge();
        ip(&["netns", "add", &space])?;
        self.members.push(Member { space: space.clone(), address });
        let peer = ["peer", "name", "eth0", "netns", &space];
        ip(&[&["link", "add", &outside, "type", "veth"], &peer[..]].concat())?;
        ip(&["link", "set", &outside, "master", &bridge, "up"])?;
        let inside = |arguments: &[&str]| ip(&[&["-n", &space], arguments].concat());
        inside(&["addr", "add", &format!("{address}/24"), "dev", "eth0"])?;
        inside(&["link", "set", "lo", "up"])?;
        inside(&["link", "set", "eth0", "up"])
    }

    /// A member by its number.
    pub(crate) fn member(&self, number: usize) -> &Member {
        &self.members[number]
    }

    /// Loses everything that one member sends to another.
    pub(crate) fn cut(&self, from: usize, to: usize) -> anyhow::Result<()> {
        let (space, to) = (&self.members[from].space, self.members[to].address.to_string());
        let entry = ["neigh", "replace", &to, "lladdr", NOBODY, "dev", "eth0", "nud", "permanent"];
        ip(&[&["-n", space], &entry[..]].concat())
    }

    /// Heals what was cut.
    pub(crate) fn heal(&self, from: usize, to: usize) -> anyhow::Result<()> {
        let (space, to) = (&self.members[from].space, self.members[to].address.to_string());
        ip(&["-n", space, "neigh", "del", &to, "dev", "eth0"])
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // Its end of the pair goes with the namespace.
        for member in &self.members {
            let _ = ip(&["netns", "del", &member.space]);
        }
        let _ = ip(&["link", "del", &self.bridge()]);
    }
}

fn ip(arguments: &[&str]) -> anyhow::Result<()> {
    let output = Command::new("ip").args(arguments).stdin(Stdio::null()).output();
    let output = output.context("ip: install Debian's package iproute2")?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    ensure!(output.status.success(), "ip {}: {said}", arguments.join(" "));
    Ok(())
}
