//! Lists in pages: what the query asks for, and the envelope of the answer.
//!
//! A page 0 is taken as the first: a client in wide use sends it. The links echo the parameters in
//! one fixed order, whatever order they came in.

use core::fmt::Write as _;
use core::ops::Range;

use serde::Serialize;

/// Elements of a page when the query does not say.
pub const ITEMS_PER_PAGE_DEFAULT: u32 = 100;

/// The most elements that a page may have.
pub const ITEMS_PER_PAGE_MAX: u32 = 500;

/// Which page of a list is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageQuery {
    /// The page, from 1.
    pub page_num: u32,
    /// How many elements it has at most.
    pub items_per_page: u32,
    /// Whether the answer says how many elements there are on all pages.
    pub include_count: bool,
}

/// A query parameter with a value that is not acceptable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryFault {
    /// The parameter.
    pub parameter: &'static str,
    /// Its value, cut to what is worth showing.
    pub value: String,
    /// Completes the sentence "it must be …".
    pub expects: &'static str,
}

impl QueryFault {
    /// A fault of `parameter`.
    #[must_use]
    pub fn new(parameter: &'static str, value: &str, expects: &'static str) -> Self {
        Self { parameter, value: value.chars().take(64).collect(), expects }
    }
}

impl Default for PageQuery {
    fn default() -> Self {
        Self { page_num: 1, items_per_page: ITEMS_PER_PAGE_DEFAULT, include_count: true }
    }
}

impl PageQuery {
    /// Reads `pageNum`, `itemsPerPage` and `includeCount` from the decoded pairs of a query and
    /// leaves the others alone. The last of two counts; an empty value means the default.
    ///
    /// # Errors
    /// The first parameter whose value is malformed or out of range.
    pub fn read<'q>(
        pairs: impl IntoIterator<Item = (&'q str, &'q str)>,
    ) -> Result<Self, QueryFault> {
        let mut query = Self::default();
        for (name, value) in pairs {
            match name {
                _ if value.is_empty() => {}
                "pageNum" => query.page_num = page_num(value)?.max(1),
                "itemsPerPage" => query.items_per_page = items_per_page(value)?,
                "includeCount" => query.include_count = boolean("includeCount", value)?,
                _ => {}
            }
        }
        Ok(query)
    }

    /// Elements that come before this page.
    #[must_use]
    pub fn offset(&self) -> usize {
        let offset = u64::from(self.page_num.saturating_sub(1)) * u64::from(self.items_per_page);
        usize::try_from(offset).unwrap_or(usize::MAX)
    }

    /// The elements of this page in a list of `total`.
    #[must_use]
    pub fn range(&self, total: usize) -> Range<usize> {
        let start = self.offset().min(total);
        start..start.saturating_add(self.items_per_page as usize).min(total)
    }
}

/// Reads `true` or `false`, in any case.
///
/// # Errors
/// [`QueryFault`] for anything else.
pub fn boolean(parameter: &'static str, value: &str) -> Result<bool, QueryFault> {
    if value.eq_ignore_ascii_case("true") {
        Ok(true)
    } else if value.eq_ignore_ascii_case("false") {
        Ok(false)
    } else {
        Err(QueryFault::new(parameter, value, "true or false"))
    }
}

fn page_num(value: &str) -> Result<u32, QueryFault> {
    number(value).ok_or_else(|| QueryFault::new("pageNum", value, "a whole number"))
}

fn items_per_page(value: &str) -> Result<u32, QueryFault> {
    number(value)
        .filter(|number| (1..=ITEMS_PER_PAGE_MAX).contains(number))
        .ok_or_else(|| QueryFault::new("itemsPerPage", value, "a whole number from 1 to 500"))
}

/// Digits and nothing else, up to what the contract's 32-bit integers hold.
fn number(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse::<u32>().ok().filter(|number| digits && i32::try_from(*number).is_ok())
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// This page and its neighbours.
    pub links: Vec<Link>,
    /// The elements.
    pub results: Vec<T>,
    /// The elements of all pages; absent when the query did not want it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_count: Option<usize>,
}

/// An address that belongs to an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Link {
    /// The whole address.
    pub href: String,
    /// What it is to the answer.
    pub rel: String,
}

impl Link {
    /// A link.
    #[must_use]
    pub fn new(href: impl Into<String>, rel: impl Into<String>) -> Self {
        Self { href: href.into(), rel: rel.into() }
    }
}

