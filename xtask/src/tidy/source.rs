//! A Rust file as a flat list of tokens, so that checks see code and not what comments and texts
//! say about it.
//!
//! Documentation counts as comment. What lies between two tokens is a comment or nothing, which is
//! how comments are found without a lexer of our own.

mod path;

use std::ops::Range;

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};

pub(super) use path::NamedPath;

/// What a token is, as far as the checks care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Ident,
    /// A text: `"…"`, `r"…"`, `b"…"`, `c"…"`.
    Text,
    /// A number or a character.
    Literal,
    /// `::`
    PathSeparator,
    /// Another single character, or a bracket.
    Sign,
}

/// One token.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) text: String,
    pub(super) line: usize,
    pub(super) last_line: usize,
    /// The column behind its last character, in `last_line`.
    pub(super) end_column: usize,
    range: Range<usize>,
}

impl Token {
    pub(super) fn is(&self, text: &str) -> bool {
        self.kind != Kind::Text && self.text == text
    }
}

/// A comment, or a line of one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Comment {
    pub(super) line: usize,
    pub(super) text: String,
}

/// A function's name and extent, from `fn` to its last brace.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) lines: usize,
}

/// The tokens and comments of one file.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) tokens: Vec<Token>,
    pub(super) comments: Vec<Comment>,
}

impl Source {
    /// `None` for what the compiler would refuse as well.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let stream: TokenStream = text.parse().ok()?;
        let mut tokens = Vec::new();
        flatten(stream, text, &mut tokens);
        let comments = comments(text, &tokens);
        Some(Self { tokens, comments })
    }

    /// Every path that is named, with `use` groups written out.
    pub(super) fn paths(&self) -> Vec<NamedPath> {
        path::paths(&self.tokens)
    }

    /// Every identifier, with its line.
    pub(super) fn idents(&self) -> impl Iterator<Item = (&str, usize)> {
        let idents = self.tokens.iter().filter(|token| token.kind == Kind::Ident);
        idents.map(|token| (token.text.as_str(), token.line))
    }

    /// The tokens inside each attribute.
    pub(super) fn attributes(&self) -> Vec<&[Token]> {
        let mut found = Vec::new();
        for (index, token) in self.tokens.iter().enumerate() {
            let inner = self.tokens.get(index + 1).is_some_and(|next| next.is("!"));
            let open = index + 1 + usize::from(inner);
            if token.is("#") && self.tokens.get(open).is_some_and(|next| next.is("[")) {
                let close = self.close_of(open);
                found.push(&self.tokens[open + 1..close]);
            }
        }
        found
    }

    /// Every function with a body.
    pub(super) fn functions(&self) -> Vec<Function> {
        let starts = self.tokens.windows(2).enumerate();
        let starts = starts.filter(|(_, pair)| pair[0].is("fn") && pair[1].kind == Kind::Ident);
        starts.filter_map(|(start, pair)| self.function(start, &pair[1].text)).collect()
    }

    fn function(&self, start: usize, name: &str) -> Option<Function> {
        let mut at = start;
        loop {
            let token = self.tokens.get(at)?;
            match token.text.as_str() {
                "{" if token.kind == Kind::Sign => break,
                ";" | "}" if token.kind == Kind::Sign => return None,
                "(" | "[" if token.kind == Kind::Sign => at = self.close_of(at),
                _ => {}
            }
            at += 1;
        }
        let line = self.tokens[start].line;
        let lines = self.tokens[self.close_of(at)].last_line - line + 1;
        Some(Function { name: name.to_owned(), line, lines })
    }

    /// Where the bracket that opens at `open` is closed.
    fn close_of(&self, open: usize) -> usize {
        let mut depth = 0_usize;
        for (index, token) in self.tokens.iter().enumerate().skip(open) {
            if token.kind == Kind::Sign && matches!(token.text.as_str(), "(" | "[" | "{") {
                depth += 1;
            } else if token.kind == Kind::Sign && matches!(token.text.as_str(), ")" | "]" | "}") {
                depth -= 1;
            }
            if depth == 0 {
                return index;
            }
        }
        self.tokens.len() - 1
    }
}

fn flatten(stream: TokenStream, text: &str, tokens: &mut Vec<Token>) {
    for tree in stream {
        let span = tree.span();
        let written = text.get(span.byte_range()).unwrap_or_default();
        if written.starts_with("//") || written.starts_with("/*") {
            continue;
        }
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::None => ("", ""),
                };
                tokens.push(token(Kind::Sign, open.to_owned(), group.span_open()));
                flatten(group.stream(), text, tokens);
                tokens.push(token(Kind::Sign, close.to_owned(), group.span_close()));
            }
            TokenTree::Ident(ident) => tokens.push(token(Kind::Ident, ident.to_string(), span)),
            TokenTree::Literal(literal) => {
                let kind = if written.ends_with(['"', '#']) { Kind::Text } else { Kind::Literal };
                tokens.push(token(kind, literal.to_string(), span));
            }
            TokenTree::Punct(sign) => push_sign(token(Kind::Sign, sign.to_string(), span), tokens),
        }
    }
}

/// Two colons that touch are one separator.
fn push_sign(sign: Token, tokens: &mut Vec<Token>) {
    if let Some(last) = tokens.last_mut()
        && last.is(":")
        && sign.is(":")
        && last.range.end == sign.range.start
    {
        let range = last.range.start..sign.range.end;
        *last = Token { kind: Kind::PathSeparator, text: "::".to_owned(), range, ..sign };
    } else {
        tokens.push(sign);
    }
}

fn token(kind: Kind, text: String, span: Span) -> Token {
    let (start, end) = (span.start(), span.end());
    let range = span.byte_range();
    Token { kind, text, line: start.line, last_line: end.line, end_column: end.column, range }
}

/// What is written between the tokens.
fn comments(text: &str, tokens: &[Token]) -> Vec<Comment> {
    let mut found = Vec::new();
    let (mut from, mut line) = (0, 1);
    let end = std::iter::once(text.len()..text.len());
    for range in tokens.iter().map(|token| token.range.clone()).chain(end) {
        for part in text.get(from..range.start).unwrap_or_default().split_inclusive('\n') {
            if !part.trim().is_empty() {
                found.push(Comment { line, text: part.trim().to_owned() });
            }
            line += part.matches('\n').count();
        }
        line += text.get(range.clone()).unwrap_or_default().matches('\n').count();
        from = range.end;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Source {
        Source::parse(text).unwrap()
    }

    #[test]
    fn comments_are_what_is_between_tokens() {
        let source = parse("//! head\n\nfn a() {\n    \"// no\"; // yes\n}\n/// doc\nfn b() {}\n");
        let found: Vec<_> = source.comments.iter().map(|c| (c.line, c.text.as_str())).collect();
        assert_eq!(found, [(1, "//! head"), (4, "// yes"), (6, "/// doc")]);
    }

    #[test]
    fn functions_are_measured_from_fn_to_their_last_brace() {
        let source = parse("trait T { fn no(); }\nfn f(\n  a: [u8; { 1 }],\n)\nwhere\n{\n}\n");
        assert_eq!(source.functions(), [Function { name: "f".to_owned(), line: 2, lines: 6 }]);
    }

    #[test]
    fn attributes_are_taken_inner_and_outer() {
        let source = parse("#![a]\n#[b(c)]\nfn f() { [1]; }\n");
        let found: Vec<usize> = source.attributes().iter().map(|tokens| tokens.len()).collect();
        assert_eq!(found, [1, 4]);
    }
}
