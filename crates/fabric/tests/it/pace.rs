//! How a pace is written in a configuration.

use std::time::Duration;

use peerage_fabric::emulated::Pace;
use serde_json::{from_str, json};

#[test]
fn a_pace_has_a_name() {
    assert_eq!(from_str::<Pace>("\"instant\"").unwrap(), Pace::instant());
    assert_eq!(from_str::<Pace>("\"fast\"").unwrap(), Pace::fast());
    assert_eq!(from_str::<Pace>("\"realistic\"").unwrap(), Pace::realistic());
    assert_eq!(Pace::named("slow"), None);
    assert!(from_str::<Pace>("\"slow\"").is_err());
}

#[test]
fn each_wait_can_be_set_by_itself() {
    let text = json!({ "base": "fast", "network": "15s", "customer": "250ms", "removal": "2m" });
    let pace: Pace = serde_json::from_value(text).unwrap();
    let expected = Pace {
        network: Duration::from_secs(15),
        customer: Duration::from_millis(250),
        removal: Duration::from_mins(2),
        ..Pace::fast()
    };
    assert_eq!(pace, expected);
    let pace: Pace = serde_json::from_value(json!({ "azure_connecting": "1h" })).unwrap();
    let expected = Pace { azure_connecting: Duration::from_hours(1), ..Pace::realistic() };
    assert_eq!(pace, expected);
}

#[test]
fn what_is_no_wait_is_refused() {
    for text in ["15", "s", "-1s", "1.5s", "15 weeks", "99999999999999999999s"] {
        assert!(serde_json::from_value::<Pace>(json!({ "network": text })).is_err(), "{text}");
    }
    assert!(serde_json::from_value::<Pace>(json!({ "networks": "1s" })).is_err());
}

/// Source: what tools that wait for the clouds expect: 15 s to initiate and 60 s to finish on AWS,
/// about 90 s on the others, removals of 30 to 60 s.
#[test]
fn the_realistic_pace_is_that_of_the_clouds() {
    let pace = Pace::realistic();
    let near = |span: Duration| (75..=105).contains(&span.as_secs());
    assert_eq!(pace.aws_initiating, Duration::from_secs(15));
    assert_eq!(pace.aws_provisioning, Duration::from_mins(1));
    assert!(near(pace.azure_connecting) && near(pace.gcp_operation + pace.customer), "{pace:?}");
    assert!((30..=60).contains(&pace.removal.as_secs()), "{pace:?}");
}
