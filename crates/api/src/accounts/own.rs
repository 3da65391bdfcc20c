//! What users do with their own accounts.

use store::events::EventKind;
use store::password_links;
use store::sessions::{Device, RevokedReason};
use store::users::{self, Changed, Updated, User, UserChanges, UserId};

use super::{Accounts, Attempt, target};
use crate::failure::Failure;
use crate::password_link::PasswordLink;
use crate::passwords::{InvalidPassword, Password};
use crate::tokens::AccessClaims;

/// What became of a change for which the password is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Own<T> {
    /// It was made.
    Done(T),
    /// The password is another, or there is none.
    WrongPassword,
    /// There were too many attempts.
    TooMany {
        /// How long to wait.
        wait: std::time::Duration,
    },
    /// The user was disabled or deleted meanwhile: the bearer's session has ended.
    Overtaken,
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
        let event = self
            .audit
            .event(EventKind::UserChanged)
            .user(&bearer.user_id);
        let event = event.session(bearer.session_id).device(device);
        if let Some(password) = password {
            match self.check_own_password(&bearer.user_id, password).await? {
                Own::Done(_) => {}
                Own::WrongPassword => {
                    self.audit.record(event.refused("wrong_password"));
                    return Ok(Own::WrongPassword);
                }
                Own::TooMany { wait } => {
                    self.audit.record(event.refused("rate_limited"));
                    return Ok(Own::TooMany { wait });
                }
                Own::Overtaken => return Ok(Own::Overtaken),
            }
        }
        let (id, is_change) = (bearer.user_id, changes != UserChanges::default());
        let update = move |c: &mut _| users::update(c, &id, &changes);
        Ok(match self.store.transaction(update).await? {
            Updated::NotFound => Own::Overtaken,
            updated => {
                if matches!(updated, Updated::Updated(_)) && is_change {
                    self.audit.record(event);
                }
                Own::Done(updated)
            }
        })
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
        let event = self
            .audit
            .event(EventKind::UserDeleted)
            .user(&bearer.user_id);
        let event = event.session(bearer.session_id).device(device);
        match self.check_own_password(&bearer.user_id, password).await? {
            Own::Done(_) => {}
            Own::WrongPassword => {
                self.audit.record(event.refused("wrong_password"));
                return Ok(Own::WrongPassword);
            }
            Own::TooMany { wait } => {
                self.audit.record(event.refused("rate_limited"));
                return Ok(Own::TooMany { wait });
            }
            Own::Overtaken => return Ok(Own::Overtaken),
        }
        let (id, now) = (bearer.user_id, self.clock.now());
        let delete = move |c: &mut _| users::delete(c, &id, now);
        match self.store.transaction(delete).await? {
            Changed::NotFound => Ok(Own::Overtaken),
            Changed::Changed(ids) => {
                self.audit.record(event);
                self.revocations.note(ids, RevokedReason::UserDisabled, now);
                Ok(Own::Done(()))
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

    /// Whether it is the password of a user who is signed in, and who could be somebody at their
    /// device.
    async fn check_own_password(
        &self,
        id: &UserId,
        password: Password,
    ) -> Result<Own<User>, Failure> {
        let wanted = id.clone();
        let user = self.store.read(move |c| users::find(c, &wanted)).await?;
        let Some(user) = user.filter(|user| user.disabled_at.is_none()) else {
            return Ok(Own::Overtaken);
        };
        if let Attempt::Exhausted { wait } = self.count(target(&["password", id.as_str()])).await? {
            return Ok(Own::TooMany { wait });
        }
        let verified = self.hasher.verify(password, user.password.clone()).await?;
        Ok(match verified.is_good() {
            true => Own::Done(user),
            false => Own::WrongPassword,
        })
    }
}
