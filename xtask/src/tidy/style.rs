//! How Rust is written here, as far as the compiler and clippy do not say it already.

use super::source::{Kind, Source, Token};
use super::tree::Tree;
use super::{Check, Finding};

pub(super) const CHECKS: &[Check] = &[
    Check::error("readable", "every file of Rust can be read as tokens", readable),
    Check::error("file-header", "every file of Rust opens with `//!`: what it owns", file_headers),
    Check::error("line-length", "lines of Rust have at most 100 characters", line_length),
    Check::error("function-length", "functions have at most 70 lines", function_length),
    Check::error("unfinished", "what is on the main branch is finished", unfinished),
    Check::error("later-comment", "work for later is an issue, not a comment", later_comments),
    Check::error("ignored-test", "a test runs or does not exist", ignored_tests),
    Check::error("lint-exception", "an exception to a lint has its reason", lint_exceptions),
];

const LINE_CHARACTERS_MAX: usize = 100;
const FUNCTION_LINES_MAX: usize = 70;

fn each_source(tree: &Tree, wrong: fn(&Source) -> Vec<(usize, String)>) -> Vec<Finding> {
    let sources = tree.sources();
    let found = sources.flat_map(|(path, source)| {
        wrong(source).into_iter().map(move |(line, message)| Finding::at(path, line, message))
    });
    found.collect()
}

fn readable(tree: &Tree) -> Vec<Finding> {
    let unread = tree.rust().filter(|file| file.source.is_none());
    unread.map(|file| Finding::whole(&file.path, "not Rust: the brackets do not match")).collect()
}

fn file_headers(tree: &Tree) -> Vec<Finding> {
    let bare = tree.rust().filter(|file| !file.text.starts_with("//! "));
    let message = "open it with `//!`: what it owns, what it must not know";
    bare.map(|file| Finding::at(&file.path, 1, message)).collect()
}

fn line_length(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.rust() {
        let long = file.lines().filter(|(_, line)| line.chars().count() > LINE_CHARACTERS_MAX);
        let cannot_break = |number: usize, line: &str| {
            line.contains("://") || file.source.as_ref().is_some_and(|s| in_text(s, number))
        };
        for (number, _) in long.filter(|(number, line)| !cannot_break(*number, line)) {
            found.push(Finding::at(&file.path, number, "break it, or name its parts"));
        }
    }
    found
}

/// Whether a text is what makes this line long.
fn in_text(source: &Source, line: usize) -> bool {
    let texts = source.tokens.iter().filter(|token| token.kind == Kind::Text);
    let mut here = texts.filter(|text| (text.line..=text.last_line).contains(&line));
    here.any(|text| text.last_line > line || text.end_column > LINE_CHARACTERS_MAX - 5)
}

fn function_length(tree: &Tree) -> Vec<Finding> {
    each_source(tree, |source| {
        let functions = source.functions().into_iter();
        let long = functions.filter(|function| function.lines > FUNCTION_LINES_MAX);
        long.map(|function| {
            let message = format!("`{}` has {} lines: split it", function.name, function.lines);
            (function.line, message)
        })
        .collect()
    })
}

fn unfinished(tree: &Tree) -> Vec<Finding> {
    each_source(tree, |source| {
        let calls = source.tokens.windows(2).filter(|pair| {
            let name = pair[0].kind == Kind::Ident && pair[1].is("!");
            name && matches!(pair[0].text.as_str(), "todo" | "unimplemented" | "dbg")
        });
        calls.map(|pair| (pair[0].line, format!("`{}!`: finish it", pair[0].text))).collect()
    })
}

fn later_comments(tree: &Tree) -> Vec<Finding> {
    let marks = ["TODO", "FIXME", "XXX", "HACK"];
    let mut found = Vec::new();
    for (path, source) in tree.sources() {
        for comment in &source.comments {
            let mut words = comment.text.split(|c: char| !c.is_alphanumeric());
            if let Some(mark) = words.find(|word| marks.contains(word)) {
                let message = format!("`{mark}`: do it, or open an issue and say why it is so");
                found.push(Finding::at(path, comment.line, message));
            }
        }
    }
    found
}

fn ignored_tests(tree: &Tree) -> Vec<Finding> {
    each_source(tree, |source| {
        let attributes = source.attributes().into_iter();
        let ignored = attributes.filter_map(|tokens| tokens.first().filter(|t| t.is("ignore")));
        let message = "make the test run, or delete it".to_owned();
        ignored.map(|token| (token.line, message.clone())).collect()
    })
}

fn lint_exceptions(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for (path, source) in tree.sources() {
        // What several test binaries share is used in part by each: nothing to expect.
        let shared = path.contains("/tests/");
        let attributes = source.attributes().into_iter();
        let wrong = attributes.filter_map(|attribute| lint_exception(attribute, shared));
        found.extend(wrong.map(|(line, message)| Finding::at(path, line, message)));
    }
    found
}

fn lint_exception(attribute: &[Token], may_allow: bool) -> Option<(usize, String)> {
    let opens = |index: usize| attribute.get(index + 1).is_some_and(|next| next.is("("));
    let named = |name: &str| {
        let mut tokens = attribute.iter().enumerate();
        tokens.find(|(index, token)| token.is(name) && opens(*index)).map(|(_, token)| token.line)
    };
    let has_reason = attribute.iter().any(|token| token.is("reason"));
    if let Some(line) = named("allow") {
        let fine = may_allow && has_reason;
        return (!fine).then(|| (line, "write `#[expect(<lint>, reason = \"…\")]`".to_owned()));
    }
    let line = named("expect")?;
    (!has_reason).then(|| (line, "say why: `reason = \"…\"`".to_owned()))
}
