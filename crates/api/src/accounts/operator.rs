//! What the operator's side does with accounts, by a service key.

use std::time::Duration;

use store::UnixMillis;
use store::events::EventKind;
use store::password_links;
use store::sessions::{RevokedReason, revoke_all_of_user};
use store::users::{self, Added, Changed, Updated, User, UserChanges, UserId};

use super::{Accounts, Email, Name, OwnClaims};
use crate::failure::Failure;
use crate::page;
use crate::password_link::PasswordLink;
use crate::passwords::AcceptedPassword;

/// Users in one answer, at most.
const PAGE: u16 = 100;

/// How long a link for setting a password is good.
const LINK_TTL: Duration = Duration::from_secs(24 * 3600);

/// Some of the users, in the order of their ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserPage {
    /// The users.
    pub users: Vec<User>,
    /// There are more, after this one.
    pub next: Option<UserId>,
}

/// A user whom a back end adds.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Their id, if they are known elsewhere by one.
    pub id: Option<UserId>,
    /// Their name.
    pub name: Name,
    /// Their e-mail address.
    pub email: Email,
    /// Their password; without one they get a link, or sessions by a service key.
    pub password: Option<AcceptedPassword>,
    /// Their own claims.
    pub claims: OwnClaims,
}

/// A link for setting a password, and until when it is good.
#[derive(Debug)]
pub struct MadeLink {
    /// The link's token.
    pub link: PasswordLink,
    /// When it is over.
    pub expires_at: UnixMillis,
}

impl Accounts {
    /// The users after `after`; with a text, those whose e-mail address or name has it.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn list(
        &self,
        after: Option<UserId>,
        search: Option<String>,
    ) -> Result<UserPage, Failure> {
        let list = move |c: &mut _| users::list(c, after.as_ref(), search.as_deref(), PAGE + 1);
        let mut users = self.store.read(list).await?;
        let next = page::cut(&mut users, PAGE).map(|user| user.id.clone());
        Ok(UserPage { users, next })
    }

    /// One user.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn find(&self, id: UserId) -> Result<Option<User>, Failure> {
        self.store.read(move |c| users::find(c, &id)).await
    }

    /// Adds a user for a back end.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn add(&self, new: NewUser, by: &str) -> Result<(Added, User), Failure> {
        let password = match new.password {
            Some(password) => Some(self.hasher.hash(password).await?),
            None => None,
        };
        let now = self.clock.now();
        let user = User {
            id: new
                .id
                .unwrap_or_else(|| UserId::new(now, self.entropy.bytes())),
            name: new.name.into(),
            email: new.email.into(),
            password,
            claims: new.claims.into(),
            created_at: now,
            disabled_at: None,
        };
        let row = user.clone();
        let added = self.store.write(move |c| users::add(c, &row)).await?;
        if added == Added::Added {
            self.record(EventKind::UserAdded, &user.id, by);
        }
        Ok((added, user))
    }

    /// Changes name, e-mail address or claims. Access tokens have the claims from the next renewal on.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn update(
        &self,
        id: UserId,
        changes: UserChanges,
        by: &str,
    ) -> Result<Updated, Failure> {
        let (wanted, is_change) = (id.clone(), changes != UserChanges::default());
        let update = move |c: &mut _| users::update(c, &wanted, &changes);
        let updated = self.store.transaction(update).await?;
        if matches!(updated, Updated::Updated(_)) && is_change {
            self.record(EventKind::UserChanged, &id, by);
        }
        Ok(updated)
    }

    /// Disables a user and ends their sessions, or enables them. `false` when there is no such user;
    /// one who is so already stays so.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn set_disabled(
        &self,
        id: UserId,
        disabled: bool,
        by: &str,
    ) -> Result<bool, Failure> {
        let (wanted, now) = (id.clone(), self.clock.now());
        let change = move |c: &mut _| {
            let changed = match disabled {
                true => users::disable(c, &wanted, now)?,
                false => users::enable(c, &wanted)?,
            };
            let is_there = changed != Changed::NotFound || users::find(c, &wanted)?.is_some();
            Ok((changed, is_there))
        };
        let (changed, is_there) = self.store.transaction(change).await?;
        if let Changed::Changed(ended) = changed {
            let kind = match disabled {
                true => EventKind::UserDisabled,
                false => EventKind::UserEnabled,
            };
            self.record(kind, &id, by);
            self.revocations
                .note(ended, RevokedReason::UserDisabled, now);
        }
        Ok(is_there)
    }

    /// Deletes a user and ends their sessions; `false` when there is none.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn delete(&self, id: UserId, by: &str) -> Result<bool, Failure> {
        let (wanted, now) = (id.clone(), self.clock.now());
        let delete = move |c: &mut _| users::delete(c, &wanted, now);
        match self.store.transaction(delete).await? {
            Changed::NotFound => Ok(false),
            Changed::Changed(ended) => {
                self.record(EventKind::UserDeleted, &id, by);
                self.revocations
                    .note(ended, RevokedReason::UserDisabled, now);
                Ok(true)
            }
        }
    }

    /// Ends all sessions of a user, and returns how many; `None` when there is no such user.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn end_sessions(&self, id: UserId, by: &str) -> Result<Option<usize>, Failure> {
        let (wanted, now) = (id.clone(), self.clock.now());
        let reason = RevokedReason::RevokedByOperator;
        let end = move |c: &mut _| match users::find(c, &wanted)? {
            Some(_) => revoke_all_of_user(c, &wanted, None, reason, now).map(Some),
            None => Ok(None),
        };
        let Some(ended) = self.store.transaction(end).await? else {
            return Ok(None);
        };
        let count = ended.len();
        for session in &ended {
            let event = self.audit.event(EventKind::SessionEnded).user(&id);
            self.audit.record(event.session(*session).detail(by));
        }
        self.revocations.note(ended, reason, now);
        Ok(Some(count))
    }

    /// Makes a link by which a user sets a password, in the place of an earlier one; `None` when there
    /// is no such enabled user.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn make_password_link(
        &self,
        id: UserId,
        by: &str,
    ) -> Result<Option<MadeLink>, Failure> {
        let link = PasswordLink::make(&*self.entropy);
        let (hash, wanted) = (link.hash(), id.clone());
        let expires_at = self.clock.now() + LINK_TTL;
        let add = move |c: &mut _| password_links::add(c, hash, &wanted, expires_at);
        let added = self.store.transaction(add).await?;
        if added {
            self.record(EventKind::PasswordLinkMade, &id, by);
        }
        Ok(added.then_some(MadeLink { link, expires_at }))
    }

    fn record(&self, kind: EventKind, id: &UserId, by: &str) {
        let event = self.audit.event(kind).user(id);
        self.audit.record(event.detail(by));
    }
}
