//! Each rule of deny.toml refuses what it is there for.

use super::*;

const POLICY: &str = r#"
[graph]
targets = []
[licenses]
allow = ["MIT", "Apache-2.0"]
[bans]
deny = [{ crate = "openssl", reason = "rustls" }]
skip = [{ crate = "syn@2", reason = "derives of others" }]
[sources]
allow-registry = ["https://example.org/index"]
"#;

fn package(name: &str, version: &str, license: &str) -> Package {
    Package {
        name: name.to_owned(),
        version: version.to_owned(),
        license: (!license.is_empty()).then(|| license.to_owned()),
        source: Some("registry+https://example.org/index".to_owned()),
    }
}

/// `syn 2.0.1` is always there, so that its reason is not stale.
fn check(packages: Vec<Package>, expect: &[&str]) {
    let mut packages = packages;
    packages.push(package("syn", "2.0.1", "MIT"));
    assert_eq!(findings(&toml::from_str(POLICY).unwrap(), &packages), expect);
}

#[test]
fn a_licence_is_on_the_list_or_offers_a_choice_that_is() {
    for good in ["MIT", "MIT/Apache-2.0", "Apache-2.0 / MIT", "(GPL-3.0-only OR MIT) AND MIT"] {
        check(vec![package("a", "1.0.0", good)], &[]);
    }
    let message = "is not on the list of licences in deny.toml";
    for bad in ["GPL-3.0-only", "MIT AND GPL-3.0-only"] {
        check(vec![package("a", "1.0.0", bad)], &[&format!("a 1.0.0: `{bad}` {message}")]);
    }
    check(vec![package("a", "1.0.0", "")], &["a 1.0.0: states no licence"]);
}

#[test]
fn a_source_is_on_the_list() {
    let git = Package {
        source: Some("git+https://example.org/a".to_owned()),
        ..package("a", "1.0.0", "MIT")
    };
    let message = "comes from git+https://example.org/a, which is not a source in deny.toml";
    check(vec![git], &[&format!("a 1.0.0: {message}")]);
    check(vec![Package { source: None, ..package("a", "1.0.0", "MIT") }], &[]);
}

#[test]
fn a_banned_crate_is_refused() {
    check(vec![package("openssl", "1.0.0", "MIT")], &["openssl 1.0.0: is banned: rustls"]);
}

#[test]
fn a_second_version_needs_a_reason() {
    check(vec![package("syn", "3.0.0", "MIT")], &[]);
    let message = "unify them, or give the older one a reason under `skip` in deny.toml";
    let twice = vec![package("a", "1.0.0", "MIT"), package("a", "2.0.0", "MIT")];
    check(twice, &[&format!("a 1.0.0, 2.0.0: {message}")]);
}

#[test]
fn a_reason_for_nothing_is_refused() {
    let found = findings(&toml::from_str(POLICY).unwrap(), &[]);
    assert_eq!(found, ["`skip` of syn@2 in deny.toml covers nothing"]);
}
