//! The end of a world: nothing goes wrong any more, everything comes to rest, what is believed is
//! what is there, and after everything is taken away nothing is left.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use peerage::app::audit::verify::Known;
use peerage_core::cloud::LinkRequest;
use peerage_core::container::Container;
use peerage_core::peering::Peering;
use peerage_core::provider::Provider;
use peerage_fabric::Fabric;
use peerage_store::{ListRequest, Store, keys};

use crate::client::Client;
use crate::linear::{self, Call, Verdict};
use crate::model::{Atlas, Op, Place, Project};
use crate::replica::Life;
use crate::world::{World, wait};

/// How long everything may take to come to rest once nothing goes wrong any more: the longest wait
/// after failures, the poll, a lease and the clocks that were put back, several times over.
const REST_MAX: Duration = Duration::from_mins(40);
/// Longer than a round of the reconciler and the longest stop of a replica together.
const ROUND: Duration = Duration::from_mins(8);
/// Between two looks.
const LOOK: Duration = Duration::from_secs(1);
/// Longer than any cloud remembers a connection that came to an end.
const FORGOTTEN: Duration = Duration::from_hours(24 * 30);

/// Ends a world and finds what is wrong with it.
pub async fn end(world: &Arc<World>) {
    world.calm();
    if !rests(world, "it was to come to rest").await {
        return;
    }
    // A round of the reconciler, for what customers did while nobody listened.
    wait(ROUND).await;
    if !rests(world, "it was to stay at rest").await {
        return;
    }
    beliefs(world).await;
    last_look(world).await;
    if clean_up(world).await {
        leftovers(world).await;
    }
    trails(world).await;
    histories(world);
}

/// Waits until nothing has anything to do; says what has, after too long a wait.
async fn rests(world: &Arc<World>, why: &str) -> bool {
    let mut left = REST_MAX;
    loop {
        let restless = world.judge(|judge| judge.restless());
        let Some(restless) = restless else { return true };
        if left.is_zero() {
            world.accuse(format!("{why} in {} s: {restless}", REST_MAX.as_secs()));
            return false;
        }
        left = left.saturating_sub(LOOK);
        wait(LOOK).await;
    }
}

async fn somebody(world: &World) -> Arc<Life> {
    loop {
        if let Some(life) = world.alive().first() {
            return Arc::clone(life);
        }
        wait(LOOK).await;
    }
}

