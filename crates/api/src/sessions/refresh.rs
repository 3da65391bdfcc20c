//! Renewing a session by the refresh tokens that a client presented.

use std::cmp::Reverse;

use store::sessions::{self as rows, Dead, Peek, Renewal, Session};
use store::users::UserId;

use super::{Sessions, TokenPair};
use crate::blocking;
use crate::failure::Failure;
use crate::tokens::RefreshClaims;

/// What came of a renewal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// It was granted.
    Pair(TokenPair),
    /// It was not.
    Refused(Refusal),
}

/// Why a renewal was not granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No refresh token was presented.
    NoToken,
    /// It is not one of ours, or its session's time has run out.
    Token(jwt_core::Error),
    /// It is outdated; its session has ended now.
    Reused,
    /// There is no live session.
    Session(Dead),
    /// The session is somebody else's than the caller said.
    OtherUser,
}

/// One cookie is what an honest client sends. A browser may add some that other paths or domains
/// left behind; more than this are not tried.
const MAX_TOKENS: usize = 4;

impl Sessions {
    /// A new access token; the refresh token stays.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn refresh_access(&self, presented: &[String]) -> Result<Refresh, Failure> {
        let mut refusal = None;
        for claims in self.verified(presented, &mut refusal) {
            match self.peek_then_renew(claims).await? {
                Refresh::Refused(why) => keep_first(&mut refusal, why),
                granted => return Ok(granted),
            }
        }
        Ok(Refresh::Refused(refusal.unwrap_or(Refusal::NoToken)))
    }

    /// A new access token and, unless it is still fresh, a new refresh token. With a user id, the
    /// session must be that user's.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn refresh_all(
        &self,
        presented: &[String],
        user_id: Option<&UserId>,
    ) -> Result<Refresh, Failure> {
        let mut refusal = None;
        for claims in self.verified(presented, &mut refusal) {
            if self.is_of_another(claims, user_id).await? {
                keep_first(&mut refusal, Refusal::OtherUser);
                continue;
            }
            match self.renew(claims).await? {
                Refresh::Refused(why) => keep_first(&mut refusal, why),
                granted => return Ok(granted),
            }
        }
        Ok(Refresh::Refused(refusal.unwrap_or(Refusal::NoToken)))
    }

    /// What the tokens of ours say, the newest session first and of each session the newest
    /// generation alone: a stale cookie never spoils a good one. A token that is not ours is the
    /// refusal if no other does better.
    fn verified(&self, presented: &[String], refusal: &mut Option<Refusal>) -> Vec<RefreshClaims> {
        let now = self.clock.now();
        let mut claims = Vec::new();
        for token in presented.iter().take(MAX_TOKENS) {
            match self.refresh_tokens.verify(token, now) {
                Ok(good) => claims.push(good),
                Err(error) => *refusal = Some(Refusal::Token(error)),
            }
        }
        if !claims.is_empty() {
            *refusal = None;
        }
        claims.sort_by_key(|claims| Reverse((claims.session_id, claims.generation)));
        claims.dedup_by_key(|claims| claims.session_id);
        claims
    }

    /// Looked at before anything is changed: a wrong id must not rotate the token away from its
    /// owner. A session never changes hands, so the answer stays true.
    async fn is_of_another(
        &self,
        claims: RefreshClaims,
        user_id: Option<&UserId>,
    ) -> Result<bool, Failure> {
        let Some(user_id) = user_id else {
            return Ok(false);
        };
        let session = blocking::read(&self.store, move |c| rows::find(c, claims.session_id));
        Ok(session
            .await?
            .is_some_and(|session| session.user_id != *user_id))
    }

    async fn peek_then_renew(&self, claims: RefreshClaims) -> Result<Refresh, Failure> {
        let now = self.clock.now();
        let rules = self.lifetimes.renewal;
        let peek = blocking::read(&self.store, move |c| {
            rows::peek(c, claims.session_id, claims.generation, now, &rules)
        });
        match peek.await? {
            Peek::Good(session) => Ok(Refresh::Pair(self.without_refresh_token(&session, now)?)),
            Peek::Dead(dead) => Ok(Refresh::Refused(Refusal::Session(dead))),
            Peek::Undecided => self.renew(claims).await,
        }
    }

    async fn renew(&self, claims: RefreshClaims) -> Result<Refresh, Failure> {
        let now = self.clock.now();
        let rules = self.lifetimes.renewal;
        let renewal = blocking::write(&self.store, move |c| {
            rows::renew(c, claims.session_id, claims.generation, now, &rules)
        });
        let renewal = renewal.await?;
        report(&renewal, claims);
        Ok(match renewal {
            Renewal::Rotated(session)
            | Renewal::Replayed(session)
            | Renewal::Forgiven(session)
            | Renewal::Recovered(session) => Refresh::Pair(self.with_refresh_token(&session, now)?),
            Renewal::Debounced(session) => {
                Refresh::Pair(self.without_refresh_token(&session, now)?)
            }
            Renewal::Reused(_) => Refresh::Refused(Refusal::Reused),
            Renewal::Dead(dead) => Refresh::Refused(Refusal::Session(dead)),
        })
    }
}

fn keep_first(refusal: &mut Option<Refusal>, why: Refusal) {
    refusal.get_or_insert(why);
}

/// What an operator should see.
fn report(renewal: &Renewal, claims: RefreshClaims) {
    let of = |session: &Session| format!("session {} of user {}", session.id, session.user_id);
    match renewal {
        Renewal::Reused(session) => log::warn!(
            "refresh token reused: {} has ended; generation {} was presented, {} is current",
            of(session),
            claims.generation.get(),
            session.generation.get()
        ),
        Renewal::Forgiven(session) => log::info!("late replay forgiven: {}", of(session)),
        Renewal::Recovered(session) => log::error!(
            "the database has lost acknowledged renewals (a restored backup?): {} was behind its \
             refresh token, generation {}",
            of(session),
            claims.generation.get()
        ),
        Renewal::Rotated(_) | Renewal::Debounced(_) | Renewal::Replayed(_) | Renewal::Dead(_) => {}
    }
}
