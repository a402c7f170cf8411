//! Writes XML as EC2 does: elements and text, no attributes below the root.

use std::fmt::Display;

/// A part of a document.
#[derive(Debug, Default)]
pub(super) struct Xml {
    text: String,
}

impl Xml {
    /// An element with text.
    pub(super) fn text(&mut self, name: &str, value: impl Display) -> &mut Self {
        self.open(name);
        let value = value.to_string();
        // A character that XML cannot hold would spoil the whole answer.
        let fit = |c: char| match c {
            '\t' | '\n' | '\r' => c,
            '\0'..' ' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
            _ => c,
        };
        let value: String = value.chars().map(fit).collect();
        self.text.push_str(&quick_xml::escape::escape(value.as_str()));
        self.close(name)
    }

    /// An element with text, if there is any.
    pub(super) fn maybe(&mut self, name: &str, value: Option<impl Display>) -> &mut Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    /// An element with elements.
    pub(super) fn block(&mut self, name: &str, inside: impl FnOnce(&mut Self)) -> &mut Self {
        self.open(name);
        inside(self);
        self.close(name)
    }

    /// A list as EC2 writes it: an element with an `item` for each.
    pub(super) fn items<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut each: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        self.block(name, |list| {
            for item in items {
                list.block("item", |inside| each(inside, item));
            }
        })
    }

    /// Goes on with what was written elsewhere.
    pub(super) fn append(&mut self, other: Self) {
        self.text.push_str(&other.text);
    }

    /// The answer of everything that has nothing to say.
    pub(super) fn done() -> Self {
        let mut xml = Self::default();
        xml.text("return", true);
        xml
    }

    /// The document: this inside a root of that name and namespace.
    pub(super) fn document(self, root: &str, namespace: Option<&str>) -> String {
        let namespace = namespace.map(|name| format!(" xmlns=\"{name}\"")).unwrap_or_default();
        let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
        format!("{head}<{root}{namespace}>{}</{root}>", self.text)
    }

    fn open(&mut self, name: &str) {
        self.text.push('<');
        self.text.push_str(name);
        self.text.push('>');
    }

    fn close(&mut self, name: &str) -> &mut Self {
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push('>');
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_break_out_of_its_element() {
        let mut xml = Xml::default();
        xml.text("a", "</a><b>&\u{1}");
        let text = xml.document("R", Some("n"));
        assert!(
            text.ends_with("<R xmlns=\"n\"><a>&lt;/a&gt;&lt;b&gt;&amp;\u{fffd}</a></R>"),
            "{text}"
        );
    }

    #[test]
    fn what_xml_cannot_hold_is_replaced() {
        let mut xml = Xml::default();
        xml.text("a", "\0\u{1f}\u{fffe}\u{ffff}\u{fffd}\u{10ffff}");
        let text = xml.document("R", None);
        let shown = format!("<a>{}\u{10ffff}</a>", "\u{fffd}".repeat(5));
        assert!(text.contains(&shown), "{text}");
    }
}
