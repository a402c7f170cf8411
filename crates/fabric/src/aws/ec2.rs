//! The actions of EC2 that the driver uses, with the shapes that it reads. Every name here is one
//! of the service's model (EC2 API reference, 2016-11-15), and a test compares the two.

mod network;
mod peering;
mod route;

use std::collections::BTreeMap;

pub use network::{Subnet, Vpc, VpcAttribute, Zone};
pub use peering::{Dns, PeeringConnection, Side, State};
pub use route::{Route, RouteTable, TableKind};

use peerage_core::cloud::CallError;
use peerage_core::time::Timestamp;

use super::client::Client;
use super::form::Form;
use super::wire::not_understood;
use super::xml::Element;

/// Tags by key.
pub type Tags = BTreeMap<String, String>;

impl Client {
    /// `CreateTags`: sets tags on one object.
    ///
    /// # Errors
    /// What EC2 refuses.
    pub async fn create_tags(
        &self,
        id: &str,
        tags: &[(&str, String)],
        now: Timestamp,
    ) -> Result<(), CallError> {
        let form = Form::change("CreateTags").list("ResourceId", [id]).tags("Tag", tags);
        self.send(&form, now).await.map(drop)
    }

    /// `DescribeRegions`: the regions that the account may use.
    ///
    /// # Errors
    /// What EC2 refuses.
    pub async fn describe_regions(&self, now: Timestamp) -> Result<Vec<String>, CallError> {
        let answer = self.send(&Form::look("DescribeRegions"), now).await?;
        let names = answer.list("regionInfo").filter_map(|item| item.text_of("regionName"));
        Ok(names.map(str::to_owned).collect())
    }
}

/// A filter of what is found: what it is called, and the values that it may have.
pub type Filter<'a> = (&'a str, &'a [&'a str]);

fn filtered(form: Form, filters: &[Filter<'_>]) -> Form {
    filters.iter().fold(form, |form, (name, values)| form.filter(name, values.iter().copied()))
}

/// The tags of an object.
fn tags_of(element: &Element) -> Tags {
    let pair = |tag: &Element| {
        Some((tag.text_of("key")?.to_owned(), tag.text_of("value").unwrap_or_default().to_owned()))
    };
    element.list("tagSet").filter_map(pair).collect()
}

/// Reads every entry of an answer. One that is not understood spoils all of it: what is not seen is
/// made a second time.
fn each<'a, T>(
    form: &Form,
    entries: impl IntoIterator<Item = &'a Element>,
    read: fn(&Element) -> Option<T>,
) -> Result<Vec<T>, CallError> {
    let entry = |element| read(element).ok_or_else(|| not_understood(form, "an entry is strange"));
    entries.into_iter().map(entry).collect()
}

/// The text of a part.
fn part(element: &Element, name: &'static str) -> Option<String> {
    element.text_of(name).map(str::to_owned)
}
