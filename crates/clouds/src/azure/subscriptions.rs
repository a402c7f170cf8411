//! Directories, subscriptions, the places that these offer and the providers that they use.
//!
//! Source: the reference of `Microsoft.Resources/subscriptions`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::access::check;
use super::answer::{Answered, json_answer, page};
use super::bearer::Caller;
use super::call::Call;
use super::refusal;
use super::world::World;
use super::{CUSTOMER_TENANT, SERVICE_SUBSCRIPTION, SERVICE_TENANT};

/// Providers that a subscription is registered with: clients such as Terraform ask before they
/// begin.
const PROVIDERS: [&str; 3] =
    ["Microsoft.Authorization", "Microsoft.Network", "Microsoft.Resources"];

/// The public regions: name and title.
const LOCATIONS: [(&str, &str); 50] = [
    ("australiacentral", "Australia Central"),
    ("australiacentral2", "Australia Central 2"),
    ("australiaeast", "Australia East"),
    ("australiasoutheast", "Australia Southeast"),
    ("brazilsouth", "Brazil South"),
    ("brazilsoutheast", "Brazil Southeast"),
    ("canadacentral", "Canada Central"),
    ("canadaeast", "Canada East"),
    ("centralindia", "Central India"),
    ("centralus", "Central US"),
    ("chilecentral", "Chile Central"),
    ("eastasia", "East Asia"),
    ("eastus", "East US"),
    ("eastus2", "East US 2"),
    ("francecentral", "France Central"),
    ("francesouth", "France South"),
    ("germanynorth", "Germany North"),
    ("germanywestcentral", "Germany West Central"),
    ("indonesiacentral", "Indonesia Central"),
    ("israelcentral", "Israel Central"),
    ("italynorth", "Italy North"),
    ("japaneast", "Japan East"),
    ("japanwest", "Japan West"),
    ("koreacentral", "Korea Central"),
    ("koreasouth", "Korea South"),
    ("malaysiawest", "Malaysia West"),
    ("mexicocentral", "Mexico Central"),
    ("newzealandnorth", "New Zealand North"),
    ("northcentralus", "North Central US"),
    ("northeurope", "North Europe"),
    ("norwayeast", "Norway East"),
    ("norwaywest", "Norway West"),
    ("polandcentral", "Poland Central"),
    ("qatarcentral", "Qatar Central"),
    ("southafricanorth", "South Africa North"),
    ("southafricawest", "South Africa West"),
    ("southcentralus", "South Central US"),
    ("southeastasia", "Southeast Asia"),
    ("southindia", "South India"),
    ("spaincentral", "Spain Central"),
    ("swedencentral", "Sweden Central"),
    ("switzerlandnorth", "Switzerland North"),
    ("switzerlandwest", "Switzerland West"),
    ("uaenorth", "UAE North"),
    ("uksouth", "UK South"),
    ("ukwest", "UK West"),
    ("westcentralus", "West Central US"),
    ("westeurope", "West Europe"),
    ("westus2", "West US 2"),
    ("westus3", "West US 3"),
];

pub(super) fn tenants(call: &mut Call<'_>) -> Answered {
    let shown = |tenant: &str| {
        let id = format!("/tenants/{tenant}");
        json!({ "id": id, "tenantId": tenant, "tenantCategory": "Home" })
    };
    let tenants = tenants_of(call.world, &call.caller);
    let tenants = tenants.into_iter().map(|tenant| (tenant.clone(), shown(&tenant))).collect();
    page(call, tenants)
}

pub(super) fn list(call: &mut Call<'_>) -> Answered {
    let mine = tenants_of(call.world, &call.caller);
    let known = known(call.world);
    let known = known.into_iter().filter(|(_, tenant)| mine.contains(tenant));
    let known = known.map(|(id, tenant)| (id.clone(), shown(&id, &tenant))).collect();
    page(call, known)
}

pub(super) fn get(call: &mut Call<'_>, id: &str) -> Answered {
    check(call, "Microsoft.Resources/subscriptions/read", &format!("/subscriptions/{id}"))?;
    Ok(json_answer(200, &shown(id, &call.world.tenant_of(id))))
}

pub(super) fn locations(call: &mut Call<'_>, id: &str) -> Answered {
    let scope = format!("/subscriptions/{id}");
    check(call, "Microsoft.Resources/subscriptions/locations/read", &scope)?;
    let locations = LOCATIONS.iter().map(|(name, title)| {
        json!({
            "id": format!("{scope}/locations/{name}"),
            "name": name,
            "displayName": title,
            "regionalDisplayName": title,
            "type": "Region",
        })
    });
    Ok(json_answer(200, &json!({ "value": locations.collect::<Vec<_>>() })))
}

pub(super) fn providers(call: &mut Call<'_>, id: &str) -> Answered {
    let scope = format!("/subscriptions/{id}");
    check(call, "Microsoft.Resources/subscriptions/providers/read", &scope)?;
    let providers: Vec<Value> = PROVIDERS.iter().map(|name| provider_at(&scope, name)).collect();
    Ok(json_answer(200, &json!({ "value": providers })))
}

pub(super) fn provider(call: &mut Call<'_>, id: &str, name: &str) -> Answered {
    let scope = format!("/subscriptions/{id}");
    check(call, "Microsoft.Resources/subscriptions/providers/read", &scope)?;
    let known = PROVIDERS.iter().find(|one| one.eq_ignore_ascii_case(name));
    let known = known.ok_or_else(|| {
        let words = format!("The resource namespace '{name}' is invalid.");
        refusal::Refusal::new(404, "InvalidResourceNamespace", words)
    })?;
    Ok(json_answer(200, &provider_at(&scope, known)))
}

/// The directories that exist.
pub(super) fn all_tenants(world: &World) -> Vec<String> {
    let registered = world.subscriptions.iter().map(|(_, one)| one.tenant.clone());
    let at_home = world.applications.iter().map(|(_, one)| one.tenant.clone());
    let usual = [SERVICE_TENANT, CUSTOMER_TENANT].map(str::to_owned);
    let joined = world.principals.iter().map(|(_, one)| one.tenant.clone());
    let mut all: Vec<String> = registered.chain(at_home).chain(joined).chain(usual).collect();
    all.sort();
    all.dedup();
    all
}

fn tenants_of(world: &World, caller: &Caller) -> Vec<String> {
    match caller {
        Caller::Application(principal) => vec![principal.tenant.clone()],
        Caller::Administrator => {
            let mut all = all_tenants(world);
            all.retain(|tenant| tenant != SERVICE_TENANT);
            all
        }
    }
}

/// The subscriptions that were registered or have a resource group, and their directories.
fn known(world: &World) -> BTreeMap<String, String> {
    let with_groups = world.groups.iter().map(|(_, one)| one.id.subscription.to_lowercase());
    let registered = world.subscriptions.iter().map(|(id, _)| id.clone());
    let all = with_groups.chain(registered).chain([SERVICE_SUBSCRIPTION.to_owned()]);
    all.map(|id| (id.clone(), world.tenant_of(&id))).collect()
}

fn shown(id: &str, tenant: &str) -> Value {
    json!({
        "id": format!("/subscriptions/{id}"),
        "subscriptionId": id,
        "tenantId": tenant,
        "displayName": id,
        "state": "Enabled",
        "authorizationSource": "RoleBased",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    })
}

fn provider_at(scope: &str, name: &str) -> Value {
    json!({
        "id": format!("{scope}/providers/{name}"),
        "namespace": name,
        "registrationState": "Registered",
        "registrationPolicy": "RegistrationRequired",
        "resourceTypes": [],
    })
}
