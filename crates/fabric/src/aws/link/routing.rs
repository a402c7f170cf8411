//! The routes of our VPC through a connection: what each table has, what it lacks, and what is in
//! the way. Every table of the VPC sends the customer's block through the connection, and nothing
//! else.

use std::collections::BTreeSet;

use peerage_core::cloud::CallError;

use super::super::ec2::{PeeringConnection, RouteTable, TableKind};
use super::super::visit::{Flaws, Visit, not_now, unless_gone};
use crate::remote::DriftPolicy;

/// The tables of a VPC, and what their routes should be.
#[derive(Debug)]
pub(super) struct Routing {
    tables: Vec<RouteTable>,
    vpc: String,
    connection: String,
    /// Other connections of the same peering: what leads there is ours to lead elsewhere.
    doubles: BTreeSet<String>,
    wanted: String,
}

/// What a table needs.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// It has no route for the wanted block.
    Create,
    /// It has one that leads nowhere, or to a double.
    Replace,
    /// It has one that leads to something which is not ours to change: where.
    Blocked(String),
    /// It sends another block through the connection: which.
    Delete(String),
}

impl Routing {
    pub(super) fn new(
        tables: Vec<RouteTable>,
        connection: &PeeringConnection,
        doubles: BTreeSet<String>,
        wanted: String,
    ) -> Self {
        let (vpc, id) = (connection.requester.vpc.clone(), connection.id.clone());
        let tables = tables.into_iter().filter(|table| table.kind == TableKind::Subnets).collect();
        Self { tables, vpc, connection: id, doubles, wanted }
    }

    /// The block that all tables send through the connection: the wanted one, if it is one of them.
    pub(super) fn route(&self) -> Option<String> {
        let of = |table: &RouteTable| -> BTreeSet<String> {
            let routes = table.routes.iter().filter(|route| route.target == self.connection);
            routes.map(|route| route.destination.clone()).collect()
        };
        let shared = self.tables.iter().map(of).reduce(|all, of| &all & &of)?;
        if shared.contains(&self.wanted) {
            return Some(self.wanted.clone());
        }
        shared.into_iter().next()
    }

    /// Whether a table does not send the wanted block through the connection.
    pub(super) fn is_unfinished(&self) -> bool {
        let lacks = |(_, step): &(&str, Step)| !matches!(step, Step::Delete(_));
        !self.has_tables() || self.steps().iter().any(lacks)
    }

    /// A VPC has a main table as long as it lives.
    fn has_tables(&self) -> bool {
        !self.tables.is_empty()
    }

    /// What is not as it should be, as drift.
    pub(super) fn tell(&self, policy: DriftPolicy, flaws: &mut Flaws) {
        if !self.has_tables() {
            flaws.put(policy, format!("{} shows no route table", self.vpc));
        }
        for (table, step) in self.steps() {
            let wanted = &self.wanted;
            let words = match step {
                Step::Create => format!("{table} has no route to {wanted}"),
                Step::Replace => format!("{table} has a route to {wanted} that leads nowhere"),
                Step::Blocked(target) => format!("{table} sends {wanted} to {target}"),
                Step::Delete(block) => {
                    format!("{table} sends {block} through {}", self.connection)
                }
            };
            flaws.put(policy, words);
        }
    }

    /// Makes the routes, then takes away those for other blocks: traffic never has none.
    pub(super) async fn complete(&self, visit: &Visit<'_>) -> Result<(), CallError> {
        if !self.has_tables() {
            let words = format!("{} shows no route table.", self.vpc);
            return Err(not_now("InvalidRouteTableID.NotFound", words));
        }
        let (client, now) = (&visit.client, visit.now);
        for (table, step) in self.steps() {
            let (wanted, connection) = (&self.wanted, &self.connection);
            match step {
                Step::Create => client.create_route(table, wanted, connection, now).await?,
                Step::Replace => client.replace_route(table, wanted, connection, now).await?,
                Step::Blocked(target) => {
                    let words = format!("{table} sends {wanted} to {target} already.");
                    return Err(not_now("RouteAlreadyExists", words));
                }
                Step::Delete(block) => unless_gone(client.delete_route(table, &block, now).await)?,
            }
        }
        Ok(())
    }

