//! VPCs, their subnets and attributes, and the zones of a region.

use peerage_core::cloud::CallError;
use peerage_core::time::Timestamp;

use super::super::client::Client;
use super::super::form::Form;
use super::super::wire::not_understood;
use super::super::xml::Element;
use super::{Filter, Tags, each, filtered, part, tags_of};

/// A VPC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vpc {
    /// `vpc-` and hexadecimal digits.
    pub id: String,
    /// Its first block.
    pub block: String,
    /// Whether it is `available`; it is `pending` before.
    pub available: bool,
    /// Its tags.
    pub tags: Tags,
}

/// A subnet of a VPC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subnet {
    /// `subnet-` and hexadecimal digits.
    pub id: String,
    /// Its VPC.
    pub vpc: String,
    /// Its block.
    pub block: String,
    /// Its tags.
    pub tags: Tags,
}

/// A zone of a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Such as `us-east-1a`.
    pub name: String,
    /// Whether a subnet can be made in it without asking for the zone first.
    pub usable: bool,
}

/// What a VPC does about names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VpcAttribute {
    /// Hosts with public addresses have public names.
    DnsHostnames,
    /// The VPC has a resolver.
    DnsSupport,
}

impl VpcAttribute {
    /// Both, in the order in which EC2 takes them: host names need the resolver.
    pub const ALL: [Self; 2] = [Self::DnsSupport, Self::DnsHostnames];

    /// As `DescribeVpcAttribute` calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DnsHostnames => "enableDnsHostnames",
            Self::DnsSupport => "enableDnsSupport",
        }
    }

    /// As `ModifyVpcAttribute` calls it.
    const fn parameter(self) -> &'static str {
        match self {
            Self::DnsHostnames => "EnableDnsHostnames.Value",
            Self::DnsSupport => "EnableDnsSupport.Value",
        }
    }
}

impl Vpc {
    fn read(element: &Element) -> Option<Self> {
        Some(Self {
            id: part(element, "vpcId")?,
            block: part(element, "cidrBlock")?,
            available: element.text_of("state") == Some("available"),
            tags: tags_of(element),
        })
    }
}

impl Subnet {
    fn read(element: &Element) -> Option<Self> {
        Some(Self {
            id: part(element, "subnetId")?,
            vpc: part(element, "vpcId")?,
            block: part(element, "cidrBlock")?,
            tags: tags_of(element),
        })
    }
}

impl Zone {
    fn read(element: &Element) -> Option<Self> {
        let is = |name, value, absent| element.text_of(name).map_or(absent, |text| text == value);
        Some(Self {
            name: part(element, "zoneName")?,
            usable: is("zoneState", "available", true)
                && is("zoneType", "availability-zone", true)
                && element.text_of("optInStatus") != Some("not-opted-in"),
        })
    }
}

impl Client {
    /// `DescribeVpcs`.
    ///
    /// # Errors
    /// What EC2 refuses.
    pub async fn describe_vpcs(
        &self,
        filters: &[Filter<'_>],
        now: Timestamp,
    ) -> Result<Vec<Vpc>, CallError> {
        let form = filtered(Form::look("DescribeVpcs"), filters);
        let found = self.list(&form, "vpcSet", now).await?;
        each(&form, &found, Vpc::read)
    }

    /// `CreateVpc`.
    ///
    /// # Errors
    /// What EC2 refuses.
    pub async fn create_vpc(
        &self,
        block: &str,
        tags: &[(&str, String)],
        now: Timestamp,
    ) -> Result<Vpc, CallError> {
        let form = Form::change("CreateVpc").with("CidrBlock", block).tagged("vpc", tags);
        let answer = self.send(&form, now).await?;
        let vpc = answer.child("vpc").and_then(Vpc::read);
        vpc.ok_or_else(|| not_understood(&form, "it has no VPC"))
    }

    /// `DeleteVpc`.
    ///
    /// # Errors
    /// What EC2 refuses.
    pub async fn delete_vpc(&self, vpc: &str, now: Timestamp) -> Result<(), CallError> {
        self.send(&Form::change("DeleteVpc").with("VpcId", vpc), now).await.map(drop)
    }

    /// `DescribeVpcAttribute`: whether an attribute is switched on.
    ///
    /// # Errors
    /// What EC2 refuses.
    pub async fn describe_vpc_attribute(
        &self,
        vpc: &str,
        attribute: VpcAttribute,
        now: Timestamp,
    ) -> Result<bool, CallError> {
        let form = Form::look("DescribeVpcAttribute")
            .with("VpcId", vpc)
            .with("Attribute", attribute.name());
        let answer = self.send(&form, now).await?;
        let value = answer.child(attribute.name()).and_then(|value| value.flag("value"));
        value.ok_or_else(|| not_understood(&form, "it has no value"))
    }

    /// `ModifyVpcAttribute`: switches an attribute on.
    ///
    /// # Errors
    /// What EC2 refuses.
    pub async fn enable_vpc_attribute(
        &self,
        vpc: &str,
        attribute: VpcAttribute,
        now: Timestamp,
    ) -> Result<(), CallError> {
        // One attribute a request. Source: EC2 API reference, ModifyVpcAttribute.
        let form = Form::change("ModifyVpcAttribute")
            .with("VpcId", vpc)
            .with(attribute.parameter(), "true");
        self.send(&form, now).await.map(drop)
    }

    /// `DescribeSubnets` of one VPC.
    ///
    /// # Errors
    /// What EC2 refuses.
    pub async fn describe_subnets(
        &self,
        vpc: &str,
        now: Timestamp,
    ) -> Result<Vec<Subnet>, CallError> {
        let form = Form::look("DescribeSubnets").filter("vpc-id", [vpc]);
        let found = self.list(&form, "subnetSet", now).await?;
        let subnets = each(&form, &found, Subnet::read)?;
        Ok(subnets.into_iter().filter(|subnet| subnet.vpc == vpc).collect())
    }

    /// `CreateSubnet`.
    ///
    /// # Errors
    /// What EC2 refuses.
    pub async fn create_subnet(
        &self,
        vpc: &str,
        block: &str,
        zone: &str,
        tags: &[(&str, String)],
        now: Timestamp,
    ) -> Result<Subnet, CallError> {
        let form = Form::change("CreateSubnet")
            .with("VpcId", vpc)
            .with("CidrBlock", block)
            .with("AvailabilityZone", zone)
            .tagged("subnet", tags);
        let answer = self.send(&form, now).await?;
        let subnet = answer.child("subnet").and_then(Subnet::read);
        subnet.ok_or_else(|| not_understood(&form, "it has no subnet"))
    }

    /// `DeleteSubnet`.
    ///
    /// # Errors
    /// What EC2 refuses.
    pub async fn delete_subnet(&self, subnet: &str, now: Timestamp) -> Result<(), CallError> {
        self.send(&Form::change("DeleteSubnet").with("SubnetId", subnet), now).await.map(drop)
    }

    /// `DescribeAvailabilityZones`.
    ///
    /// # Errors
    /// What EC2 refuses.
    pub async fn describe_zones(&self, now: Timestamp) -> Result<Vec<Zone>, CallError> {
        let form = Form::look("DescribeAvailabilityZones");
        let answer = self.send(&form, now).await?;
        each(&form, answer.list("availabilityZoneInfo"), Zone::read)
    }
}
