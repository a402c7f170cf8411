//! A client of EC2 and STS for one place: whose credentials, and in which region. It sends what it
//! is given, follows pages, and repeats nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use peerage_core::cloud::CallError;
use peerage_core::time::Timestamp;

use super::form::{Effect, Form};
use super::keyring::{Holder, Keyring};
use super::region::Region;
use super::wire::{Wire, not_understood};
use super::xml::Element;

/// Entries of one page. Source: EC2 API reference: what every paged action of ours takes.
const PAGE: &str = "100";

/// Pages of one answer at most; 100 entries each.
pub const PAGES_MAX: usize = 200;

/// The credentials are no longer good, although they were when they were given.
const EXPIRED: [&str; 3] = ["ExpiredToken", "ExpiredTokenException", "RequestExpired"];

/// A client for one place.
#[derive(Clone)]
pub struct Client {
    pub(super) keyring: Arc<Keyring>,
    pub(super) holder: Holder,
    pub(super) ec2: Wire,
    pub(super) sts: Wire,
    /// Whether something was changed through it.
    pub(super) changed: Arc<AtomicBool>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("region", self.region()).finish_non_exhaustive()
    }
}

/// Who we are somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The account, twelve digits.
    pub account: String,
    /// The user or the session of a role.
    pub arn: String,
}

impl Client {
    /// The region that it speaks to.
    #[must_use]
    pub fn region(&self) -> &Region {
        &self.ec2.end.region
    }

    /// Sends a request to EC2, once.
    ///
    /// # Errors
    /// What EC2 refuses, or why there is no answer; see [`super::CODES`].
    pub async fn send(&self, form: &Form, now: Timestamp) -> Result<Element, CallError> {
        let answer = self.send_to(&self.ec2, form, now).await?;
        if form.effect == Effect::Change {
            self.changed.store(true, Ordering::Relaxed);
        }
        Ok(answer)
    }

    /// Whether a request that may change something was answered with success.
    #[must_use]
    pub fn has_changed(&self) -> bool {
        self.changed.load(Ordering::Relaxed)
    }

    /// Everything that a request finds: the entries of the list of that name, of every page.
    ///
    /// # Errors
    /// Like [`Client::send`]; an answer of more than [`PAGES_MAX`] pages is not understood.
    pub async fn list(
        &self,
        form: &Form,
        name: &str,
        now: Timestamp,
    ) -> Result<Vec<Element>, CallError> {
        let mut found = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let page = form.clone().with("MaxResults", PAGE);
            let page = match &token {
                None => page,
                Some(token) => page.with("NextToken", token),
            };
            let answer = self.send(&page, now).await?;
            found.extend(answer.list(name).cloned());
            token = answer.text_of("nextToken").map(str::to_owned);
            if token.is_none() {
                return Ok(found);
            }
        }
        Err(not_understood(form, &format!("it has more than {PAGES_MAX} pages")))
    }

    /// Who we are here, by `GetCallerIdentity`, which needs no permission.
    ///
    /// # Errors
    /// Like [`Client::send`].
    pub async fn whoami(&self, now: Timestamp) -> Result<Identity, CallError> {
        let form = Form::look("GetCallerIdentity");
        let answer = self.send_to(&self.sts, &form, now).await?;
        let result = answer.child("GetCallerIdentityResult");
        let part = |name| result.and_then(|result| result.text_of(name)).map(str::to_owned);
        let (Some(account), Some(arn)) = (part("Account"), part("Arn")) else {
            return Err(not_understood(&form, "it has no account"));
        };
        Ok(Identity { account, arn })
    }

    async fn send_to(
        &self,
        wire: &Wire,
        form: &Form,
        now: Timestamp,
    ) -> Result<Element, CallError> {
        let credentials = self.keyring.of(&self.holder, &self.sts, now).await?;
        let answer = wire.send(form, &credentials, now).await;
        if let Err(error) = &answer
            && EXPIRED.contains(&error.code.as_str())
        {
            self.keyring.forget(&self.holder);
        }
        answer
    }
}
