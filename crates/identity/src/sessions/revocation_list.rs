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

impl RevocationListPublisher {
    /// Publishes a denylist, signed like access tokens.
    pub fn new(tokens: Arc<AccessTokens>, denylist: Arc<Denylist>) -> Self {
        Self {
            tokens,
            denylist,
            last: Mutex::default(),
        }
    }

    /// The current list.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Internal`] if signing fails; no input causes that.
    pub fn current(&self, now: UnixMillis) -> Result<Arc<RevocationList>, Failure> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let version = self.denylist.version();
        if let Some(made) = &*last
            && made.version == version
            && made.at <= now
            && now.since(made.at) < RENEWED_AFTER
        {
            return Ok(made.list.clone());
        }
        let (newest, sessions) = self.denylist.sessions();
        let lines: String = sessions.iter().map(|id| format!("{id}\n")).collect();
        let hash = base64url::encode(digest(&SHA256, lines.as_bytes()).as_ref());
        let proof = self.tokens.prove_revocation_list(&hash, newest, now, TTL)?;
        let list = Arc::new(RevocationList { sessions, proof });
        *last = Some(Made {
            at: now,
            version,
            list: list.clone(),
        });
        Ok(list)
    }
}
