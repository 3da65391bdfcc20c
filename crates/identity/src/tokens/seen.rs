//! Access tokens that were verified before. A client presents a token many times, and the signature of a
//! public key takes several times as long to verify as everything else about a request.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{PoisonError, RwLock};

use jwt_core::{Algorithm, NumericDate};

use super::AccessClaims;
use crate::clock::LEEWAY;

/// Maximum number of tokens that are remembered: about ten megabytes.
const MOST: usize = 16_384;

/// So that threads seldom wait for each other.
const SHARDS: usize = 16;

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
pub(super) struct SeenTokens {
    shards: [RwLock<HashMap<Box<str>, Verified>>; SHARDS],
    secret: RandomState,
}

impl SeenTokens {
    /// Where it pays: an HMAC is verified as fast as a token is found.
    pub(super) fn of(algorithm: Algorithm) -> Option<Self> {
        use Algorithm::{HS256, HS384, HS512};
        (![HS256, HS384, HS512].contains(&algorithm)).then(|| Self {
            shards: Default::default(),
            secret: RandomState::new(),
        })
    }

    /// What this very token says, if it was verified before and is still valid at `now`.
    pub(super) fn find(&self, token: &str, now: NumericDate) -> Option<Verified> {
        let shard = self.shard(token).read();
        let shard = shard.unwrap_or_else(PoisonError::into_inner);
        shard
            .get(token)
            .filter(|verified| verified.is_of(now))
            .cloned()
    }

    /// Remembers a token.
    pub(super) fn add(&self, token: &str, verified: &Verified) {
        let shard = self.shard(token).write();
        let mut shard = shard.unwrap_or_else(PoisonError::into_inner);
        if shard.len() >= MOST / SHARDS {
            // Most have expired by then, and the others are verified once more.
            shard.clear();
        }
        shard.insert(token.into(), verified.clone());
    }

    fn shard(&self, token: &str) -> &RwLock<HashMap<Box<str>, Verified>> {
        let [first, others @ ..] = &self.shards;
        let number = usize::try_from(self.secret.hash_one(token) % SHARDS as u64).unwrap_or(0);
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
    fn a_token_is_found_from_its_issue_to_its_end_and_no_other_is() {
        let seen = SeenTokens::of(Algorithm::ES256).unwrap();
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
        for other in ["a.b.d", "a.b.c.", "a.b", ""] {
            assert_eq!(seen.find(other, date(1100)), None, "{other}");
        }
    }

    #[test]
    fn their_number_is_bounded_and_hmacs_are_not_remembered() {
        let seen = SeenTokens::of(Algorithm::EdDSA).unwrap();
        for n in 0..3 * MOST {
            seen.add(&n.to_string(), &verified());
        }
        let kept = seen.shards.iter().map(|shard| shard.read().unwrap().len());
        assert!(kept.sum::<usize>() <= MOST);
        assert!(SeenTokens::of(Algorithm::HS512).is_none());
    }
}
