//! Which subnets use which route table, and which table is a VPC's main one.

use super::super::listing::{SUBNET, TABLE};
use super::super::refusal::{Refusal, missing, refused};
use super::super::turn::{Outcome, Turn};
use super::super::xml::Xml;
use super::own;

/// `AssociateRouteTable`: a subnet that is associated already keeps what it has.
pub(in crate::aws) fn associate(turn: &mut Turn<'_>) -> Outcome {
    let id = TABLE.need(turn)?;
    let subnet = turn.input.get("SubnetId").ok_or_else(|| missing("SubnetId"))?;
    SUBNET.check(subnet)?;
    let table = own(turn, id)?;
    let found = turn.world.tables.subnets.get(subnet);
    let found = found.filter(|it| turn.owns(&it.account, &it.region));
    let found = found.ok_or_else(|| SUBNET.not_found(subnet))?;
    if found.vpc != table.vpc {
        let words = format!("route table {id} and subnet {subnet} belong to different networks");
        return Err(refused(words));
    }
    if let Some((association, _)) = table.associations.iter().find(|(_, it)| *it == subnet) {
        return Ok(associated("associationId", &association.clone()));
    }
    let tables = turn.world.tables.route_tables.values();
    if tables.into_iter().any(|it| it.associations.values().any(|other| other == subnet)) {
        let words = format!(
            "the specified association for route table {id} conflicts with an existing association"
        );
        return Err(Refusal::new("Resource.AlreadyAssociated", words));
    }
    let association = turn.world.tables.ids.resource("rtbassoc");
    if let Some(table) = turn.world.tables.route_tables.get_mut(id) {
        table.associations.insert(association.clone(), subnet.to_owned());
    }
    Ok(associated("associationId", &association))
}

/// `DisassociateRouteTable`: the main association stays.
pub(in crate::aws) fn disassociate(turn: &mut Turn<'_>) -> Outcome {
    let association = turn.input.need("AssociationId")?;
    let id = table_of(turn, association)?;
    if let Some(table) = turn.world.tables.route_tables.get_mut(&id)
        && table.associations.remove(association).is_none()
    {
        let words = format!("cannot disassociate the main route table association {association}");
        return Err(refused(words));
    }
    Ok(Xml::done())
}

/// `ReplaceRouteTableAssociation`: another table for a subnet, or another main table for a VPC.
pub(in crate::aws) fn replace_association(turn: &mut Turn<'_>) -> Outcome {
    let association = turn.input.need("AssociationId")?;
    let id = TABLE.need(turn)?;
    let next = own(turn, id)?.vpc.clone();
    let before = table_of(turn, association)?;
    if own(turn, &before)?.vpc != next {
        let words = format!("route tables {before} and {id} belong to different networks");
        return Err(refused(words));
    }
    if before == id {
        return Ok(associated("newAssociationId", association));
    }
    let fresh = turn.world.tables.ids.resource("rtbassoc");
    let tables = &mut turn.world.tables.route_tables;
    let subnet = tables.get_mut(&before).and_then(|it| {
        let subnet = it.associations.remove(association);
        if subnet.is_none() {
            it.main = None;
        }
        subnet
    });
    if let Some(table) = tables.get_mut(id) {
        match subnet {
            Some(subnet) => drop(table.associations.insert(fresh.clone(), subnet)),
            None => table.main = Some(fresh.clone()),
        }
    }
    Ok(associated("newAssociationId", &fresh))
}

/// The caller's table that has an association.
fn table_of(turn: &Turn<'_>, association: &str) -> Result<String, Refusal> {
    let mut tables = turn.world.tables.route_tables.iter();
    let found = tables.find(|(_, it)| {
        let has =
            it.main.as_deref() == Some(association) || it.associations.contains_key(association);
        has && turn.owns(&it.account, &it.region)
    });
    let words = || format!("The association ID '{association}' does not exist");
    let found = found.map(|(id, _)| id.clone());
    found.ok_or_else(|| Refusal::new("InvalidAssociationID.NotFound", words()))
}

fn associated(name: &str, association: &str) -> Xml {
    let mut xml = Xml::default();
    xml.text(name, association);
    xml.block("associationState", |xml| {
        xml.text("state", "associated");
    });
    xml
}
