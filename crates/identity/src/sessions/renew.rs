//! Renewing a session with the refresh tokens that a client presented.

use std::net::IpAddr;

use ipnet::IpNet;
use store::Actor;
use store::events::{Cause, EventKind};
use store::sessions::{
    self, Device, NotLive, Peek, Presented, Renewal, Revocation, Revoked, RevokedReason, Session,
};
use store::users::UserId;

use super::{Sessions, TokenPair};
use crate::failure::Failure;
use crate::tokens::RefreshClaims;

/// The outcome of a renewal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Renewed {
    /// It was granted.
    Granted(TokenPair),
    /// It was refused.
    Refused(Refusal),
}

/// Why a renewal was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No refresh token was presented.
    NoToken,
    /// The token failed a check.
    Token(jwt_core::Error),
    /// The token is outdated. Its session was revoked now.
    Reused,
    /// The session is not live.
    NotLive(NotLive),
    /// The session belongs to another user than the caller named.
    OtherUser,
}

impl Sessions {
    /// Issues a new access token; the refresh token stays.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn refresh_access(
        &self,
        presented: &[String],
        device: &dyn Fn() -> Device,
    ) -> Result<Renewed, Failure> {
        self.first_granted(presented, async |claims| {
            self.peek_then_renew(claims, device).await
        })
        .await
    }

    /// Issues a new access token and, unless the last rotation is within the grace period, a new
    /// refresh token. With a user id, the session must belong to that user.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn refresh_all(
        &self,
        presented: &[String],
        user_id: Option<&UserId>,
        device: &dyn Fn() -> Device,
    ) -> Result<Renewed, Failure> {
        self.first_granted(presented, async |claims| {
            self.renew(claims, user_id, device).await
        })
        .await
    }

    /// Tries each presented session; if none is granted, the first refusal counts.
    async fn first_granted(
        &self,
        presented: &[String],
        attempt: impl AsyncFn(RefreshClaims) -> Result<Renewed, Failure>,
    ) -> Result<Renewed, Failure> {
        let sessions = match self.presented(presented).await? {
            Ok(sessions) => sessions,
            Err(refusal) => return Ok(Renewed::Refused(refusal)),
        };
        let mut first_refusal = None;
        for claims in sessions {
            match attempt(claims).await? {
                Renewed::Refused(refusal) => {
                    first_refusal.get_or_insert(refusal);
                }
                granted => return Ok(granted),
            }
        }
        Ok(Renewed::Refused(first_refusal.unwrap_or(Refusal::NoToken)))
    }

    async fn peek_then_renew(
        &self,
        claims: RefreshClaims,
        device: &dyn Fn() -> Device,
    ) -> Result<Renewed, Failure> {
        let session = self.lookups.find(claims.session_id).await?;
        let now = self.ports.clock.now();
        match sessions::peek(session, claims.generation, now, &self.rules.renewal) {
            Peek::Valid(session) => self
                .without_refresh_token(&session, now)
                .map(Renewed::Granted),
            Peek::NotLive(why) => Ok(Renewed::Refused(Refusal::NotLive(why))),
            Peek::Undecided => self.renew(claims, None, device).await,
        }
    }

    async fn renew(
        &self,
        claims: RefreshClaims,
        user_id: Option<&UserId>,
        device: &dyn Fn() -> Device,
    ) -> Result<Renewed, Failure> {
        let presented = Presented {
            generation: claims.generation,
            user_id: user_id.cloned(),
        };
        let renewed = self.renewals.renew(claims.session_id, presented);
        let (renewal, now) = renewed.await?;
        self.ports.audit.metrics().renewal(&renewal);
        self.record_renewal(&renewal, claims, device);
        match renewal {
            Renewal::Rotated(session)
            | Renewal::Replayed(session)
            | Renewal::Forgiven(session)
            | Renewal::Recovered(session) => {
                self.with_refresh_token(&session, now).map(Renewed::Granted)
            }
            Renewal::Debounced(session) => self
                .without_refresh_token(&session, now)
                .map(Renewed::Granted),
            Renewal::Reused(session) => {
                self.revocations.add(&Revoked {
                    user_id: session.user_id,
                    sessions: vec![session.id],
                    revocation: Revocation::new(RevokedReason::Reuse, Actor::System, now),
                });
                Ok(Renewed::Refused(Refusal::Reused))
            }
            Renewal::NotLive(why) => Ok(Renewed::Refused(Refusal::NotLive(why))),
            Renewal::OtherUser => Ok(Renewed::Refused(Refusal::OtherUser)),
        }
    }

    /// Records what the user and the operator should know about.
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
            Renewal::Rotated(_)
            | Renewal::Debounced(_)
            | Renewal::NotLive(_)
            | Renewal::OtherUser => return,
        };
        let device = device();
        let difference = difference(&session.device, &device);
        // Answers get lost: a replay from the device of the sign-in is not suspicious.
        if kind == EventKind::ReplaySuspicious && difference.is_none() {
            return;
        }
        if kind == EventKind::RenewalRecovered {
            log::warn!(
                "the database has lost acknowledged renewals (a restored backup?): session {} is at \
                 generation {}, its refresh token at {}",
                session.id,
                session.generation.get(),
                claims.generation.get()
            );
        }
        self.record_use(kind, session, &device, difference);
    }

    fn record_use(
        &self,
        kind: EventKind,
        session: &Session,
        device: &Device,
        difference: Option<Cause>,
    ) {
        let event = self.ports.audit.event(kind);
        let event = event.user(&session.user_id).session(session.id);
        let event = event.device(device);
        self.ports.audit.record(match difference {
            Some(difference) => event.reason(difference),
            None => event,
        });
    }
}

/// How a device differs from the one that signed in.
fn difference(known: &Device, now: &Device) -> Option<Cause> {
    let is_other_agent = known.user_agent != now.user_agent;
    let network = |device: &Device| device.ip.as_deref().and_then(network_of);
    match (is_other_agent, network(known) != network(now)) {
        (true, true) => Some(Cause::OtherDevice),
        (true, false) => Some(Cause::OtherUserAgent),
        (false, true) => Some(Cause::OtherNetwork),
        (false, false) => None,
    }
}

/// About the part of an address that one provider owns: 16 bits of IPv4, 32 of IPv6.
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
    fn another_agent_or_network_is_a_difference() {
        let known = device("192.0.2.1", "Firefox");
        let differs = |ip, agent| difference(&known, &device(ip, agent));
        assert_eq!(differs("192.0.99.1", "Firefox"), None);
        assert_eq!(differs("192.1.2.1", "Firefox"), Some(Cause::OtherNetwork));
        assert_eq!(differs("2001:db8::1", "Firefox"), Some(Cause::OtherNetwork));
        assert_eq!(differs("192.0.2.1", "curl"), Some(Cause::OtherUserAgent));
        assert_eq!(differs("192.1.2.1", "curl"), Some(Cause::OtherDevice));
    }
}
