//! What users do with their own accounts.

use std::time::Duration;

use store::events::{Event, EventKind};
use store::password_links;
use store::sessions::{Device, RevokedReason};
use store::users::{self, Changed, PasswordHash, Updated, User, UserChanges};

use super::{Accounts, Attempt, target};
use crate::failure::Failure;
use crate::password_link::PasswordLink;
use crate::passwords::{InvalidPassword, Password};
use crate::tokens::AccessClaims;

/// What became of a change for which the password is needed.
pub type Own<T> = Result<T, NotConfirmed>;

/// Why a user could not confirm that it is them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotConfirmed {
    /// The password is another, or there is none.
    WrongPassword,
    /// There were too many attempts.
    TooMany {
        /// How long to wait.
        wait: Duration,
    },
    /// The user was changed, disabled or deleted meanwhile: the bearer's session has ended.
    Overtaken,
}

/// What became of a password that was to be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordChange {
    /// It is changed.
    Changed {
        /// So many other sessions of the user have ended.
        ended: usize,
    },
    /// The new one will not do.
    Invalid(InvalidPassword),
}

/// What became of a password that was to be set by a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkUse {
    /// It is set.
    Set {
        /// So many sessions of the user have ended.
        ended: usize,
    },
    /// The link is unknown, was used, or its time is over.
    Invalid,
    /// The new password will not do; the link is still good.
    InvalidPassword(InvalidPassword),
}

impl Accounts {
    /// Sets the bearer's password in the place of `current`, and ends their other sessions.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn change_password(
        &self,
        bearer: AccessClaims,
        current: Password,
        new: Password,
        device: &Device,
    ) -> Result<Own<PasswordChange>, Failure> {
        let Some(user) = self.find(bearer.user_id.clone()).await? else {
            return Ok(Err(NotConfirmed::Overtaken));
        };
        let new = match new.accept(&user.name, &user.email) {
            Ok(new) => new,
            Err(why) => return Ok(Ok(PasswordChange::Invalid(why))),
        };
        let event = self.own_event(EventKind::PasswordChanged, &bearer, device);
        let checked = match self.confirm(user, current, &event).await? {
            Ok(checked) => checked,
            Err(why) => return Ok(Err(why)),
        };
        let hash = self.hasher.hash(new).await?;
        let (id, session, now) = (bearer.user_id, bearer.session_id, self.clock.now());
        let change = move |c: &mut _| users::change_password(c, &id, &checked, &hash, session, now);
        match self.store.transaction(change).await? {
            Changed::NotFound => Ok(Err(NotConfirmed::Overtaken)),
            Changed::Changed(ids) => {
                let ended = ids.len();
                self.audit.record(event);
                self.revocations
                    .note(ids, RevokedReason::PasswordChanged, now);
                Ok(Ok(PasswordChange::Changed { ended }))
            }
        }
    }

    /// Changes the bearer's name or e-mail address; for the address the password is needed.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn update_own(
        &self,
        bearer: AccessClaims,
        changes: UserChanges,
        password: Option<Password>,
        device: &Device,
    ) -> Result<Own<Updated>, Failure> {
        let event = self.own_event(EventKind::UserChanged, &bearer, device);
        if let Some(password) = password
            && let Err(why) = self.confirm_bearer(&bearer, password, &event).await?
        {
            return Ok(Err(why));
        }
        let (id, is_change) = (bearer.user_id, changes != UserChanges::default());
        let update = move |c: &mut _| users::update(c, &id, &changes);
        match self.store.transaction(update).await? {
            Updated::NotFound => Ok(Err(NotConfirmed::Overtaken)),
            updated => {
                if matches!(updated, Updated::Updated(_)) && is_change {
                    self.audit.record(event);
                }
                Ok(Ok(updated))
            }
        }
    }

    /// Deletes the bearer's account, and ends all their sessions.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn delete_own(
        &self,
        bearer: AccessClaims,
        password: Password,
        device: &Device,
    ) -> Result<Own<()>, Failure> {
        let event = self.own_event(EventKind::UserDeleted, &bearer, device);
        if let Err(why) = self.confirm_bearer(&bearer, password, &event).await? {
            return Ok(Err(why));
        }
        let (id, now) = (bearer.user_id, self.clock.now());
        let delete = move |c: &mut _| users::delete(c, &id, now);
        match self.store.transaction(delete).await? {
            Changed::NotFound => Ok(Err(NotConfirmed::Overtaken)),
            Changed::Changed(ids) => {
                self.audit.record(event);
                self.revocations.note(ids, RevokedReason::UserDisabled, now);
                Ok(Ok(()))
            }
        }
    }

    /// Sets a password by a link, which is used up with it, and ends all sessions of its user.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn set_password_by_link(
        &self,
        link: PasswordLink,
        new: Password,
        device: &Device,
    ) -> Result<LinkUse, Failure> {
        let (hash, now) = (link.hash(), self.clock.now());
        let event = self.audit.event(EventKind::PasswordSet).device(device);
        let find = move |c: &mut _| password_links::find(c, hash, now);
        let Some(user) = self.store.read(find).await? else {
            self.audit.record(event.refused("link_invalid"));
            return Ok(LinkUse::Invalid);
        };
        let event = event.user(&user.id);
        let new = match new.accept(&user.name, &user.email) {
            Ok(new) => new,
            Err(why) => return Ok(LinkUse::InvalidPassword(why)),
        };
        let password = self.hasher.hash(new).await?;
        let now = self.clock.now();
        let redeem = move |c: &mut _| password_links::redeem(c, hash, &password, now);
        match self.store.transaction(redeem).await? {
            Some((_, Changed::Changed(ids))) => {
                self.audit.record(event);
                let ended = ids.len();
                self.revocations
                    .note(ids, RevokedReason::PasswordChanged, now);
                Ok(LinkUse::Set { ended })
            }
            Some((_, Changed::NotFound)) | None => {
                self.audit.record(event.refused("link_invalid"));
                Ok(LinkUse::Invalid)
            }
        }
    }

    fn own_event(&self, kind: EventKind, bearer: &AccessClaims, device: &Device) -> Event {
        let event = self.audit.event(kind).user(&bearer.user_id);
        event.session(bearer.session_id).device(device)
    }

    async fn confirm_bearer(
        &self,
        bearer: &AccessClaims,
        password: Password,
        event: &Event,
    ) -> Result<Own<()>, Failure> {
        let user = self.find(bearer.user_id.clone()).await?;
        match user.filter(|user| user.disabled_at.is_none()) {
            Some(user) => Ok(self.confirm(user, password, event).await?.map(drop)),
            None => Ok(Err(NotConfirmed::Overtaken)),
        }
    }

    /// Whether it is the password of a user who is signed in: it could be somebody at their device. The
    /// hash that it was checked against; a refusal is recorded.
    async fn confirm(
        &self,
        user: User,
        password: Password,
        event: &Event,
    ) -> Result<Own<PasswordHash>, Failure> {
        let target = target(&["password", user.id.as_str()]);
        if let Attempt::Exhausted { wait } = self.count(target).await? {
            self.audit.record(event.clone().refused("rate_limited"));
            return Ok(Err(NotConfirmed::TooMany { wait }));
        }
        let verified = self.hasher.verify(password, user.password.clone()).await?;
        match user.password.filter(|_| verified.is_good()) {
            Some(checked) => Ok(Ok(checked)),
            None => {
                self.audit.record(event.clone().refused("wrong_password"));
                Ok(Err(NotConfirmed::WrongPassword))
            }
        }
    }
}
