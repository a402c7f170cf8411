//! The tables of the domain, printed and compared with `golden/*.txt`, so that a change of
//! behaviour is read as a change of a table.
//!
//! `UPDATE_GOLDEN=1 cargo test -p peerage-core --test golden` rewrites them.

#[path = "support/example.rs"]
mod example;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use peerage_core::authz::{
    Action, Decision, GroupRole, OrgRole, Resource, Roles, Scope, requirement,
};
use peerage_core::error::Refusal;
use peerage_core::id::OrgId;
use peerage_core::peering::{
    AwsChange, AzureChange, GcpChange, Next, Peering, PeeringChange, Phase,
};
use peerage_core::provider::Provider;
use peerage_core::quota;
use peerage_core::time::Timestamp;

use example::{GROUP, block, container, events, in_phase, peering, phase_name, phases};

const ORG: OrgId = OrgId::from_bytes([9; 12]);

#[test]
fn the_life_cycle_on_aws_is_as_printed() {
    compare("life_cycle_aws.txt", &life_cycle(Provider::Aws));
}

#[test]
fn the_life_cycle_on_azure_is_as_printed() {
    compare("life_cycle_azure.txt", &life_cycle(Provider::Azure));
}

#[test]
fn the_life_cycle_on_gcp_is_as_printed() {
    compare("life_cycle_gcp.txt", &life_cycle(Provider::Gcp));
}

#[test]
fn what_a_phase_counts_as_is_as_printed() {
    compare("phases.txt", &phase_facts());
}

#[test]
fn what_an_owner_may_change_is_as_printed() {
    compare("changes.txt", &changes());
}

#[test]
fn who_may_do_what_is_as_printed() {
    compare("authorization.txt", &authorization());
}

#[test]
fn the_quotas_are_as_printed() {
    let rows = [
        ("PEERINGS_PER_GROUP", quota::PEERINGS_PER_GROUP),
        ("PENDING_PEERINGS_PER_GROUP", quota::PENDING_PEERINGS_PER_GROUP),
        ("CONTAINERS_PER_GROUP", quota::CONTAINERS_PER_GROUP),
    ];
    let mut table = Table::new(&["quota", "value"]);
    for (name, value) in rows {
        table.row([name.into(), value.to_string()]);
    }
    compare("quotas.txt", &table.print());
}

fn life_cycle(provider: Provider) -> String {
    let phases = phases(provider);
    let mut table = Table::new(&["event"]);
    table.head.extend(phases.iter().map(phase_name));
    for (name, event) in events() {
        let cells = phases.iter().map(|phase| match phase.step(&event) {
            Ok(Next::Stay) => "stay".to_owned(),
            Ok(Next::To(next)) => format!("-> {}", phase_name(&next)),
            Ok(Next::Gone) => "gone".to_owned(),
            Err(_) => "illegal".to_owned(),
        });
        table.row(std::iter::once(name.to_owned()).chain(cells));
    }
    table.print()
}

fn phase_facts() -> String {
    let mut table = Table::new(&["provider", "phase", "pending", "failed", "deleting"]);
    for provider in Provider::ALL {
        for phase in phases(provider) {
            let facts = [phase.is_pending(), phase.is_failed(), phase.is_deleting()];
            let words = facts.map(|fact| if fact { "yes" } else { "-" }.to_owned());
            table.row([provider.name().to_owned(), phase_name(&phase)].into_iter().chain(words));
        }
    }
    table.print()
}

fn changes() -> String {
    let mut table = Table::new(&["provider", "phase", "nothing", "route", "network"]);
    for provider in Provider::ALL {
        for phase in phases(provider) {
            let home = container(provider, 0);
            let peering = in_phase(&peering(&home, 1), phase.clone());
            let cells = kinds_of_change(provider).map(|change| match change {
                None => "-".to_owned(),
                Some(change) => result_of(&peering, &change),
            });
            table.row([provider.name().to_owned(), phase_name(&phase)].into_iter().chain(cells));
        }
    }
    table.print()
}

/// No change, another route, another network.
fn kinds_of_change(provider: Provider) -> [Option<PeeringChange>; 3] {
    let name = || Some(String::from("another"));
    match provider {
        Provider::Aws => {
            let route = Some(block("172.31.0.0/16"));
            [
                AwsChange::default(),
                AwsChange { block: route, ..AwsChange::default() },
                AwsChange { vpc_id: name(), ..AwsChange::default() },
            ]
            .map(|change| Some(PeeringChange::Aws(change)))
        }
        Provider::Azure => [
            Some(PeeringChange::Azure(AzureChange::default())),
            None,
            Some(PeeringChange::Azure(AzureChange { vnet_name: name(), ..AzureChange::default() })),
        ],
        Provider::Gcp => [
            Some(PeeringChange::Gcp(GcpChange::default())),
            None,
            Some(PeeringChange::Gcp(GcpChange { network_name: name(), ..GcpChange::default() })),
        ],
    }
}