impl<T> Page<T> {
    /// The page `query` of a list of `total` elements, `results` being those of this page.
    ///
    /// `address` is the list's own address without a query; `filters` are the query's other
    /// parameters, which every link repeats.
    #[must_use]
    pub fn new(
        results: Vec<T>,
        total: usize,
        query: PageQuery,
        address: &str,
        filters: &[(&str, &str)],
    ) -> Self {
        let PageQuery { page_num, items_per_page: _, include_count } = query;
        let link = |page_num, rel| {
            let query = PageQuery { page_num, ..query };
            Link::new(page_address(address, query, filters), rel)
        };
        let mut links = vec![link(page_num, "self")];
        if page_num > 1 {
            links.push(link(page_num - 1, "previous"));
        }
        if query.range(total).end < total && query.offset() < total {
            links.push(link(page_num.saturating_add(1), "next"));
        }
        Self { links, results, total_count: include_count.then_some(total) }
    }
}

fn page_address(address: &str, query: PageQuery, filters: &[(&str, &str)]) -> String {
    let PageQuery { page_num, items_per_page, include_count } = query;
    let mut text = format!(
        "{address}?includeCount={include_count}&pageNum={page_num}&itemsPerPage={items_per_page}"
    );
    for (name, value) in filters {
        text.push('&');
        encode(name, &mut text);
        text.push('=');
        encode(value, &mut text);
    }
    text
}

/// Writes what RFC 3986 leaves unreserved as it is and the rest in percent signs.
fn encode(plain: &str, to: &mut String) {
    for byte in plain.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            to.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(to, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<PageQuery, QueryFault> {
        PageQuery::read(pairs.iter().copied())
    }

    /// CONTRACT §5: `pageNum` 0 is taken as 1; `itemsPerPage` is 1 to 500.
    #[test]
    fn a_query_has_defaults_and_bounds() {
        assert_eq!(read(&[("name", "x")]), Ok(PageQuery::default()));
        assert_eq!(read(&[("pageNum", "0")]), Ok(PageQuery::default()));
        let query =
            read(&[("pageNum", "3"), ("itemsPerPage", "500"), ("includeCount", "False")]).unwrap();
        assert_eq!((query.page_num, query.offset()), (3, 1000));
        assert!(!query.include_count);
        for (name, value) in [
            ("pageNum", "-1"),
            ("pageNum", "+1"),
            ("pageNum", "99999999999"),
            ("itemsPerPage", "0"),
            ("itemsPerPage", "501"),
            ("itemsPerPage", "many"),
            ("includeCount", "1"),
        ] {
            let fault = read(&[(name, value)]).unwrap_err();
            assert_eq!((fault.parameter, fault.value.as_str()), (name, value));
        }
    }

    /// The self link as it was recorded from the service.
    #[test]
    fn an_empty_list_has_a_link_to_itself() {
        let page = Page::<u8>::new(vec![], 0, PageQuery::default(), "http://h/teams", &[]);
        assert_eq!(
            serde_json::to_string(&page).unwrap(),
            r#"{"links":[{"href":"http://h/teams?includeCount=true&pageNum=1&itemsPerPage=100","rel":"self"}],"results":[],"totalCount":0}"#
        );
    }

    #[test]
    fn a_page_links_to_its_neighbours_and_repeats_the_filters() {
        let query = PageQuery { page_num: 2, items_per_page: 1, include_count: false };
        let filters = [("providerName", "AWS"), ("minDate", "2026-08-10T05:05:16+02:00")];
        let page = Page::new(vec![7], 3, query, "/p", &filters);
        let tail = "&itemsPerPage=1&providerName=AWS&minDate=2026-08-10T05%3A05%3A16%2B02%3A00";
        let expected = [("self", 2), ("previous", 1), ("next", 3)].map(|(rel, number)| {
            Link::new(format!("/p?includeCount=false&pageNum={number}{tail}"), rel)
        });
        assert_eq!(page.links, expected);
        assert_eq!(page.total_count, None);
        assert_eq!(query.range(3), 1..2);
    }

    proptest! {
        #[test]
        fn no_query_makes_it_panic(name in "pageNum|itemsPerPage|includeCount|x", value in ".{0,12}", total in any::<usize>()) {
            if let Ok(query) = read(&[(&name, &value)]) {
                let range = query.range(total);
                prop_assert!(range.start <= range.end && range.end <= total);
                let _ = Page::<u8>::new(vec![], total, query, "/", &[]);
            }
        }
    }
}
