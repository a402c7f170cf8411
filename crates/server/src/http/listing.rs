//! Lists in pages, the same way for every noun.

use peerage_wire::page::Page;
use serde::Serialize;

use super::call::Call;
use super::fault::Fault;
use super::reply::Reply;

impl Call {
    /// One page of `all`, each element shown by `show`. `filters` are the parameters of the query
    /// that chose the elements: the links repeat them.
    ///
    /// # Errors
    /// A parameter of the page that cannot be read.
    pub fn list<'a, E, V: Serialize>(
        &self,
        all: &'a [E],
        filters: &[&str],
        show: impl FnMut(&'a E) -> V,
    ) -> Result<Reply, Fault> {
        let query = self.page()?;
        let results = all[query.range(all.len())].iter().map(show).collect();
        self.page_of(results, all.len(), filters)
    }

    /// The page that was asked for, when only its elements were read.
    ///
    /// # Errors
    /// A parameter of the page that cannot be read.
    pub fn page_of<V: Serialize>(
        &self,
        results: Vec<V>,
        total: usize,
        filters: &[&str],
    ) -> Result<Reply, Fault> {
        let path = self.target.split('?').next().unwrap_or_default();
        let address = format!("{}{path}", self.base_url);
        let filters: Vec<(&str, &str)> =
            filters.iter().filter_map(|name| Some((*name, self.query(name)?))).collect();
        Reply::list(&Page::new(results, total, self.page()?, &address, &filters))
    }
}
