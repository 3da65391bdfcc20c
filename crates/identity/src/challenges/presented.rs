//! Finding the challenge that somebody answers.

use std::fmt;

use store::challenges::{self, BrowserHash, Challenge, ChallengeKind};
use store::users::UserId;
use store::{AnyConnection, StoreError, UnixMillis};
use zeroize::Zeroizing;

use super::{ChallengeSecrets, code_ttl};
use crate::entropy::Entropy;
use crate::failure::Failure;
use crate::ports::Ports;
use crate::random_secret;

/// The secret in a browser's cookie, by which the browser that asked is known again. `Debug` does not show
/// it.
#[derive(Clone)]
pub struct BrowserSecret(Zeroizing<String>);

impl BrowserSecret {
    /// A new one with 256 random bits.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(random_secret::make("", entropy))
    }

    /// Any text that a browser sends.
    pub fn presented(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The hash to store. With 256 random bits, looking it up leaks nothing.
    pub fn hash(&self) -> BrowserHash {
        BrowserHash(random_secret::hash(&self.0))
    }

    /// The secret itself, for the cookie.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for BrowserSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BrowserSecret(…)")
    }
}

/// What somebody answers with.
#[derive(Clone, Debug)]
pub enum Presented {
    /// The token of a link.
    Link(String),
    /// A code, as it was typed.
    Code {
        /// The code.
        code: Zeroizing<String>,
        /// Whose challenge it answers.
        whose: Whose,
    },
}

/// Whose challenge a code answers.
#[derive(Clone, Debug)]
pub enum Whose {
    /// That of the user who is signed in.
    User(UserId),
    /// That which this browser asked for, about this address if one is given.
    Browser {
        /// The secrets that the browser presented.
        secrets: Vec<BrowserSecret>,
        /// The address.
        email: Option<String>,
    },
}

/// Whether one of these secrets is that of the browser that asked.
pub(crate) fn asked_by(challenge: &Challenge, secrets: &[BrowserSecret]) -> bool {
    secrets
        .iter()
        .any(|secret| Some(secret.hash()) == challenge.browser)
}

/// Maximum number of secrets of one browser that are tried.
const MOST_SECRETS: usize = 4;

impl ChallengeSecrets {
    /// The live challenge of one of these kinds that is answered rightly. An answer by code takes an attempt.
    /// The challenge is not used up.
    pub(crate) async fn find(
        &self,
        ports: &Ports,
        kinds: &'static [ChallengeKind],
        presented: Presented,
    ) -> Result<Option<Challenge>, Failure> {
        let now = ports.clock.now();
        match presented {
            Presented::Link(token) => {
                let verified = self.verify(&token);
                let Some((id, _)) = verified.filter(|(_, kind)| kinds.contains(kind)) else {
                    return Ok(None);
                };
                let find = move |c: &mut _| challenges::find_live(c, id, now);
                ports.store.read(find).await
            }
            Presented::Code { code, whose } => {
                let attempted = move |c: &mut _| attempt(c, kinds, &whose, now);
                let challenge = ports.store.write(attempted).await?;
                Ok(challenge.filter(|challenge| {
                    let is_young = now < challenge.created_at + code_ttl(challenge.kind);
                    self.code(challenge.id, challenge.kind).is(&code) && is_young
                }))
            }
        }
    }
}

/// The challenge, if it had an attempt left, which is taken.
fn attempt(
    c: &mut AnyConnection,
    kinds: &[ChallengeKind],
    whose: &Whose,
    now: UnixMillis,
) -> Result<Option<Challenge>, StoreError> {
    let mut newest: Option<Challenge> = None;
    for kind in kinds.iter().copied() {
        match whose {
            Whose::User(id) => newest = newer(newest, challenges::of_user(c, id, kind, now)?),
            Whose::Browser { secrets, email } => {
                for secret in secrets.iter().take(MOST_SECRETS) {
                    let found = challenges::of_browser(c, secret.hash(), kind, now)?;
                    let same = |challenge: &Challenge| {
                        let is =
                            |email: &String| email.to_lowercase() == challenge.email.to_lowercase();
                        email.as_ref().is_none_or(is)
                    };
                    newest = newer(newest, found.filter(same));
                }
            }
        }
    }
    let Some(challenge) = newest else {
        return Ok(None);
    };
    let taken = challenges::take_attempt(c, challenge.id, now)?;
    Ok(taken.then_some(challenge))
}

fn newer(one: Option<Challenge>, other: Option<Challenge>) -> Option<Challenge> {
    match (one, other) {
        (Some(one), Some(other)) if other.created_at > one.created_at => Some(other),
        (Some(one), _) => Some(one),
        (None, other) => other,
    }
}
