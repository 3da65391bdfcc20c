//! Sessions: opening, renewing and ending them, and the tokens that go with each.

mod device_label;
mod end;
mod introspect;
mod lookups;
mod refresh;

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use store::UnixMillis;
use store::attempts;
use store::events::{Event, EventKind};
use store::sessions::{
    self as rows, Dead, Device, NewSession, Opened, RenewalRules, RevokedReason,
};
use store::sessions::{Session, SessionId};
use store::users::{self, User, UserId};

use crate::accounts::CheckedUser;
use crate::async_store::AsyncStore;
use crate::audit::Audit;
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::failure::Failure;
use crate::revocations::Revocations;
use crate::tokens::{AccessToken, DeviceToken, KnownDevice, RefreshToken, Tokens};

use device_label::device_label;
pub use end::Page;
pub use introspect::RevokedBy;
use lookups::Lookups;
pub use refresh::{Refreshed, Refusal};

/// One cookie is what an honest client sends. A browser may add some that other paths or domains
/// left behind; the sessions of more than so many are not looked at.
const MAX_SESSIONS: usize = 4;

/// What sessions keep to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionRules {
    /// From opening to the end, however often they are renewed.
    pub ttl: Duration,
    /// The rules of renewal.
    pub renewal: RenewalRules,
    /// How many live ones a user may have.
    pub per_user: Option<NonZeroU32>,
}

/// An access token, and a refresh token where that is new to the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenPair {
    /// The access token.
    pub access: AccessToken,
    /// The refresh token and the seconds for which it is of use.
    pub refresh: Option<(RefreshToken, u64)>,
}

/// A session that was opened for a user whose password was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// Its tokens.
    pub pair: TokenPair,
    /// By this the device is known at the next sign-in.
    pub device_token: DeviceToken,
}

/// What came of a request to open a session by user id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Issued {
    /// It is open.
    Pair(TokenPair),
    /// There is no such user.
    UserUnknown,
    /// The user is disabled.
    UserDisabled,
}

/// Opens, renews and ends sessions.
pub struct Sessions {
    lookups: Lookups,
    store: AsyncStore,
    tokens: Tokens,
    revocations: Arc<Revocations>,
    rules: SessionRules,
    audit: Arc<Audit>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Sessions {
    /// Those in `store`.
    pub fn new(
        store: AsyncStore,
        tokens: Tokens,
        revocations: Arc<Revocations>,
        rules: SessionRules,
        audit: Arc<Audit>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self {
            lookups: Lookups::new(store.clone()),
            store,
            tokens,
            revocations,
            rules,
            audit,
            clock,
            entropy,
        }
    }

    /// Opens a session for a user whose password was checked; `None` when that check no longer
    /// holds.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn sign_in(
        &self,
        user: CheckedUser,
        known: Option<&KnownDevice>,
        device: Device,
    ) -> Result<Option<SignedIn>, Failure> {
        let now = self.clock.now();
        let devices = &self.tokens.device;
        let device_token = devices.issue(&user.id, &user.hash, known, now, &*self.entropy)?;
        let event = self.audit.event(EventKind::SignIn);
        let event = event.user(&user.id).device(&device);
        let new = self.new_session(user.id, vec!["pwd".to_owned()], device, now);
        let opened = self.store.transaction(move |c| {
            let opened = rows::sign_in(c, new, &user.hash)?;
            if let (Opened::Session(..), Some(target)) = (&opened, user.counted) {
                attempts::forget(c, target)?;
            }
            Ok(opened)
        });
        match opened.await? {
            Opened::Session(session, ended) => {
                self.audit.record(event.session(session.id));
                self.note_ended(ended, RevokedReason::SessionLimit, now);
                Ok(Some(SignedIn {
                    pair: self.with_refresh_token(&session, now)?,
                    device_token,
                }))
            }
            Opened::UserUnknown | Opened::UserDisabled | Opened::PasswordChanged => {
                self.audit.record(event.refused("overtaken"));
                Ok(None)
            }
        }
    }

    /// Opens a session for a user whom somebody else vouches for.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn issue(&self, user_id: UserId, device: Device) -> Result<Issued, Failure> {
        let now = self.clock.now();
        let event = self.issue_event(&user_id, &device);
        let new = self.new_session(user_id, Vec::new(), device, now);
        let opened = self.store.transaction(|c| rows::issue(c, new)).await?;
        self.issued(opened, event, RevokedReason::SessionLimit, now)
    }

    /// Ends all sessions of a user and opens a new one.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn renew_by_force(&self, user_id: UserId, device: Device) -> Result<Issued, Failure> {
        let now = self.clock.now();
        let event = self.issue_event(&user_id, &device).detail("forced_renewal");
        let new = self.new_session(user_id, Vec::new(), device, now);
        let opened = self
            .store
            .transaction(|c| rows::renew_by_force(c, new))
            .await?;
        self.issued(opened, event, RevokedReason::ForcedRenewal, now)
    }

    /// A live session and its user, or why there is none.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn find(&self, id: SessionId) -> Result<Result<(User, Session), Dead>, Failure> {
        let now = self.clock.now();
        let find = move |c: &mut _| {
            let session = match rows::find_live(c, id, now)? {
                Ok(session) => session,
                Err(dead) => return Ok(Err(dead)),
            };
            let user = users::find(c, &session.user_id)?;
            Ok(user.map(|user| (user, session)).ok_or(Dead::Unknown))
        };
        self.store.read(find).await
    }

    fn new_session(
        &self,
        user_id: UserId,
        amr: Vec<String>,
        device: Device,
        now: UnixMillis,
    ) -> NewSession {
        let expires_at = now + self.rules.ttl;
        NewSession {
            id: SessionId::new(now, self.entropy.bytes()),
            user_id,
            created_at: now,
            idle_expires_at: expires_at.min(now + self.rules.renewal.idle_ttl),
            expires_at,
            amr,
            device: Device {
                label: device.user_agent.as_deref().and_then(device_label),
                ..device
            },
            session_limit: self.rules.per_user,
        }
    }

    fn issue_event(&self, user_id: &UserId, device: &Device) -> Event {
        let event = self.audit.event(EventKind::SessionIssued);
        event.user(user_id).device(device)
    }

    fn issued(
        &self,
        opened: Opened,
        event: Event,
        why_others_ended: RevokedReason,
        now: UnixMillis,
    ) -> Result<Issued, Failure> {
        match opened {
            Opened::Session(session, ended) => {
                self.audit.record(event.session(session.id));
                self.note_ended(ended, why_others_ended, now);
                self.with_refresh_token(&session, now).map(Issued::Pair)
            }
            Opened::UserUnknown => {
                self.audit.record(event.refused("user_unknown"));
                Ok(Issued::UserUnknown)
            }
            Opened::UserDisabled => {
                self.audit.record(event.refused("user_disabled"));
                Ok(Issued::UserDisabled)
            }
            Opened::PasswordChanged => Err(Failure::Internal("no password was checked".into())),
        }
    }

    fn with_refresh_token(&self, session: &Session, now: UnixMillis) -> Result<TokenPair, Failure> {
        let token = self.tokens.refresh.current(session)?;
        let of_use = session.idle_expires_at.since(now).as_secs();
        Ok(TokenPair {
            refresh: Some((token, of_use)),
            ..self.without_refresh_token(session, now)?
        })
    }

    fn without_refresh_token(
        &self,
        session: &Session,
        now: UnixMillis,
    ) -> Result<TokenPair, Failure> {
        Ok(TokenPair {
            access: self.tokens.access.issue(session, now, &*self.entropy)?,
            refresh: None,
        })
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions")
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}
