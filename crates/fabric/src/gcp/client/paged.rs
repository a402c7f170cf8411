//! The lists of Compute Engine, read page by page with a bound.

use google_cloud_compute_v1::model;

use super::Client;
use crate::gcp::failure::Failure;
use crate::gcp::seen::{SeenNetwork, Work};
use crate::remote::Meaning;

/// Pages of a list that are read at most; a page is of 500 items. What is behind them is an
/// error where all of it is needed, and is left where the newest is.
const PAGES_MAX: usize = 20;

/// Items of a page; the most that Compute Engine gives.
const PAGE: u32 = 500;

/// Newest first, the one order of time that Compute Engine knows.
const NEWEST: &str = "creationTimestamp desc";

/// What is behind a page.
enum Next {
    Page(String),
    End,
}

impl Client {
    /// Every network of the project whose name begins so: `networks.list`.
    pub(in crate::gcp) async fn networks(&self, prefix: &str) -> Result<Vec<SeenNetwork>, Failure> {
        let (mut found, mut token) = (Vec::new(), None);
        for _ in 0..PAGES_MAX {
            let request = self.networks.list().set_project(&self.project).set_max_results(PAGE);
            let request = request.set_or_clear_page_token(token.take());
            // A regular expression that the whole name has to fit. What the cloud makes of it is
            // no matter: names are held against the prefix here.
            let request = request.set_filter(format!("name eq \"{prefix}.*\""));
            let page = self.look(request.send()).await?;
            found.extend(page.items.into_iter().map(SeenNetwork::read));
            match next(page.next_page_token) {
                Next::Page(next) => token = Some(next),
                Next::End => {
                    found.retain(|network| network.name.starts_with(prefix));
                    return Ok(found);
                }
            }
        }
        let words = format!("The project has more than {PAGES_MAX} pages of networks.");
        Err(Failure::new(Meaning::Quota, "TOO_MANY_NETWORKS", words))
    }

    /// The operations on one network, the newest first: `globalOperations.list`. Compute Engine
    /// keeps them for two weeks or longer.
    pub(in crate::gcp) async fn works_on(
        &self,
        network: &SeenNetwork,
    ) -> Result<Vec<Work>, Failure> {
        let mut works = self.works(&format!("targetLink = \"{}\"", network.link)).await?;
        works.retain(|work| work.target == network.name);
        Ok(works)
    }

    /// The operations that make something in the whole project, the newest first.
    pub(in crate::gcp) async fn insertions(&self) -> Result<Vec<Work>, Failure> {
        self.works("operationType = \"insert\"").await
    }

    /// The newest page is enough: what runs is new, and of what has ended the last counts.
    async fn works(&self, filter: &str) -> Result<Vec<Work>, Failure> {
        let request = self.global.list().set_project(&self.project).set_max_results(PAGE);
        let request = request.set_filter(filter).set_order_by(NEWEST);
        let page: model::OperationList = self.look(request.send()).await?;
        let mut works: Vec<Work> = page.items.into_iter().filter_map(Work::read).collect();
        // Stable: where times are the same, the order is the cloud's.
        works.sort_by_key(|work| std::cmp::Reverse(work.since_ms));
        Ok(works)
    }
}

fn next(token: Option<String>) -> Next {
    match token {
        Some(token) if !token.is_empty() => Next::Page(token),
        _ => Next::End,
    }
}
