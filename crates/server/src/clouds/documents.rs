//! What the service must be allowed in each cloud, as that cloud's own documents.

use peerage_fabric::{aws, azure, gcp};

/// The policy of IAM.
#[must_use]
pub fn aws_policy(installation: &str) -> String {
    pretty(&aws::policy(installation))
}

/// The trust policy of a role that only `principal` may assume, for one project.
#[must_use]
pub fn trust_policy(principal: &str, external_id: &str) -> String {
    pretty(&aws::trust_policy(principal, external_id))
}

/// The role for our subscription.
#[must_use]
pub fn azure_role(subscription: &str) -> String {
    pretty(&azure::permissions::role(subscription))
}

/// The role that a customer gives on a network: its subscription, resource group and name.
#[must_use]
pub fn azure_customer_role((subscription, group, vnet): (&str, &str, &str)) -> String {
    pretty(&azure::permissions::customer_role(subscription, group, vnet))
}

/// The role of GCP.
#[must_use]
pub fn gcp_role() -> String {
    gcp::role()
}

fn pretty(value: &serde_json::Value) -> String {
    format!("{value:#}")
}
