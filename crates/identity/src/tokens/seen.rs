//! Access tokens that were verified before. A client presents a token many times, and its signature takes
//! several times as long to verify as everything else about a request.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{PoisonError, RwLock};

use jwt_core::NumericDate;

use super::AccessClaims;
use crate::clock::LEEWAY;

/// So that threads seldom wait for each other.
const SHARDS: usize = 16;

/// Maximum size of the tokens that a shard remembers, in bytes: a megabyte, or about 1,500 tokens.
const SHARD_SIZE: usize = 1024 * 1024;

/// What a verified token says that depends on the time, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verified {
    pub(super) claims: AccessClaims,
    pub(super) issued_at: NumericDate,
    pub(super) expires_at: NumericDate,
}

impl Verified {
    /// Whether the token is neither expired nor of the future, as the verifier sees it.
    fn is_of(&self, now: NumericDate) -> bool {
        let leeway = u64::from(LEEWAY);
        now < self.expires_at.saturating_add(leeway) && self.issued_at <= now.saturating_add(leeway)
    }
}

/// Tokens that were verified with the keys of one ring; another ring begins with none.
#[derive(Default)]
pub(super) struct SeenTokens {
    shards: [RwLock<Shard>; SHARDS],
    secret: RandomState,
}

#[derive(Default)]
struct Shard {
    /// By a hash of the signature. Only valid tokens are here, so nobody can choose one.
    tokens: HashMap<u64, (Box<str>, Verified)>,
    size: usize,
}

impl SeenTokens {
    /// What this very token says, if it was verified before and is still valid at `now`.
    pub(super) fn find(&self, token: &str, now: NumericDate) -> Option<Verified> {
        let hash = self.hash(token);
        let shard = self.shard(hash).read();
        let shard = shard.unwrap_or_else(PoisonError::into_inner);
        let (same, verified) = shard.tokens.get(&hash)?;
        (**same == *token && verified.is_of(now)).then(|| verified.clone())
    }

    /// Remembers a token.
    pub(super) fn add(&self, token: &str, verified: &Verified) {
        let hash = self.hash(token);
        let shard = self.shard(hash).write();
        let mut shard = shard.unwrap_or_else(PoisonError::into_inner);
        if shard.size + token.len() > SHARD_SIZE {
            // Most have expired by then, and the others are verified once more.
            *shard = Shard::default();
        }
        let before = shard.tokens.insert(hash, (token.into(), verified.clone()));
        shard.size += token.len();
        shard.size -= before.map_or(0, |(token, _)| token.len());
    }

    /// Of the end, which is a part of the signature that differs from token to token.
    fn hash(&self, token: &str) -> u64 {
        let bytes = token.as_bytes();
        self.secret
            .hash_one(bytes.last_chunk::<32>().map_or(bytes, |end| end))
    }

    fn shard(&self, hash: u64) -> &RwLock<Shard> {
        let [first, others @ ..] = &self.shards;
        let number = usize::try_from(hash % SHARDS as u64).unwrap_or(0);
        number
            .checked_sub(1)
            .and_then(|n| others.get(n))
            .unwrap_or(first)
    }
}

impl fmt::Debug for SeenTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SeenTokens").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use store::UnixMillis;
    use store::sessions::SessionId;
    use store::users::UserId;

    use super::*;

    fn date(secs: u64) -> NumericDate {
        NumericDate::from_secs(secs).unwrap()
    }

    fn verified() -> Verified {
        Verified {
            claims: AccessClaims {
                user_id: UserId::parse("ann").unwrap(),
                session_id: SessionId::new(UnixMillis::from_millis(0), [7; 10]),
            },
            issued_at: date(1000),
            expires_at: date(1300),
        }
    }

    #[test]
    fn a_token_is_found_from_its_issue_to_its_end() {
        let seen = SeenTokens::default();
        seen.add("a.b.c", &verified());
        let leeway = u64::from(LEEWAY);
        for (now, is_found) in [
            (1000 - leeway - 1, false),
            (1000 - leeway, true),
            (1299 + leeway, true),
            (1300 + leeway, false),
        ] {
            let found = seen.find("a.b.c", date(now));
            assert_eq!(found, is_found.then(verified), "{now}");
        }
    }

    #[test]
    fn another_token_with_the_same_signature_is_not_found() {
        let seen = SeenTokens::default();
        let signature = "s".repeat(86);
        seen.add(&format!("a.b.{signature}"), &verified());
        let find = |token: String| seen.find(&token, date(1100));
        assert_eq!(find(format!("a.b.{signature}")), Some(verified()));
        for other in ["a.c.", "a.b.s", "a.b", ".b.", ""] {
            assert_eq!(find(format!("{other}{signature}")), None, "{other}");
        }
    }

    #[test]
    fn their_size_is_bounded() {
        let seen = SeenTokens::default();
        for n in 0..40_000 {
            seen.add(&format!("{}{n:032}", "x".repeat(600)), &verified());
        }
        let sizes = seen.shards.iter().map(|shard| {
            let shard = shard.read().unwrap();
            let size = shard.tokens.values().map(|(token, _)| token.len()).sum();
            assert_eq!(shard.size, size);
            size
        });
        let sizes: Vec<usize> = sizes.collect();
        assert!(sizes.iter().all(|size| *size <= SHARD_SIZE), "{sizes:?}");
        // Adding one again takes no room.
        let one = "y".repeat(SHARD_SIZE / 2);
        for _ in 0..10 {
            seen.add(&one, &verified());
        }
        assert!(seen.find(&one, date(1100)).is_some());
    }
}
