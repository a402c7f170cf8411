//! Route tables and their routes through peering connections.

use peerage_core::cidr::AddressBlock;
use peerage_core::cloud::CallError;
use peerage_core::time::Timestamp;

use super::super::client::Client;
use super::super::form::Form;
use super::super::xml::Element;
use super::{each, part};

/// A route table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteTable {
    /// `rtb-` and hexadecimal digits.
    pub id: String,
    /// Its VPC.
    pub vpc: String,
    /// Its routes, in EC2's order.
    pub routes: Vec<Route>,
    /// What it is for.
    pub kind: TableKind,
}

/// What a route table is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableKind {
    /// What subnets send.
    Subnets,
    /// What comes in through a gateway. It takes no routes to peering connections. Source: the
    /// Amazon VPC User Guide, gateway route tables.
    Gateway,
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Where it is for: a block, or the id of a list of blocks.
    pub destination: String,
    /// Where it leads: the id of a gateway, a connection, an interface; `local`.
    pub target: String,
    /// Whether it leads nowhere: its target is gone, or does not work yet.
    pub blackhole: bool,
}

/// What a route may lead to. Source: EC2 API reference, `Route`; a network interface belongs to an
/// instance, which is named as well.
const TARGETS: [&str; 11] = [
    "vpcPeeringConnectionId",
    "gatewayId",
    "natGatewayId",
    "transitGatewayId",
    "networkInterfaceId",
    "instanceId",
    "localGatewayId",
    "carrierGatewayId",
    "egressOnlyInternetGatewayId",
    "coreNetworkArn",
    "odbNetworkArn",
];

/// What a route may be for.
const DESTINATIONS: [&str; 3] =
    ["destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"];

impl RouteTable {
    fn read(element: &Element) -> Option<Self> {
        let of_gateway = |one: &Element| one.text_of("gatewayId").is_some();
        let is_for_gateway = element.list("associationSet").any(of_gateway);
        Some(Self {
            id: part(element, "routeTableId")?,
            vpc: part(element, "vpcId")?,
            routes: element.list("routeSet").filter_map(Route::read).collect(),
            kind: if is_for_gateway { TableKind::Gateway } else { TableKind::Subnets },
        })
    }
}

impl Route {
    fn read(element: &Element) -> Option<Self> {
        let first = |names: &[&'static str]| names.iter().find_map(|name| part(element, name));
        Some(Self {
            destination: first(&DESTINATIONS)?,
            target: first(&TARGETS).unwrap_or_default(),
            blackhole: element.text_of("state") == Some("blackhole"),
        })
    }
}

impl Client {
    /// `DescribeRouteTables` of one VPC, in the order of their ids.
    ///
    /// # Errors
    /// What EC2 refuses.
    pub async fn describe_route_tables(
        &self,
        vpc: &str,
        now: Timestamp,
    ) -> Result<Vec<RouteTable>, CallError> {
        let form = Form::look("DescribeRouteTables").filter("vpc-id", [vpc]);
        let found = self.list(&form, "routeTableSet", now).await?;
        let mut tables = each(&form, &found, RouteTable::read)?;
        tables.retain(|table| table.vpc == vpc);
        tables.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(tables)
    }

    /// `CreateRoute` through a peering connection.
    ///
    /// # Errors
    /// What EC2 refuses.
    pub async fn create_route(
        &self,
        table: &str,
        destination: &str,
        connection: &str,
        now: Timestamp,
    ) -> Result<(), CallError> {
        let form = to(Form::change("CreateRoute"), table, destination);
        self.send(&form.with("VpcPeeringConnectionId", connection), now).await.map(drop)
    }

    /// `ReplaceRoute` by one through a peering connection.
    ///
    /// # Errors
    /// What EC2 refuses.
    pub async fn replace_route(
        &self,
        table: &str,
        destination: &str,
        connection: &str,
        now: Timestamp,
    ) -> Result<(), CallError> {
        let form = to(Form::change("ReplaceRoute"), table, destination);
        self.send(&form.with("VpcPeeringConnectionId", connection), now).await.map(drop)
    }

    /// `DeleteRoute`.
    ///
    /// # Errors
    /// What EC2 refuses.
    pub async fn delete_route(
        &self,
        table: &str,
        destination: &str,
        now: Timestamp,
    ) -> Result<(), CallError> {
        self.send(&to(Form::change("DeleteRoute"), table, destination), now).await.map(drop)
    }
}

/// With a table and the parameter that a destination of its kind has.
fn to(form: Form, table: &str, destination: &str) -> Form {
    let is_v6 = AddressBlock::parse(destination).is_ok_and(|block| block.net().addr().is_ipv6());
    let name = match (is_v6, destination.starts_with("pl-")) {
        (true, _) => "DestinationIpv6CidrBlock",
        (false, true) => "DestinationPrefixListId",
        (false, false) => "DestinationCidrBlock",
    };
    form.with("RouteTableId", table).with(name, destination)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_is_named_by_its_kind() {
        for (destination, name) in [
            ("10.0.0.0/16", "DestinationCidrBlock"),
            ("fd00::/64", "DestinationIpv6CidrBlock"),
            ("pl-1", "DestinationPrefixListId"),
        ] {
            let body = to(Form::change("DeleteRoute"), "rtb-1", destination).body("1");
            assert!(body.contains(&format!("&{name}=")), "{body}");
        }
    }
}
