//! Renewing a session by the refresh tokens that a client presented.

use std::cmp::Reverse;

use store::sessions::{self as rows, Dead, Peek, Renewal, RevokedReason, Session};
use store::users::UserId;

use super::{MAX_SESSIONS, Sessions, TokenPair};
use crate::failure::Failure;
use crate::tokens::RefreshClaims;

/// What came of a renewal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refreshed {
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

impl Sessions {
    /// A new access token; the refresh token stays.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn refresh_access(&self, presented: &[String]) -> Result<Refreshed, Failure> {
        self.first_granted(presented, async |claims| self.peek_then_renew(claims).await)
            .await
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
    ) -> Result<Refreshed, Failure> {
        self.first_granted(presented, async |claims| {
            if self.is_of_another(claims, user_id).await? {
                return Ok(Refreshed::Refused(Refusal::OtherUser));
            }
            self.renew(claims).await
        })
        .await
    }

    /// Tries each session that was presented; the first refusal counts if none is granted.
    async fn first_granted(
        &self,
        presented: &[String],
        attempt: impl AsyncFn(RefreshClaims) -> Result<Refreshed, Failure>,
    ) -> Result<Refreshed, Failure> {
        let sessions = match self.verified(presented) {
            Ok(sessions) => sessions,
            Err(refusal) => return Ok(Refreshed::Refused(refusal)),
        };
        let mut first_refusal = None;
        for claims in sessions {
            match attempt(claims).await? {
                Refreshed::Refused(refusal) => {
                    first_refusal.get_or_insert(refusal);
                }
                granted => return Ok(granted),
            }
        }
        Ok(Refreshed::Refused(
            first_refusal.unwrap_or(Refusal::NoToken),
        ))
    }

    /// What the tokens of ours say, the newest session first and of each session the newest
    /// generation alone: a stale cookie never spoils a good one. Without any, what is wrong with
    /// the last.
    fn verified(&self, presented: &[String]) -> Result<Vec<RefreshClaims>, Refusal> {
        let now = self.clock.now();
        let mut ours = Vec::new();
        let mut refusal = Refusal::NoToken;
        for token in presented {
            match self.refresh_tokens.verify(token, now) {
                Ok(claims) => ours.push(claims),
                Err(error) => refusal = Refusal::Token(error),
            }
        }
        if ours.is_empty() {
            return Err(refusal);
        }
        ours.sort_by_key(|claims| Reverse((claims.session_id, claims.generation)));
        ours.dedup_by_key(|claims| claims.session_id);
        ours.truncate(MAX_SESSIONS);
        Ok(ours)
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
        let session = self.lookups.find(claims.session_id).await?;
        Ok(session.is_some_and(|session| session.user_id != *user_id))
    }

    async fn peek_then_renew(&self, claims: RefreshClaims) -> Result<Refreshed, Failure> {
        let session = self.lookups.find(claims.session_id).await?;
        let now = self.clock.now();
        match rows::peek(session, claims.generation, now, &self.rules.renewal) {
            Peek::Good(session) => self
                .without_refresh_token(&session, now)
                .map(Refreshed::Pair),
            Peek::Dead(dead) => Ok(Refreshed::Refused(Refusal::Session(dead))),
            Peek::Undecided => self.renew(claims).await,
        }
    }

    /// The time is taken when the statement runs, not when it is queued: a late `rotated_at` in
    /// the past would cut the client's grace short.
    async fn renew(&self, claims: RefreshClaims) -> Result<Refreshed, Failure> {
        let rules = self.rules.renewal;
        let clock = self.clock.clone();
        let renewal = self.store.write(move |c| {
            let now = clock.now();
            let renewal = rows::renew(c, claims.session_id, claims.generation, now, &rules)?;
            Ok((renewal, now))
        });
        let (renewal, now) = renewal.await?;
        report(&renewal, claims);
        match renewal {
            Renewal::Rotated(session)
            | Renewal::Replayed(session)
            | Renewal::Forgiven(session)
            | Renewal::Recovered(session) => {
                self.with_refresh_token(&session, now).map(Refreshed::Pair)
            }
            Renewal::Debounced(session) => self
                .without_refresh_token(&session, now)
                .map(Refreshed::Pair),
            Renewal::Reused(session) => {
                self.note_ended([session.id], RevokedReason::Reuse, now);
                Ok(Refreshed::Refused(Refusal::Reused))
            }
            Renewal::Dead(dead) => Ok(Refreshed::Refused(Refusal::Session(dead))),
        }
    }
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
