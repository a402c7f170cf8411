//! Answers of EC2 and STS as trees: small, bounded in depth and in number of elements, without
//! document types. Attributes and namespaces mean nothing in these protocols and are dropped.

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, Event};
use quick_xml::reader::Reader;

/// How deep elements may lie in each other; the deepest answer that is read has 7.
pub const DEPTH_MAX: usize = 32;

/// Elements of one answer. A page of 100 connections has about 5,000.
pub const ELEMENTS_MAX: usize = 200_000;

/// One element: its text, or what lies in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// Its name, without a prefix.
    pub name: String,
    /// Its own text, blanks at either end cut off.
    pub text: String,
    /// The elements in it, in their order.
    pub children: Vec<Element>,
}

/// Why bytes are no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// They are not UTF-8, or no well-formed XML.
    #[error("no well-formed XML: {0}")]
    Malformed(String),
    /// They end before the last element does.
    #[error("the answer ends in the middle")]
    Truncated,
    /// They hold something that an answer never does.
    #[error("an answer has no {0}")]
    Unexpected(&'static str),
    /// They are deeper than [`DEPTH_MAX`].
    #[error("elements lie in each other more than {DEPTH_MAX} deep")]
    TooDeep,
    /// They have more than [`ELEMENTS_MAX`] elements.
    #[error("the answer has more than {ELEMENTS_MAX} elements")]
    TooMany,
}

impl Element {
    /// Reads one document.
    ///
    /// # Errors
    /// [`XmlError`], also for more than one element at the root.
    pub fn parse(bytes: &[u8]) -> Result<Self, XmlError> {
        let text =
            std::str::from_utf8(bytes).map_err(|error| XmlError::Malformed(error.to_string()))?;
        let mut reader = Reader::from_str(text);
        let mut tree = Tree::default();
        loop {
            let event =
                reader.read_event().map_err(|error| XmlError::Malformed(error.to_string()))?;
            match event {
                Event::Start(start) => tree.open(start.local_name().into_inner())?,
                Event::Empty(start) => {
                    tree.open(start.local_name().into_inner())?;
                    tree.close()?;
                }
                Event::End(_) => tree.close()?,
                Event::Text(text) => tree.write(&text.xml10_content())?,
                Event::CData(text) => tree.write(&text.xml10_content())?,
                Event::GeneralRef(reference) => tree.write(&resolve(&reference)?)?,
                Event::DocType(_) => return Err(XmlError::Unexpected("document type")),
                Event::Eof => return tree.finish(),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            }
        }
    }

    /// The first element in it with that name.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first element in it with that name, unless it is empty.
    #[must_use]
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str()).filter(|text| !text.is_empty())
    }

    /// The truth value of the first element in it with that name; `None` for anything else.
    #[must_use]
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.text_of(name)?.parse().ok()
    }

    /// The entries of the list with that name: none, too, when there is no such list.
    pub fn list(&self, name: &str) -> impl Iterator<Item = &Self> {
        self.child(name).into_iter().flat_map(|list| &list.children)
    }
}

/// The elements that are open, the innermost last, and the root once it is closed.
#[derive(Default)]
struct Tree {
    open: Vec<Element>,
    root: Option<Element>,
    elements: usize,
}

impl Tree {
    fn open(&mut self, name: &str) -> Result<(), XmlError> {
        self.elements += 1;
        if self.root.is_some() {
            return Err(XmlError::Unexpected("second root"));
        }
        if self.open.len() >= DEPTH_MAX {
            return Err(XmlError::TooDeep);
        }
        if self.elements > ELEMENTS_MAX {
            return Err(XmlError::TooMany);
        }
        self.open.push(Element { name: name.to_owned(), ..Element::default() });
        Ok(())
    }

    fn write(&mut self, text: &str) -> Result<(), XmlError> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => return Err(XmlError::Unexpected("text outside of its root")),
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), XmlError> {
        let Some(mut element) = self.open.pop() else {
            return Err(XmlError::Unexpected("end without a beginning"));
        };
        element.text = element.text.trim().to_owned();
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn finish(self) -> Result<Element, XmlError> {
        if self.open.is_empty() {
            self.root.ok_or(XmlError::Truncated)
        } else {
            Err(XmlError::Truncated)
        }
    }
}

/// The character that `&name;` or `&#1;` stands for; documents cannot make names of their own.
fn resolve(reference: &BytesRef<'_>) -> Result<String, XmlError> {
    let number =
        reference.resolve_char_ref().map_err(|error| XmlError::Malformed(error.to_string()))?;
    if let Some(character) = number {
        return Ok(character.to_string());
    }
    let known = resolve_predefined_entity(reference).map(str::to_owned);
    known.ok_or(XmlError::Unexpected("entity of its own"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_texts_and_flags_are_read() {
        let answer = Element::parse(
            b"<?xml version=\"1.0\"?>\n<R xmlns=\"urn:x\"><set>\n <item><id>a &amp; &#98;</id>\
              <on>true</on></item><item><id><![CDATA[<c>]]></id></item></set><none/></R>\n",
        )
        .unwrap();
        let ids: Vec<_> = answer.list("set").filter_map(|item| item.text_of("id")).collect();
        assert_eq!(ids, ["a & b", "<c>"]);
        assert_eq!(answer.list("set").next().and_then(|item| item.flag("on")), Some(true));
        assert_eq!(answer.text_of("none"), None);
        assert_eq!(answer.list("absent").count(), 0);
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        let deep = format!("{}{}", "<a>".repeat(DEPTH_MAX + 1), "</a>".repeat(DEPTH_MAX + 1));
        let many = format!("<r>{}</r>", "<a/>".repeat(ELEMENTS_MAX));
        let cases = [
            ("<a><b></a>".to_owned(), "malformed"),
            ("<a><b>".to_owned(), "truncated"),
            (String::new(), "truncated"),
            ("<a/><b/>".to_owned(), "second root"),
            ("<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>".to_owned(), "document type"),
            ("<a>&x;</a>".to_owned(), "entity"),
            (deep, "too deep"),
            (many, "too many"),
        ];
        for (text, why) in cases {
            let result = Element::parse(text.as_bytes());
            let fits = match why {
                "malformed" => matches!(result, Err(XmlError::Malformed(_))),
                "truncated" => result == Err(XmlError::Truncated),
                "second root" => result == Err(XmlError::Unexpected("second root")),
                "document type" => result == Err(XmlError::Unexpected("document type")),
                "entity" => result == Err(XmlError::Unexpected("entity of its own")),
                "too deep" => result == Err(XmlError::TooDeep),
                _ => result == Err(XmlError::TooMany),
            };
            assert!(fits, "{why}: {result:?}");
        }
        assert!(matches!(Element::parse(b"\xff"), Err(XmlError::Malformed(_))));
    }

    #[test]
    fn the_largest_answer_is_still_read() {
        let deep = format!("{}{}", "<a>".repeat(DEPTH_MAX), "</a>".repeat(DEPTH_MAX));
        assert!(Element::parse(deep.as_bytes()).is_ok());
        let many = format!("<r>{}</r>", "<a/>".repeat(ELEMENTS_MAX - 1));
        assert!(Element::parse(many.as_bytes()).is_ok());
    }
}
