//! Which sessions were ended, for those who verify by themselves: a list with a signed proof, that
//! they may keep for a moment.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ring::digest::{SHA256, digest};
use store::UnixMillis;

use crate::base64url;
use crate::failure::Failure;
use crate::revocations::Revocations;
use crate::tokens::AccessTokens;

/// How long a proof is good: a reader that gets no newer one knows nothing any more.
const TTL: Duration = Duration::from_secs(60);

/// How old a list may become while nothing changes.
const RENEWED_AFTER: Duration = Duration::from_secs(20);

/// A list, as it is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokedSessions {
    /// Their ids, sorted.
    pub sessions: Vec<String>,
    /// A JWT of the type `revoked-sessions+jwt`, over the SHA-256 of the ids with a line end after
    /// each. A list may be longer than any token.
    pub proof: String,
}

impl RevokedSessions {
    /// An entity tag (RFC 9110 §8.8.3).
    pub fn etag(&self) -> String {
        let hash = digest(&SHA256, self.proof.as_bytes());
        format!("\"{}\"", base64url::encode(&hash.as_ref()[..12]))
    }
}

/// Makes lists, each for many readers.
pub struct RevokedSessionsList {
    tokens: Arc<AccessTokens>,
    revocations: Arc<Revocations>,
    last: Mutex<Option<Made>>,
}

struct Made {
    at: UnixMillis,
    version: u64,
    list: Arc<RevokedSessions>,
}

impl RevokedSessionsList {
    /// Of those revocations, signed as access tokens are.
    pub fn new(tokens: Arc<AccessTokens>, revocations: Arc<Revocations>) -> Self {
        Self {
            tokens,
            revocations,
            last: Mutex::default(),
        }
    }

    /// The list of this moment.
    ///
    /// # Errors
    ///
    /// None that can be provoked.
    pub fn current(&self, now: UnixMillis) -> Result<Arc<RevokedSessions>, Failure> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let version = self.revocations.version();
        if let Some(made) = &*last
            && made.version == version
            && made.at <= now
            && now.since(made.at) < RENEWED_AFTER
        {
            return Ok(made.list.clone());
        }
        let (newest, sessions) = self.revocations.ended();
        let lines: String = sessions.iter().map(|id| format!("{id}\n")).collect();
        let hash = base64url::encode(digest(&SHA256, lines.as_bytes()).as_ref());
        let proof = self
            .tokens
            .prove_revoked_sessions(&hash, newest, now, TTL)?;
        let list = Arc::new(RevokedSessions { sessions, proof });
        *last = Some(Made {
            at: now,
            version,
            list: list.clone(),
        });
        Ok(list)
    }
}