fn result_of(peering: &Peering, change: &PeeringChange) -> String {
    let home = container(peering.provider(), 0);
    let moved = |phase: &Phase| {
        if *phase == peering.phase { String::new() } else { format!(" -> {}", phase_name(phase)) }
    };
    match peering.change(change, &home, std::iter::once(peering), Timestamp::ZERO) {
        Ok(None) => "unchanged".to_owned(),
        Ok(Some(next)) if next.handshake > peering.handshake => {
            format!("starts again{}", moved(&next.phase))
        }
        Ok(Some(next)) => format!("taken{}", moved(&next.phase)),
        Err(Refusal::PeerInvalidState { .. }) => "invalid state".to_owned(),
        Err(refusal) => format!("{refusal:?}"),
    }
}

fn authorization() -> String {
    let mut text = String::from(
        "What each action on each resource asks for, and what each role gets, one column for each\n\
         role. + allowed, - forbidden, . hidden (not even told whether it exists).\n\n",
    );
    for (at, role) in OrgRole::ALL.iter().enumerate() {
        text.push_str(&format!("org    {}  {}\n", letter(at), role.name()));
    }
    for (at, role) in GroupRole::ALL.iter().enumerate() {
        text.push_str(&format!("group  {}  {}\n", letter(at), role.name()));
    }
    text.push('\n');
    let letters = |count| (0..count).map(letter).collect::<String>();
    let (orgs, groups) = (letters(OrgRole::ALL.len()), letters(GroupRole::ALL.len()));
    let mut table = Table::new(&["resource", "action", "least role", &orgs, &groups]);
    for resource in Resource::ALL {
        for action in Action::ALL {
            let scope = scope_of(resource);
            let org: String = OrgRole::ALL
                .iter()
                .map(|role| mark(&org_holder(*role), action, resource, scope))
                .collect();
            let group: String = GroupRole::ALL
                .iter()
                .map(|role| mark(&group_holder(*role), action, resource, scope))
                .collect();
            table.row([
                format!("{resource:?}"),
                format!("{action:?}"),
                format!("{:?}", requirement(action, resource)),
                org,
                group,
            ]);
        }
    }
    text.push_str(&table.print());
    text
}

/// Where the resource lives: in a project, or in an organization.
fn scope_of(resource: Resource) -> Scope {
    match resource {
        Resource::Org
        | Resource::OrgSettings
        | Resource::OrgUser
        | Resource::Team
        | Resource::OrgGroup
        | Resource::OrgApiKey
        | Resource::OrgServiceAccount
        | Resource::OrgEvent
        | Resource::OrgOther => Scope::Org(ORG),
        Resource::Peering
        | Resource::Container
        | Resource::PrivateIpMode
        | Resource::Group
        | Resource::GroupSettings
        | Resource::GroupLimit
        | Resource::AccessList
        | Resource::GroupTeam
        | Resource::GroupUser
        | Resource::GroupInvitation
        | Resource::GroupApiKey
        | Resource::GroupApiKeyAssignment
        | Resource::GroupServiceAccount
        | Resource::GroupServiceAccountAccessList
        | Resource::GroupServiceAccountAssignment
        | Resource::GroupEvent
        | Resource::GroupOther => Scope::Group { group: GROUP, org: ORG },
    }
}

fn org_holder(role: OrgRole) -> Roles {
    Roles { org: Some((ORG, BTreeSet::from([role]))), groups: BTreeMap::new() }
}

fn group_holder(role: GroupRole) -> Roles {
    Roles { org: None, groups: BTreeMap::from([(GROUP, BTreeSet::from([role]))]) }
}

fn mark(roles: &Roles, action: Action, resource: Resource, scope: Scope) -> char {
    match roles.decide(action, resource, scope) {
        Decision::Allowed => '+',
        Decision::Forbidden => '-',
        Decision::Hidden => '.',
    }
}

fn letter(at: usize) -> char {
    char::from(b'a' + u8::try_from(at).unwrap_or(0))
}

/// Rows of text in columns that are as wide as their widest cell.
struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    fn new(head: &[&str]) -> Self {
        Self { head: head.iter().map(|cell| (*cell).to_owned()).collect(), rows: Vec::new() }
    }

    fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    fn print(&self) -> String {
        let lines = || std::iter::once(&self.head).chain(&self.rows);
        let width = |at: usize| lines().map(|line| line[at].len()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.head.len()).map(width).collect();
        let mut text = String::new();
        for line in lines() {
            let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
            let line = cells.collect::<Vec<_>>().join("  ");
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// Compares `actual` with the file, or writes it there when `UPDATE_GOLDEN` is set.
fn compare(name: &str, actual: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, actual).expect("the golden file can be written");
        return;
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    if expected == actual {
        return;
    }
    let mut lines = expected.lines().zip(actual.lines()).enumerate();
    let (number, was, is) = match lines.find(|(_, (was, is))| was != is) {
        Some((at, (was, is))) => (at + 1, was, is),
        None => {
            let at = expected.lines().count().min(actual.lines().count());
            let was = expected.lines().nth(at).unwrap_or("(the end)");
            (at + 1, was, actual.lines().nth(at).unwrap_or("(the end)"))
        }
    };
    panic!(
        "{name} differs, first in line {number}\n  file: {was}\n  code: {is}\n\
         Read the difference. If it is meant:\n  \
         UPDATE_GOLDEN=1 cargo test -p peerage-core --test golden && git diff crates/core/tests"
    );
}
