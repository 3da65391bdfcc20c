//! The revocation list: a public list of revoked sessions with a signed proof, for services that verify
//! access tokens offline.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ring::digest::{SHA256, digest};
use store::UnixMillis;

use super::Denylist;
use crate::base64url;
use crate::failure::Failure;
use crate::tokens::AccessTokens;

/// How long a proof is valid. A reader that gets no newer one knows that it is cut off.
const TTL: Duration = Duration::from_secs(60);

/// How old a list may get while nothing changes.
const RENEWED_AFTER: Duration = Duration::from_secs(20);

/// How old a long list may get while sessions are revoked: making it takes time.
const LONG_RENEWED_AFTER: Duration = Duration::from_secs(1);

/// More sessions than this are a long list.
const LONG: usize = 1000;

/// Maximum number of sessions on a list: about two megabytes.
pub const MOST_LISTED: usize = 50_000;

/// A revocation list, as it is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationList {
    /// The ids of the sessions, sorted.
    pub sessions: Vec<String>,
    /// A JWT of the type `revoked-sessions+jwt` over the SHA-256 of the ids, each followed by a line
    /// end. The list itself may be longer than any token.
    pub proof: String,
}

impl RevocationList {
    /// An entity tag (RFC 9110 §8.8.3).
    pub fn etag(&self) -> String {
        let hash = digest(&SHA256, self.proof.as_bytes());
        format!("\"{}\"", base64url::encode(&hash.as_ref()[..12]))
    }
}

/// Signs revocation lists, each for many readers.
pub struct RevocationListPublisher {
    tokens: Arc<AccessTokens>,
    denylist: Arc<Denylist>,
    last: Mutex<Option<Made>>,
}

struct Made {
    at: UnixMillis,
    version: u64,
    list: Arc<RevocationList>,
}

impl Made {
    fn is_current(&self, version: u64, now: UnixMillis) -> bool {
        let has_changed = self.version != version;
        let renewed_after = match (has_changed, self.list.sessions.len() > LONG) {
            (false, _) => RENEWED_AFTER,
            (true, true) => LONG_RENEWED_AFTER,
            (true, false) => return false,
        };
        self.at <= now && now.since(self.at) < renewed_after
    }
}

impl RevocationListPublisher {
    /// Publishes a denylist, signed like access tokens.
    pub fn new(tokens: Arc<AccessTokens>, denylist: Arc<Denylist>) -> Self {
        Self {
            tokens,
            denylist,
            last: Mutex::default(),
        }
    }

    /// The current list; `None` if more than [`MOST_LISTED`] sessions were revoked lately.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Internal`] if signing fails; no input causes that.
    pub fn current(&self, now: UnixMillis) -> Result<Option<Arc<RevocationList>>, Failure> {
        if self.denylist.size() > MOST_LISTED {
            return Ok(None);
        }
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let version = self.denylist.version();
        if let Some(made) = &*last
            && made.is_current(version, now)
        {
            return Ok(Some(made.list.clone()));
        }
        // In this order, the list is at least as new as it says.
        let newest = self.denylist.last_revocation();
        let sessions = self.denylist.sessions();
        let lines: String = sessions.iter().map(|id| format!("{id}\n")).collect();
        let hash = base64url::encode(digest(&SHA256, lines.as_bytes()).as_ref());
        let proof = self.tokens.prove_revocation_list(&hash, newest, now, TTL)?;
        let list = Arc::new(RevocationList { sessions, proof });
        *last = Some(Made {
            at: now,
            version,
            list: list.clone(),
        });
        Ok(Some(list))
    }
}
