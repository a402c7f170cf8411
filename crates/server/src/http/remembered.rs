//! Answers that were written lately, for those who ask the same again while nothing changed: what
//! they are made of is looked up each time, and who asks is checked before, but not everything is
//! written again.

use bytes::Bytes;

use super::call::Call;
use super::fault::Fault;
use super::reply::Reply;
use crate::app::Version;
use crate::recent::Recent;

/// Bytes of one generation; there are two.
const BYTES: usize = 4 << 20;
/// What an answer takes beside its bytes, roughly.
const ANSWER: usize = 256;

/// See the head of this file.
pub struct Remembered(Recent<String, (Version, Answer)>);

#[derive(Clone)]
struct Answer {
    body: Bytes,
    is_list: bool,
}

impl Default for Remembered {
    fn default() -> Self {
        Self(Recent::new(BYTES))
    }
}

impl Call {
    /// A success that depends on nothing but what was asked, where, and the version of what it
    /// shows: as it was written before, or as `write` writes it.
    ///
    /// # Errors
    /// What `write` refuses.
    pub(super) fn remembered(
        &self,
        version: Version,
        write: impl FnOnce() -> Result<Reply, Fault>,
    ) -> Result<Reply, Fault> {
        let asked = [self.version, &self.base_url, &self.target].join(" ");
        if let Some((then, Answer { body, is_list })) = self.answers.0.get(&asked)
            && then == version
        {
            return Ok(Reply::written(body, is_list));
        }
        let reply = write()?;
        let weight = ANSWER + asked.len() + reply.body.len();
        let answer = Answer { body: reply.body.clone(), is_list: reply.is_list };
        self.answers.0.put(asked, (version, answer), weight);
        Ok(reply)
    }
}
