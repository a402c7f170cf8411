//! The IP access list of a project: wire to domain and back.

use std::sync::Arc;

use crate::app::records::AccessListRecord;
use peerage_core::authz::{Action, Resource};
use peerage_core::error::Refusal;
use peerage_core::id::GroupId;
use peerage_wire::access_list::{Entry, EntryState, EntryStatus, NewEntry, Target};
use peerage_wire::page::Link;

use super::call::Call;
use super::fault::Fault;
use super::operation::{Bucket, Media, Operation, table};
use super::reply::Reply;
use crate::app::App;
use crate::app::access_list::NewAccess;

/// The operations on access lists.
pub(super) fn operations() -> Vec<Operation> {
    table! { Media::Atlas(&["2023-01-01"]), Bucket::Project;
        "listGroupAccessListEntries" GET "/api/atlas/v2/groups/{groupId}/accessList" list;
        "createGroupAccessListEntry" POST "/api/atlas/v2/groups/{groupId}/accessList" create;
        "getGroupAccessListEntry" GET "/api/atlas/v2/groups/{groupId}/accessList/{entryValue}" get;
        "deleteGroupAccessListEntry" DELETE "/api/atlas/v2/groups/{groupId}/accessList/{entryValue}"
            delete;
        "getGroupAccessListStatus" GET "/api/atlas/v2/groups/{groupId}/accessList/{entryValue}/status"
            get_status;
    }
}

async fn list(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let group = call.id("groupId")?;
    call.page()?;
    let entries = app.list_access(call.caller()?, group).await?;
    call.list(&entries, &[], |entry| view(&call, group, entry))
}

async fn create(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let group = call.id("groupId")?;
    call.page()?;
    app.may_in_group(call.caller()?, group, Action::Create, Resource::AccessList).await?;
    let new: Vec<NewAccess> = NewEntry::read_all(&call.body)?.into_iter().map(access).collect();
    let entries = app.add_access(call.caller()?, group, &new).await?;
    call.list(&entries, &[], |entry| view(&call, group, entry))
}

async fn get(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let group = call.id("groupId")?;
    let entry = app.get_access(call.caller()?, group, &canonical(&call, group)?).await?;
    Reply::ok(&view(&call, group, &entry))
}

async fn get_status(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let group = call.id("groupId")?;
    app.get_access(call.caller()?, group, &canonical(&call, group)?).await?;
    Reply::ok(&EntryStatus { status: EntryState::Active })
}

async fn delete(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let group = call.id("groupId")?;
    app.delete_access(call.caller()?, group, &canonical(&call, group)?).await?;
    Ok(Reply::no_content())
}

/// The entry of the path in the form that tells entries apart.
fn canonical(call: &Call, group: GroupId) -> Result<String, Fault> {
    let text = call.text("entryValue");
    let unknown = || Refusal::AccessListEntryNotFound { entry: text.to_owned(), group };
    Target::parse(text).map(|target| target.canonical()).ok_or_else(|| unknown().into())
}

fn access(entry: NewEntry) -> NewAccess {
    let NewEntry { target, comment, delete_after } = entry;
    NewAccess {
        entry: target.as_str().to_owned(),
        canonical: target.canonical(),
        is_security_group: matches!(target, Target::SecurityGroup(_)),
        comment,
        delete_after,
    }
}

fn view(call: &Call, group: GroupId, record: &AccessListRecord) -> Entry {
    let target = Target::parse(&record.entry);
    let target = target.unwrap_or_else(|| Target::SecurityGroup(record.entry.clone()));
    let path = record.entry.replace('/', "%2F");
    let own = format!("{}/api/atlas/v2/groups/{group}/accessList/{path}", call.base_url);
    Entry {
        target,
        comment: record.comment.clone(),
        delete_after: record.delete_after,
        group,
        links: vec![Link::new(own, "self")],
    }
}
