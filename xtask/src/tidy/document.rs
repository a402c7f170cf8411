//! Links between our documents lead somewhere.

use std::collections::BTreeSet;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::tree::Tree;
use super::{Check, Finding};

pub(super) const CHECKS: &[Check] =
    &[Check::error("dead-link", "every relative link leads to a file or a heading", dead_links)];

fn dead_links(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.files.iter().filter(|file| file.path.ends_with(".md")) {
        for (line, target) in links(&file.text) {
            let message = wrong(tree, &file.path, &target);
            found.extend(message.map(|message| Finding::at(&file.path, line, message)));
        }
    }
    found
}

/// What is wrong with a link, if anything.
fn wrong(tree: &Tree, from: &str, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (path, heading) = target.split_once('#').unwrap_or((target, ""));
    let Some(path) = resolve(from, path) else {
        return Some(format!("`{target}` leads out of the project"));
    };
    let folder = format!("{path}/");
    if path.is_empty() || tree.paths.iter().any(|known| known.starts_with(&folder)) {
        return None;
    }
    if !tree.paths.contains(&path) {
        return Some(format!("`{target}` leads nowhere: there is no {path}"));
    }
    let page = tree.file(&path).filter(|_| path.ends_with(".md") && !heading.is_empty())?;
    (!anchors(&page.text).contains(heading)).then(|| format!("{path} has no heading `#{heading}`"))
}

/// The path of a link's file; `None` above the top of the project.
fn resolve(from: &str, target: &str) -> Option<String> {
    if target.is_empty() {
        return Some(from.to_owned());
    }
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop()?,
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Every link and picture, with its line.
fn links(text: &str) -> Vec<(usize, String)> {
    let events = Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter();
    let links = events.filter_map(|(event, range)| match event {
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
            let line = 1 + text.get(..range.start).unwrap_or_default().matches('\n').count();
            Some((line, dest_url.into_string()))
        }
        _ => None,
    });
    links.collect()
}

/// The names by which headings are linked: lower case, hyphens for blanks, no other signs.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => found.extend(heading.take()),
            Event::Text(part) | Event::Code(part) => {
                if let Some(heading) = &mut heading {
                    heading.extend(part.to_lowercase().chars().filter_map(anchor_character));
                }
            }
            _ => {}
        }
    }
    found
}

fn anchor_character(character: char) -> Option<char> {
    match character {
        ' ' => Some('-'),
        '-' | '_' => Some(character),
        other => other.is_alphanumeric().then_some(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(target: &str, expect: Option<&str>) {
        let files = [("docs/a.md", "# A `b` c!\n"), ("docs/adr/0001-x.md", "# X\n")];
        let files = files.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()));
        let tree = Tree::new(files.to_vec());
        assert_eq!(wrong(&tree, "docs/adr/0001-x.md", target).as_deref(), expect);
    }

    #[test]
    fn links_to_files_folders_headings_and_the_web_are_good() {
        for good in ["../a.md", "../a.md#a-b-c", "#x", "../adr", "https://example.org/a"] {
            check(good, None);
        }
    }

    #[test]
    fn links_to_nothing_are_told_apart() {
        check("b.md", Some("`b.md` leads nowhere: there is no docs/adr/b.md"));
        check("../a.md#b", Some("docs/a.md has no heading `#b`"));
        check("../../../a.md", Some("`../../../a.md` leads out of the project"));
    }

    #[test]
    fn links_in_code_are_no_links() {
        assert_eq!(links("`[a](b)`\n\n[c][d]\n\n[d]: e\n"), [(3, "e".to_owned())]);
    }
}
