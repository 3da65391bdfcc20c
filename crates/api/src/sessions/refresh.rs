//! Renewing a session by the refresh tokens that a client presented.

use std::cmp::Reverse;
use std::net::IpAddr;

use ipnet::IpNet;
use store::events::EventKind;
use store::sessions::{self as rows, Dead, Device, Peek, Renewal, RevokedReason};
use store::users::UserId;

use super::{MAX_SESSIONS, Sessions, TokenPair};
use crate::failure::Failure;
use crate::metrics::of_renewal;
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
    pub async fn refresh_access(
        &self,
        presented: &[String],
        device: &dyn Fn() -> Device,
    ) -> Result<Refreshed, Failure> {
        self.first_granted(presented, async |claims| {
            self.peek_then_renew(claims, device).await
        })
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
        device: &dyn Fn() -> Device,
    ) -> Result<Refreshed, Failure> {
        self.first_granted(presented, async |claims| {
            if self.is_of_another(claims, user_id).await? {
                return Ok(Refreshed::Refused(Refusal::OtherUser));
            }
            self.renew(claims, device).await
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
            match self.tokens.refresh.verify(token, now) {
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

    async fn peek_then_renew(
        &self,
        claims: RefreshClaims,
        device: &dyn Fn() -> Device,
    ) -> Result<Refreshed, Failure> {
        let session = self.lookups.find(claims.session_id).await?;
        let now = self.clock.now();
        match rows::peek(session, claims.generation, now, &self.rules.renewal) {
            Peek::Good(session) => self
                .without_refresh_token(&session, now)
                .map(Refreshed::Pair),
            Peek::Dead(dead) => Ok(Refreshed::Refused(Refusal::Session(dead))),
            Peek::Undecided => self.renew(claims, device).await,
        }
    }

    /// The time is taken when the statement runs, not when it is queued: a late `rotated_at` in
    /// the past would cut the client's grace short.
    async fn renew(
        &self,
        claims: RefreshClaims,
        device: &dyn Fn() -> Device,
    ) -> Result<Refreshed, Failure> {
        let rules = self.rules.renewal;
        let clock = self.clock.clone();
        let renewal = self.store.write(move |c| {
            let now = clock.now();
            let renewal = rows::renew(c, claims.session_id, claims.generation, now, &rules)?;
            Ok((renewal, now))
        });
        let (renewal, now) = renewal.await?;
        self.audit.metrics().renewal(of_renewal(&renewal));
        self.record_renewal(&renewal, claims, device);
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

    /// What its user and the operator should see.
    fn record_renewal(
        &self,
        renewal: &Renewal,
        claims: RefreshClaims,
        device: &dyn Fn() -> Device,
    ) {
        let (kind, session) = match renewal {
            Renewal::Reused(session) => (EventKind::RefreshReused, session),
            Renewal::Forgiven(session) => (EventKind::ReplayForgiven, session),
            Renewal::Recovered(session) => (EventKind::RenewalRecovered, session),
            Renewal::Replayed(session) => (EventKind::ReplaySuspicious, session),
            Renewal::Rotated(_) | Renewal::Debounced(_) | Renewal::Dead(_) => return,
        };
        let device = device();
        let strange = what_is_strange(&session.device, &device);
        let detail = match renewal {
            // Answers get lost: from the device that is known it is nothing to speak of.
            Renewal::Replayed(_) => match strange {
                Some(strange) => strange.to_owned(),
                None => return,
            },
            _ => {
                let (presented, current) = (claims.generation.get(), session.generation.get());
                let detail = format!("generation {presented} presented, {current} current");
                match strange {
                    Some(strange) => format!("{detail}; {strange}"),
                    None => detail,
                }
            }
        };
        if let Renewal::Recovered(_) = renewal {
            log::error!(
                "the database has lost acknowledged renewals (a restored backup?): session {} of \
                 user {} was behind its refresh token",
                session.id,
                session.user_id
            );
        }
        let event = self.audit.event(kind);
        let event = event.user(&session.user_id).session(session.id);
        self.audit.record(event.device(&device).detail(&detail));
    }
}

/// In what a device differs from the one that signed in.
fn what_is_strange(known: &Device, now: &Device) -> Option<&'static str> {
    let is_other_agent = known.user_agent != now.user_agent;
    let network = |device: &Device| device.ip.as_deref().and_then(network_of);
    match (is_other_agent, network(known) != network(now)) {
        (true, true) => Some("another user agent and network than at sign-in"),
        (true, false) => Some("another user agent than at sign-in"),
        (false, true) => Some("another network than at sign-in"),
        (false, false) => None,
    }
}

/// About as much of an address as one provider has: 16 bits of IPv4, 32 of IPv6.
fn network_of(address: &str) -> Option<IpNet> {
    let address: IpAddr = address.parse().ok()?;
    let bits = if address.is_ipv4() { 16 } else { 32 };
    Some(IpNet::new(address, bits).ok()?.trunc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(ip: &str, user_agent: &str) -> Device {
        Device {
            ip: Some(ip.to_owned()),
            user_agent: Some(user_agent.to_owned()),
            label: None,
        }
    }

    #[test]
    fn another_agent_or_network_is_strange() {
        let known = device("192.0.2.1", "Firefox");
        let strange = |ip, agent| what_is_strange(&known, &device(ip, agent));
        assert_eq!(strange("192.0.99.1", "Firefox"), None);
        assert!(strange("192.1.2.1", "Firefox").unwrap().contains("network"));
        assert!(
            strange("2001:db8::1", "Firefox")
                .unwrap()
                .contains("network")
        );
        assert!(strange("192.0.2.1", "curl").unwrap().contains("user agent"));
    }
}
