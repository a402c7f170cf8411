//! Planted faults: each effect, whom it strikes, and how often.

use peerage_core::cloud::{Certainty, LinkRequest, LinkStatus, Remedy};
use peerage_core::provider::Provider;
use peerage_fabric::emulated::{CustomerMode, Effect, FAULTS_MAX, Fault, FaultError, Operation};
use std::time::Duration;

use crate::support::{World, fault, request};

fn aws(peering: u32) -> LinkRequest {
    request(Provider::Aws, peering, 1, "10.8.0.0/21", peering)
}

async fn world() -> World {
    let mut world = World::new(CustomerMode::Accept).await;
    world.network(&aws(1)).await;
    world
}

#[tokio::test]
async fn a_throttled_call_does_not_happen_and_names_a_wait() {
    let world = world().await;
    world.clouds.add_fault(fault(Effect::Throttle { after_millis: 900 })).await.unwrap();
    let error = world.ensure(&aws(1)).await.unwrap_err();
    assert_eq!(error.code, "RequestLimitExceeded");
    assert_eq!(error.remedy, Remedy::Retry { after_ms: Some(900) });
    assert_eq!(error.certainty, Certainty::Definite);
    assert_eq!(world.status(&aws(1)).await, None);
    world.ensure(&aws(1)).await.unwrap();
}

#[tokio::test]
async fn an_error_has_the_words_that_were_planted() {
    let world = world().await;
    for (terminal, remedy) in [(true, Remedy::GiveUp), (false, Remedy::Retry { after_ms: None })] {
        let (code, message) = ("UnauthorizedOperation".to_owned(), "No.".to_owned());
        world.clouds.add_fault(fault(Effect::Error { code, message, terminal })).await.unwrap();
        let error = world.ensure(&aws(1)).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.message.as_str()), ("UnauthorizedOperation", "No."));
        assert_eq!(error.remedy, remedy);
    }
}

#[tokio::test]
async fn a_lost_answer_leaves_what_was_made_and_it_is_adopted() {
    let world = world().await;
    world.clouds.add_fault(fault(Effect::LoseAnswer)).await.unwrap();
    let error = world.ensure(&aws(1)).await.unwrap_err();
    assert_eq!(error.certainty, Certainty::Indefinite);
    let made = world.look(&aws(1)).await.found.unwrap();
    assert_eq!(world.ensure(&aws(1)).await.unwrap().connection_id, made.connection_id);
}

#[tokio::test]
async fn a_lost_request_leaves_nothing() {
    let world = world().await;
    world.clouds.add_fault(fault(Effect::LoseRequest)).await.unwrap();
    let error = world.ensure(&aws(1)).await.unwrap_err();
    assert_eq!(error.certainty, Certainty::Indefinite);
    assert_eq!(world.status(&aws(1)).await, None);
}

#[tokio::test]
async fn a_delay_makes_the_step_longer() {
    let mut world = world().await;
    world.clouds.add_fault(fault(Effect::Delay { millis: 60_000 })).await.unwrap();
    world.ensure(&aws(1)).await.unwrap();
    let span = world.options.pace.aws_initiating + Duration::from_secs(60);
    assert_eq!(world.look(&aws(1)).await.recheck_at, Some(world.now.after(span)));
    world.until(&aws(1), LinkStatus::Active).await;
}

#[tokio::test]
async fn a_refusal_fails_a_connection_of_any_cloud_afterwards() {
    for cloud in Provider::ALL {
        let mut world = World::new(CustomerMode::Manual).await;
        let request = request(cloud, 1, 1, "10.8.0.0/18", 1);
        let words = "VPC not found".to_owned();
        let refuse = Fault { times: None, ..fault(Effect::Refuse { message: words.clone() }) };
        world.clouds.add_fault(refuse).await.unwrap();
        world.make(&request).await;
        let refused = world.until(&request, LinkStatus::Refused).await;
        assert_eq!(refused.message, Some(words), "{cloud}");
        assert_eq!(world.remove(&request).await, Ok(None), "{cloud}");
    }
}