/// Compares what is believed of every connection with what is there.
async fn beliefs(world: &World) {
    let life = somebody(world).await;
    // What is still to come by the clock of whoever works on it has not come.
    let now = world.alive().iter().map(|life| life.clock.now()).min().unwrap_or_default();
    for (peering, home) in world.judge(|judge| judge.peerings()) {
        let Some(home) = home else { continue };
        let request = request(&peering, &home);
        let there = match life.clouds.observe_link(&request, now).await {
            Ok(sighting) => sighting.found,
            Err(error) => {
                world.accuse(format!("the clouds cannot be looked at: {error}"));
                return;
            }
        };
        let believed = peering.observed.found();
        if peering.phase.is_failed() || peering.phase.is_deletion_failed() {
            continue;
        }
        let same = match (&there, believed) {
            (Some(there), Some(believed)) => {
                there.status == believed.status && there.handshake == believed.handshake
            }
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if !same {
            let id = peering.id;
            world.accuse(format!("peering {id} believes in {believed:?}, there is {there:?}"));
        }
    }
}

fn request(peering: &Peering, home: &Container) -> LinkRequest {
    LinkRequest {
        group: peering.group,
        peering: peering.id,
        container: peering.container,
        handshake: peering.handshake,
        ours: home.spec.clone(),
        names: home.observed.found().map(|network| network.names.clone()),
        customer: peering.customer.clone(),
    }
}

/// Everybody looks at everything once more: what was acknowledged has to be in what they see.
async fn last_look(world: &Arc<World>) {
    for tenant in 0..world.tenants.len() {
        let mut client = Client::new(Arc::clone(world), tenant, 15);
        client.list_containers().await;
        for provider in Provider::ALL {
            client.list_of(provider).await;
        }
    }
}

/// Takes everything away.
async fn clean_up(world: &Arc<World>) -> bool {
    let mut left = REST_MAX;
    loop {
        let peerings = world.judge(|judge| judge.peerings());
        let containers = world.judge(|judge| judge.containers());
        if peerings.is_empty() && containers.is_empty() {
            return true;
        }
        if left.is_zero() {
            let restless = world.judge(|judge| judge.restless());
            let (peerings, containers) = (peerings.len(), containers.len());
            world.accuse(format!(
                "{peerings} peerings and {containers} containers do not go away: {restless:?}"
            ));
            return false;
        }
        let life = somebody(world).await;
        for (tenant, place) in world.tenants.iter().zip(0..) {
            let mut client = Client::new(Arc::clone(world), place, 14);
            for (peering, _) in peerings.iter().filter(|(it, _)| it.group == tenant.group) {
                if !peering.phase.is_deleting() || peering.phase.is_deletion_failed() {
                    client.remove(peering.id).await;
                }
            }
            for container in containers.iter().filter(|it| it.group == tenant.group) {
                if container.refuse_in_use().is_ok() {
                    // Refused while its peerings are on their way out.
                    let (owner, group) = (&tenant.owner, tenant.group);
                    let _ = life.app.delete_container(owner, group, container.id).await;
                }
            }
        }
        left = left.saturating_sub(LOOK);
        wait(LOOK).await;
    }
}

/// Nothing may be left in any cloud, and nothing in the index.
async fn leftovers(world: &World) {
    let life = somebody(world).await;
    let later = life.clock.now().after(FORGOTTEN);
    if let Err(error) = life.clouds.advance(later).await {
        world.accuse(format!("the time of the clouds does not pass: {error}"));
    }
    let names = match &world.outside {
        Some((_, journal)) => journal.objects().into_keys().collect(),
        None => names_below(world, "emulated/").await,
    };
    for name in names.iter().filter(|name| name.starts_with("link") || name.starts_with("network"))
    {
        world.accuse(format!("nobody has it and it is still in a cloud: {name}"));
    }
    let nudge = String::from_utf8_lossy(keys::nudge().as_bytes()).into_owned();
    let marks = names_below(world, "todo/").await;
    for mark in marks.iter().filter(|mark| format!("todo/{mark}") != nudge) {
        world.accuse(format!("the index still knows {mark}"));
    }
}

/// Every event of every change is in its trail, in the order in which the changes happened.
async fn trails(world: &World) {
    let life = somebody(world).await;
    match life.app.verify_trails(&Known::default()).await {
        Ok(report) => {
            for finding in report.findings {
                // The projects of a simulated world were not made by anybody.
                if finding.what != "it is missing, and its place is there" {
                    world.accuse(format!("the audit trail is not whole: {finding:?}"));
                }
            }
            world.count_up("events in their trails", report.events);
        }
        Err(failure) => world.accuse(format!("the audit trail cannot be read: {failure}")),
    }
}

/// What is stored below a prefix, without it.
async fn names_below(world: &World, prefix: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut request = ListRequest::prefix(prefix);
    loop {
        let page = match world.store.list(request.clone()).await {
            Ok(page) => page,
            Err(error) => {
                world.accuse(format!("the store cannot be read: {error}"));
                return names;
            }
        };
        for entry in &page.entries {
            let name = &entry.key.as_bytes()[prefix.len()..];
            names.push(String::from_utf8_lossy(name).into_owned());
        }
        request.after = page.entries.last().map(|entry| entry.key.clone());
        if !page.more {
            return names;
        }
    }
}

/// What the clients of each project saw has to be explained by some order.
fn histories(world: &World) {
    for tenant in &world.tenants {
        let desk = tenant.desk.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let atlas = &desk.atlas;
        for provider in Provider::ALL {
            let on_cloud = |place: Place| place.provider == provider;
            if history(world, atlas, &desk.history, &on_cloud) {
                continue;
            }
            // Too many things at one time: what happened in each place is judged by itself.
            world.count("histories judged in parts");
            let places: BTreeSet<Place> = atlas.places.values().copied().collect();
            for one in places.into_iter().filter(|place| on_cloud(*place)) {
                if !history(world, atlas, &desk.history, &|place| place == one) {
                    world.accuse(format!("what was seen in {one:?} is too long to be judged"));
                }
            }
        }
    }
}

/// Judges a part of a history; whether it could.
fn history(world: &World, atlas: &Atlas, all: &[Call<Op>], wanted: &dyn Fn(Place) -> bool) -> bool {
    let part = atlas.part(all, wanted);
    match linear::check(&Project(atlas), &part) {
        Verdict::Linearizable => true,
        Verdict::TooHard => false,
        Verdict::Impossible(explained) => {
            part.iter().for_each(|call| world.note(|| format!("{call:?}")));
            world.accuse(format!(
                "what the clients of a project saw cannot have happened in any order: no more \
                 than {explained} of {} calls can be explained",
                part.len()
            ));
            true
        }
    }
}
