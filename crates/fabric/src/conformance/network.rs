//! Laws of the service's own networks.

use peerage_core::cloud::NetworkNames;

use super::stage::Stage;
use super::{ALL, Kept, ensure, laws};

laws! {
    Accept, ALL, "A network that was asked for is ready in the end" => ready_in_the_end;
    Accept, ALL, "A network that was asked for twice is made once" => made_once;
    Accept, ALL, "Two containers have two networks" => two_networks;
    Accept, ALL, "A network is named in the manner of its cloud" => named_like_its_cloud;
    Accept, ALL, "A network that was never made is removed already" => never_made;
    Accept, ALL, "A network can be removed twice" => removed_twice;
    Accept, ALL, "A removed network can be made again, and is another one" => made_again;
    Accept, ALL, "A network on its way out is not ready" => not_ready_on_its_way;
    Accept, ALL, "A network keeps its names across a restart" => survives;
    Accept, ALL, "A network that has a connection stays" => stays_while_used;
}

async fn ready_in_the_end(stage: &mut Stage) -> Kept {
    stage.network(1).await.map(drop)
}

async fn made_once(stage: &mut Stage) -> Kept {
    let request = stage.network_request(1);
    let first = stage.ensure_network(&request).await?.map(|network| network.names);
    let second = stage.network(1).await?;
    ensure!(first.as_ref() == Some(&second), "{first:?} became {second:?}");
    Ok(())
}

async fn two_networks(stage: &mut Stage) -> Kept {
    let (first, second) = (stage.network(1).await?, stage.network(2).await?);
    ensure!(first != second, "both are {first:?}");
    Ok(())
}

async fn named_like_its_cloud(stage: &mut Stage) -> Kept {
    let names = stage.network(1).await?;
    let good = match &names {
        NetworkNames::Aws { vpc_id } => is(vpc_id, "vpc-", 17, is_hex),
        NetworkNames::Azure { subscription_id, vnet_name } => {
            let letter = |c: char| c.is_ascii_alphanumeric() || "-_.()".contains(c);
            (is(subscription_id, "", 24, is_hex) || is_uuid(subscription_id))
                && !vnet_name.is_empty()
                && vnet_name.chars().all(letter)
        }
        NetworkNames::Gcp { project_id, network_name } => {
            let parts = network_name.rsplit_once('-');
            (is(project_id, "p-", 24, is_word) || is_project(project_id))
                && parts.is_some_and(|(front, back)| {
                    is(front, "nt-", 24, is_hex) && is(back, "", 8, is_word)
                })
        }
    };
    ensure!(good, "{names:?}");
    Ok(())
}

async fn never_made(stage: &mut Stage) -> Kept {
    let request = stage.network_request(1);
    let found = stage.remove_network(&request).await?;
    ensure!(found.is_none(), "{found:?}");
    Ok(())
}

async fn removed_twice(stage: &mut Stage) -> Kept {
    stage.network(1).await?;
    gone(stage).await?;
    gone(stage).await
}

async fn made_again(stage: &mut Stage) -> Kept {
    let first = stage.network(1).await?;
    gone(stage).await?;
    let second = stage.network(1).await?;
    ensure!(first != second, "both are {first:?}");
    Ok(())
}

async fn not_ready_on_its_way(stage: &mut Stage) -> Kept {
    let names = stage.network(1).await?;
    let found = stage.remove_network(&stage.network_request(1)).await?;
    let goes = found.as_ref().is_none_or(|network| !network.ready && network.names == names);
    ensure!(goes, "{found:?}");
    gone(stage).await
}

async fn survives(stage: &mut Stage) -> Kept {
    let before = stage.network(1).await?;
    if !stage.restart().await {
        return Ok(());
    }
    let after = stage.network(1).await?;
    ensure!(after == before, "{before:?} became {after:?}");
    Ok(())
}

async fn stays_while_used(stage: &mut Stage) -> Kept {
    let (link, _) = stage.active(1).await?;
    let request = stage.network_request(1);
    for _ in 0..20 {
        let answer = stage.fabric.remove_network(&request, stage.now).await;
        ensure!(answer.is_err(), "removed all the same: {answer:?}");
        stage.pass(std::time::Duration::from_secs(10));
    }
    stage.clear(&link).await?;
    gone(stage).await
}

async fn gone(stage: &mut Stage) -> Kept {
    let request = stage.network_request(1);
    for _ in 0..400 {
        if stage.remove_network(&request).await?.is_none() {
            return Ok(());
        }
        stage.pass(std::time::Duration::from_secs(1));
    }
    Err(super::Breach("a removal comes to no end".into()))
}

fn is(text: &str, prefix: &str, length: usize, letter: fn(char) -> bool) -> bool {
    let rest = text.strip_prefix(prefix).unwrap_or_default();
    rest.len() == length && rest.chars().all(letter)
}

fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.chars().all(|letter| letter == '-' || is_hex(letter))
}

/// Source: the naming rules of Google's projects.
fn is_project(text: &str) -> bool {
    (6..=30).contains(&text.len())
        && text.starts_with(|letter: char| letter.is_ascii_lowercase())
        && text.chars().all(|letter| letter == '-' || is_word(letter))
}

fn is_hex(letter: char) -> bool {
    letter.is_ascii_digit() || ('a'..='f').contains(&letter)
}

fn is_word(letter: char) -> bool {
    letter.is_ascii_digit() || letter.is_ascii_lowercase()
}
