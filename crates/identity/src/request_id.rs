//! The id of the request that is being answered, for the log and the audit trail.

use std::fmt;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::task_local;

use crate::base64url;
use crate::entropy::Entropy;

task_local! {
    static CURRENT: RequestId;
}

/// Maximum length of an id, in bytes.
const MAX_LEN: usize = 64;

/// Names one request in the log, in events and in the response. Without an allocation: there is one for each
/// verification.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RequestId {
    bytes: [u8; MAX_LEN],
    len: usize,
}

impl RequestId {
    /// An id from elsewhere: 1 to 64 letters, digits, and `-`, `_`, `.`, `:`, `=`, `/`, `+`.
    pub fn parse(text: &str) -> Option<Self> {
        let is_good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:=/+".contains(&byte);
        let is_id = (1..=MAX_LEN).contains(&text.len()) && text.bytes().all(is_good);
        is_id.then(|| Self::written(|bytes| bytes.write_all(text.as_bytes())))
    }

    /// What `write` writes, as far as it fits.
    fn written(write: impl FnOnce(&mut &mut [u8]) -> io::Result<()>) -> Self {
        let mut bytes = [0; MAX_LEN];
        let mut rest = &mut bytes[..];
        // Ids fit.
        let _ = write(&mut rest);
        let len = MAX_LEN - rest.len();
        Self { bytes, len }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({self})")
    }
}

/// Makes ids: a random prefix for this process, and a number. Randomness for each would cost more than
/// verifying a token.
#[derive(Debug)]
pub struct RequestIds {
    prefix: String,
    last: AtomicU64,
}

impl RequestIds {
    /// A prefix of 48 random bits.
    pub fn new(entropy: &dyn Entropy) -> Self {
        Self {
            prefix: base64url::encode(&entropy.bytes::<6>()),
            last: AtomicU64::new(0),
        }
    }

    /// The next id.
    pub fn next(&self) -> RequestId {
        let number = self.last.fetch_add(1, Ordering::Relaxed);
        RequestId::written(|bytes| write!(bytes, "{}-{number:x}", self.prefix))
    }
}

/// Runs `answer` as the answer to this request.
pub async fn scope<T>(id: RequestId, answer: impl Future<Output = T>) -> T {
    CURRENT.scope(id, answer).await
}

/// Runs `f` on another thread for the same request, if there is one.
pub(crate) fn on_behalf_of<T>(id: Option<RequestId>, f: impl FnOnce() -> T) -> T {
    match id {
        Some(id) => CURRENT.sync_scope(id, f),
        None => f(),
    }
}

/// The request that is being answered, if there is one.
pub fn current() -> Option<RequestId> {
    CURRENT.try_with(|id| *id).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::FixedEntropy;

    #[test]
    fn ids_of_others_are_short_and_plain() {
        for good in ["x", "7d1e:0/+=._-Z", &"y".repeat(64)] {
            assert_eq!(RequestId::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "a b", "a\"b", "a\nb", "\u{1b}[1m", "é", &"y".repeat(65)] {
            assert_eq!(RequestId::parse(bad), None, "{bad:?}");
        }
    }

    #[tokio::test]
    async fn each_request_has_its_own_while_it_is_answered() {
        let ids = RequestIds::new(&FixedEntropy::default());
        let (first, second) = (ids.next(), ids.next());
        assert_ne!(first, second);
        assert!(RequestId::parse(first.as_str()).is_some());
        let inner = scope(second, async { current() });
        let (outer, inner) = scope(first, async { (current(), inner.await) }).await;
        assert_eq!((outer, inner, current()), (Some(first), Some(second), None));
    }
}