    /// What is to be done, in the order of the tables, deletions last.
    fn steps(&self) -> Vec<(&str, Step)> {
        let mut steps = Vec::new();
        for table in &self.tables {
            let there = table.routes.iter().find(|route| route.destination == self.wanted);
            let step = match there {
                None => Some(Step::Create),
                Some(route) if route.target == self.connection => None,
                Some(route) if route.blackhole || self.doubles.contains(&route.target) => {
                    Some(Step::Replace)
                }
                Some(route) => Some(Step::Blocked(route.target.clone())),
            };
            steps.extend(step.map(|step| (table.id.as_str(), step)));
        }
        for table in &self.tables {
            let other = table.routes.iter().filter(|route| {
                route.target == self.connection && route.destination != self.wanted
            });
            steps.extend(
                other.map(|route| (table.id.as_str(), Step::Delete(route.destination.clone()))),
            );
        }
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::ec2::{Route, Side, State};
    use super::*;

    fn route(destination: &str, target: &str) -> Route {
        Route {
            destination: destination.to_owned(),
            target: target.trim_end_matches('!').to_owned(),
            blackhole: target.ends_with('!'),
        }
    }

    fn connection() -> PeeringConnection {
        let side = Side { vpc: "vpc-1".to_owned(), account: String::new() };
        PeeringConnection {
            id: "pcx-1".to_owned(),
            state: State::Active,
            message: None,
            requester: side.clone(),
            accepter: side,
            requester_dns: None,
            tags: Default::default(),
        }
    }

    fn routing(tables: &[&[(&str, &str)]]) -> Routing {
        let tables = tables.iter().enumerate().map(|(number, routes)| RouteTable {
            id: format!("rtb-{number}"),
            vpc: "vpc-1".to_owned(),
            routes: routes.iter().map(|(block, target)| route(block, target)).collect(),
            kind: TableKind::Subnets,
        });
        let doubles = ["pcx-2".to_owned()].into();
        Routing::new(tables.collect(), &connection(), doubles, "172.16.0.0/16".to_owned())
    }

    fn told(tables: &[&[(&str, &str)]]) -> String {
        let mut flaws = Flaws::default();
        routing(tables).tell(DriftPolicy::Report, &mut flaws);
        flaws.drift().map(|drift| drift.what).unwrap_or_default()
    }

    #[test]
    fn each_table_is_told_of_by_itself() {
        let wanted = "172.16.0.0/16";
        let local = ("10.0.0.0/24", "local");
        assert_eq!(told(&[&[local, (wanted, "pcx-1")]]), "");
        assert_eq!(
            told(&[&[local, (wanted, "pcx-1")], &[local]]),
            "rtb-1 has no route to 172.16.0.0/16"
        );
        assert_eq!(told(&[]), "vpc-1 shows no route table");
        for (target, words) in [
            ("pcx-9!", "rtb-0 has a route to 172.16.0.0/16 that leads nowhere"),
            ("pcx-2", "rtb-0 has a route to 172.16.0.0/16 that leads nowhere"),
            ("pcx-9", "rtb-0 sends 172.16.0.0/16 to pcx-9"),
            ("vgw-1", "rtb-0 sends 172.16.0.0/16 to vgw-1"),
        ] {
            assert_eq!(told(&[&[local, (wanted, target)]]), words);
        }
        assert_eq!(
            told(&[&[(wanted, "pcx-1"), ("172.20.0.0/16", "pcx-1"), ("172.21.0.0/16", "pcx-9")]]),
            "rtb-0 sends 172.20.0.0/16 through pcx-1"
        );
    }

    #[test]
    fn a_table_of_a_gateway_is_left_alone() {
        let mut all = routing(&[&[("172.16.0.0/16", "pcx-1")], &[]]).tables;
        all[1].kind = TableKind::Gateway;
        let wanted = "172.16.0.0/16".to_owned();
        let routing = Routing::new(all, &connection(), BTreeSet::new(), wanted);
        assert!(!routing.is_unfinished());
    }

    #[test]
    fn a_route_is_what_all_tables_have() {
        let wanted = ("172.16.0.0/16", "pcx-1");
        let old = ("172.20.0.0/16", "pcx-1");
        let check = |tables: &[&[(&str, &str)]], route: Option<&str>, unfinished: bool| {
            let routing = routing(tables);
            assert_eq!(routing.route().as_deref(), route, "{tables:?}");
            assert_eq!(routing.is_unfinished(), unfinished, "{tables:?}");
        };
        check(&[&[wanted], &[wanted]], Some("172.16.0.0/16"), false);
        check(&[&[old, wanted], &[wanted, old]], Some("172.16.0.0/16"), false);
        check(&[&[old], &[old]], Some("172.20.0.0/16"), true);
        check(&[&[old], &[wanted]], None, true);
        check(&[&[wanted], &[]], None, true);
        check(&[], None, true);
    }
}
