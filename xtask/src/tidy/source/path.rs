//! Paths in code: `a::b::c`, wherever they stand, and each leaf of `use a::{b, c::d}`.

use super::{Kind, Token};

/// A path and where its last part stands.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::tidy) struct NamedPath {
    pub(in crate::tidy) parts: Vec<String>,
    pub(in crate::tidy) line: usize,
}

impl NamedPath {
    /// Whether it begins with these parts.
    pub(in crate::tidy) fn starts_with(&self, parts: &[&str]) -> bool {
        self.parts.len() >= parts.len()
            && self.parts.iter().zip(parts).all(|(one, other)| one == other)
    }

    /// Whether it ends with these parts.
    pub(in crate::tidy) fn ends_with(&self, parts: &[&str]) -> bool {
        self.parts.len() >= parts.len()
            && self.parts.iter().rev().zip(parts.iter().rev()).all(|(one, other)| one == other)
    }
}

pub(super) fn paths(tokens: &[Token]) -> Vec<NamedPath> {
    let mut found = Vec::new();
    // What stands before the group that we are in; nothing for ordinary braces.
    let mut outer: Vec<Vec<String>> = Vec::new();
    let mut current: Vec<String> = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let next = tokens.get(index + 1);
        let goes_on = next.is_some_and(|next| next.kind == Kind::PathSeparator);
        match token.kind {
            Kind::Ident => {
                if current.is_empty() {
                    current.extend(outer.last().into_iter().flatten().cloned());
                }
                if token.text != "self" || current.is_empty() {
                    current.push(token.text.clone());
                }
                if !goes_on {
                    let parts = std::mem::take(&mut current);
                    found.push(NamedPath { parts, line: token.line });
                }
            }
            Kind::PathSeparator => {}
            Kind::Sign if token.is("{") => outer.push(std::mem::take(&mut current)),
            Kind::Sign if token.is("}") => {
                outer.pop();
                current.clear();
            }
            Kind::Sign | Kind::Text | Kind::Literal => current.clear(),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::Source;

    fn check(code: &str, expect: &[&str]) {
        let source = Source::parse(code).unwrap();
        let found: Vec<_> = source.paths().iter().map(|path| path.parts.join("::")).collect();
        for path in expect {
            assert!(found.contains(&(*path).to_owned()), "{path} in {found:?}");
        }
    }

    #[test]
    fn groups_of_use_are_written_out() {
        check("use a::{self, b, c::{d, e as f}};", &["a", "a::b", "a::c::d", "a::c::e"]);
    }

    #[test]
    fn calls_are_paths() {
        check("fn f() { g(::a::b::now()); H::<u8>::new() }", &["a::b::now", "new"]);
    }

    #[test]
    fn ordinary_braces_add_nothing() {
        check("mod m { use x::y; fn z() { p::q } }", &["x::y", "p::q"]);
    }
}
