//! Network containers: three shapes, told apart by `providerName`.
//!
//! Regions are read in the spellings that clients send and answered in the contract's; a block
//! comes back byte for byte. Which block fits which provider is a rule of the domain.

mod answer;

use peerage_core::cidr::AddressBlock;
use peerage_core::container::{AWS_DEFAULT_BLOCK, ContainerSpec};
use peerage_core::provider::Provider;
use peerage_core::region::{AwsRegion, AzureRegion, GcpRegion};

use crate::fields::{Field, Fields, ReadError};
use crate::peer::{read_provider, refuse_other_name};

pub use answer::ContainerView;

/// The most regions that a container on GCP may be restricted to.
const REGIONS_MAX: usize = 64;

/// A request for a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewContainer {
    /// What is asked for.
    pub spec: ContainerSpec,
}

impl NewContainer {
    /// Reads a request. A provider in any case is taken; without one it is AWS, whose block has a
    /// default.
    ///
    /// # Errors
    /// What the body is not, or every field at fault.
    pub fn read(body: &[u8]) -> Result<Self, ReadError> {
        let mut fields = Fields::parse(body)?;
        fields.drop_blank("atlasCidrBlock");
        let spec = read_provider(&mut fields).and_then(|provider| {
            refuse_other_providers(&mut fields, provider);
            match provider {
                Provider::Aws => new_aws(&mut fields),
                Provider::Azure => new_azure(&mut fields),
                Provider::Gcp => new_gcp(&mut fields),
            }
        });
        Ok(fields.finish_with(|| Some(Self { spec: spec? }))?)
    }
}

/// A request to change a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerChange {
    /// What the container is to be: fields that were left out are as they were.
    pub spec: ContainerSpec,
}

impl ContainerChange {
    /// Reads a change to a container that is `old`; a `providerName` has to be the same one.
    ///
    /// # Errors
    /// What the body is not, or every field at fault.
    pub fn read(body: &[u8], old: &ContainerSpec) -> Result<Self, ReadError> {
        let mut fields = Fields::parse(body)?;
        fields.drop_blank("atlasCidrBlock");
        refuse_other_name(&mut fields, old.provider());
        refuse_other_providers(&mut fields, old.provider());
        let block = fields.optional("atlasCidrBlock").block();
        let block = block.unwrap_or_else(|| old.block().clone());
        let spec = match old {
            ContainerSpec::Aws { region, block: _ } => ContainerSpec::Aws {
                region: aws_region(fields.optional("regionName")).unwrap_or(*region),
                block,
            },
            ContainerSpec::Azure { region, block: _ } => ContainerSpec::Azure {
                region: azure_region(fields.optional("region")).unwrap_or(*region),
                block,
            },
            ContainerSpec::Gcp { regions, block: _ } => ContainerSpec::Gcp {
                regions: gcp_regions(&mut fields).unwrap_or_else(|| regions.clone()),
                block,
            },
        };
        fields.finish()?;
        Ok(Self { spec })
    }
}

fn refuse_other_providers(fields: &mut Fields, provider: Provider) {
    let expects = format!("left out: {provider} has no such attribute");
    let foreign = match provider {
        Provider::Aws => ["region", "regions"],
        Provider::Azure => ["regionName", "regions"],
        Provider::Gcp => ["regionName", "region"],
    };
    fields.refuse_foreign(&foreign, &expects);
}

fn new_aws(fields: &mut Fields) -> Option<ContainerSpec> {
    let has_block = fields.has("atlasCidrBlock");
    let block = fields.optional("atlasCidrBlock").block();
    let region = aws_region(fields.required("regionName"));
    let default = || AddressBlock::parse(AWS_DEFAULT_BLOCK).ok();
    Some(ContainerSpec::Aws { region: region?, block: if has_block { block? } else { default()? } })
}

fn new_azure(fields: &mut Fields) -> Option<ContainerSpec> {
    let block = fields.required("atlasCidrBlock").block();
    let region = azure_region(fields.required("region"));
    Some(ContainerSpec::Azure { region: region?, block: block? })
}

fn new_gcp(fields: &mut Fields) -> Option<ContainerSpec> {
    let block = fields.required("atlasCidrBlock").block();
    let regions = gcp_regions(fields).unwrap_or_default();
    Some(ContainerSpec::Gcp { regions, block: block? })
}

fn aws_region(field: Field<'_>) -> Option<AwsRegion> {
    field.one_of(AwsRegion::parse, &some_of(AwsRegion::all().map(AwsRegion::name)))
}

fn azure_region(field: Field<'_>) -> Option<AzureRegion> {
    let allowed = some_of(AzureRegion::all().map(AzureRegion::name));
    field.one_of(AzureRegion::parse, &allowed)
}

fn gcp_regions(fields: &mut Fields) -> Option<Vec<GcpRegion>> {
    let allowed = some_of(GcpRegion::all().map(GcpRegion::name));
    fields
        .optional("regions")
        .list(0..=REGIONS_MAX, |field| field.one_of(GcpRegion::parse, &allowed))
}

/// The first few of many names, for a message.
fn some_of(names: impl Iterator<Item = &'static str>) -> String {
    let names: Vec<_> = names.collect();
    let (first, rest) = names.split_at(names.len().min(4));
    format!("{} and {} more", first.join(", "), rest.len())
}

#[cfg(test)]
mod tests;
