//! Looks for text that must not be where it is, as it is and in the forms in which it might hide.
//!
//! Must not know what is looked through or why. A base64 form is looked for without its first and
//! last letters, which depend on what stands beside the text.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// What may not be found, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Needles(Vec<Needle>);

#[derive(Clone, Debug)]
struct Needle {
    name: String,
    forms: Vec<(&'static str, String)>,
}

impl Needles {
    /// Text that may be nowhere; short text would be found by chance.
    pub(crate) fn add(&mut self, name: impl Into<String>, text: impl AsRef<[u8]>) {
        let (name, text) = (name.into(), text.as_ref());
        assert!(text.len() >= 8, "{name} is too short to be looked for");
        if self.0.iter().all(|known| known.forms[0].1 != latin(text)) {
            self.0.push(Needle { name, forms: forms(text) });
        }
    }

    /// What is found, each with where and in which form, and the text before it.
    pub(crate) fn find(&self, place: &str, text: &[u8]) -> Vec<String> {
        let (text, mut found) = (latin(text), Vec::new());
        for Needle { name, forms } in &self.0 {
            for (form, needle) in forms {
                if let Some(at) = text.find(needle.as_str()) {
                    let before: String = text[..at].chars().rev().take(160).collect();
                    let before: String = before.chars().rev().collect();
                    found.push(format!("{place}: {name} ({form}) after {before:?}"));
                }
            }
        }
        found
    }
}

fn forms(text: &[u8]) -> Vec<(&'static str, String)> {
    let mut forms = vec![
        ("as it is", latin(text)),
        ("hex", hex::encode(text)),
        ("hex in capitals", hex::encode_upper(text)),
    ];
    for offset in 0..3 {
        for (name, engine) in [("base64", STANDARD), ("base64url", URL_SAFE)] {
            let padded = [&[0; 2][..offset], text].concat();
            let whole = engine.encode(&padded);
            let (first, last) = ([0, 2, 3][offset], padded.len() * 8 / 6);
            forms.push((name, whole[first..last].to_owned()));
        }
    }
    forms
}

/// Bytes as text of as many characters, in which the standard library finds quickly.
fn latin(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

#[test]
fn a_needle_is_found_in_each_form_and_at_each_alignment() {
    let mut needles = Needles::default();
    let secret = "qz-secret-canary";
    needles.add("it", secret);
    let planted = [
        format!("before {secret} after"),
        format!("0x{}", hex::encode(format!("a{secret}b"))),
        format!("0x{}", hex::encode_upper(secret)),
        STANDARD.encode(format!("user:{secret}")),
        STANDARD.encode(format!("name:{secret}!")),
        URL_SAFE.encode(format!("names?:{secret}??")),
        STANDARD.encode(secret),
    ];
    for text in planted {
        assert!(!needles.find("here", text.as_bytes()).is_empty(), "{text}");
    }
    for text in ["qz-secret-canar", "QZ-SECRET-CANARY", "nothing"] {
        assert_eq!(needles.find("here", text.as_bytes()), Vec::<String>::new());
    }
}