#[tokio::test]
async fn a_refusal_counts_only_when_something_is_made() {
    let world = world().await;
    world.ensure(&aws(1)).await.unwrap();
    world.clouds.add_fault(fault(Effect::Refuse { message: "no".into() })).await.unwrap();
    world.ensure(&aws(1)).await.unwrap();
    world.look(&aws(1)).await;
    assert_eq!(world.clouds.faults().len(), 1);
    world.ensure(&aws(2)).await.unwrap();
    assert_eq!(world.clouds.faults().len(), 0);
}

#[tokio::test]
async fn a_fault_strikes_only_what_it_is_aimed_at_and_as_often_as_told() {
    let world = world().await;
    let aimed = Fault {
        provider: Some("aws".into()),
        operation: Some(Operation::EnsureLink),
        group: Some(aws(2).group.to_string()),
        peering: Some(aws(2).peering.to_string()),
        times: Some(2),
        ..fault(Effect::LoseRequest)
    };
    world.clouds.add_fault(aimed.clone()).await.unwrap();
    world.ensure(&aws(1)).await.unwrap();
    world.look(&aws(2)).await;
    assert!(world.ensure(&aws(2)).await.is_err());
    assert!(world.ensure(&aws(2)).await.is_err());
    world.ensure(&aws(2)).await.unwrap();
    for miss in [
        Fault { provider: Some("GCP".into()), ..aimed.clone() },
        Fault { operation: Some(Operation::RemoveNetwork), ..aimed.clone() },
        Fault { group: Some("0".repeat(24)), ..aimed.clone() },
        Fault { peering: Some("0".repeat(24)), ..aimed },
    ] {
        world.clouds.add_fault(miss).await.unwrap();
    }
    world.ensure(&aws(2)).await.unwrap();
    assert_eq!(world.clouds.faults().len(), 4);
}

/// Source: the contract's `DELETION_FAILED`: Azure will not delete, for good.
#[tokio::test]
async fn a_deletion_can_be_made_to_fail_for_good() {
    let mut world = World::new(CustomerMode::Accept).await;
    let request = request(Provider::Azure, 1, 1, "10.8.0.0/21", 1);
    world.active(&request).await;
    let (code, message) = ("AuthorizationFailed".to_owned(), "No.".to_owned());
    let effect = Effect::Error { code, message, terminal: true };
    let operation = Some(Operation::RemoveLink);
    world.clouds.add_fault(Fault { operation, ..fault(effect) }).await.unwrap();
    assert_eq!(world.remove(&request).await.unwrap_err().remedy, Remedy::GiveUp);
    assert_eq!(world.status(&request).await, Some(LinkStatus::Active));
    world.clear(&request).await;
}

#[tokio::test]
async fn faults_are_bounded_listed_and_cleared() {
    let world = world().await;
    for _ in 0..FAULTS_MAX {
        world.clouds.add_fault(fault(Effect::LoseAnswer)).await.unwrap();
    }
    let one_more = world.clouds.add_fault(fault(Effect::LoseAnswer)).await;
    assert_eq!(one_more, Err(FaultError::TooMany));
    assert_eq!(world.clouds.faults().len(), FAULTS_MAX);
    world.clouds.clear_faults().await.unwrap();
    assert!(world.clouds.faults().is_empty());
    let unknown = Fault { provider: Some("OCI".into()), ..fault(Effect::LoseAnswer) };
    let unknown = world.clouds.add_fault(unknown).await;
    assert_eq!(unknown, Err(FaultError::UnknownProvider("OCI".into())));
}

#[test]
fn a_fault_is_written_in_camel_case() {
    let text = r#"{"provider":"AWS","operation":"ensure_link","group":"g","peering":"p",
        "effect":{"throttle":{"afterMillis":5}},"times":3}"#;
    let fault: Fault = serde_json::from_str(text).unwrap();
    assert!(matches!(fault.effect, Effect::Throttle { after_millis: 5 }));
    assert_eq!(fault.times, Some(3));
    let text = r#"{"effect":"loseAnswer","sometimes":1}"#;
    assert!(serde_json::from_str::<Fault>(text).is_err());
    for effect in [r#""loseRequest""#, r#"{"delay":{"millis":5}}"#, r#"{"refuse":{"message":"x"}}"#]
    {
        let text = format!(r#"{{"effect":{effect}}}"#);
        assert!(serde_json::from_str::<Fault>(&text).is_ok(), "{text}");
    }
}
