//! What operators and back ends do with users.

use store::challenges::{self, ChallengeKind};
use store::events::EventKind;
use store::user_changes::{self, Change, Update, Updated, UserChanges};
use store::users::{self, Addition, User, UserId};
use store::{Actor, UnixMillis};

use super::{CustomClaims, Email, Name, Users};
use crate::challenges::LinkToken;
use crate::credentials::AcceptedPassword;
use crate::failure::Failure;
use crate::locale::Locale;
use crate::page;

/// Maximum number of users in one page.
const PAGE: u16 = 100;

/// Some users, ordered by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserPage {
    /// The users.
    pub users: Vec<User>,
    /// If there are more: the id after which they continue.
    pub next: Option<UserId>,
}

/// A user to add.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Their id in another system, to keep it.
    pub id: Option<UserId>,
    /// The display name.
    pub name: Name,
    /// The email address.
    pub email: Email,
    /// The password; without one, they set it with a link, or a service key opens their sessions.
    pub password: Option<AcceptedPassword>,
    /// The custom claims.
    pub claims: CustomClaims,
    /// The language of mails and pages.
    pub locale: Option<Locale>,
}

/// A link for setting a password.
#[derive(Debug)]
pub struct CreatedLink {
    /// Its token.
    pub token: LinkToken,
    /// When it expires.
    pub expires_at: UnixMillis,
}

impl Users {
    /// The users after `after`; with `search`, those whose email address or name contains it, or whose
    /// id it is.
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
        let mut users = self.ports.store.read(list).await?;
        let next = page::cut(&mut users, PAGE).map(|user| user.id.clone());
        Ok(UserPage { users, next })
    }

    /// Adds a user.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn add(&self, new: NewUser, actor: &Actor) -> Result<(Addition, User), Failure> {
        let password = match new.password {
            Some(password) => Some(self.hasher.hash(password).await?),
            None => None,
        };
        let now = self.ports.clock.now();
        let user = User {
            id: new
                .id
                .unwrap_or_else(|| UserId::new(now, self.ports.entropy.bytes())),
            name: new.name.into(),
            email: new.email.into(),
            password,
            claims: new.claims.into(),
            created_at: now,
            disabled_at: None,
            email_verified_at: None,
            locale: new.locale.map(|locale| locale.tag().to_owned()),
        };
        let row = user.clone();
        let add = move |c: &mut _| users::add(c, &row);
        let addition = self.ports.store.transaction(add).await?;
        if addition == Addition::Done {
            self.record(EventKind::UserAdded, &user.id, actor);
        }
        Ok((addition, user))
    }

    /// Makes all of these changes, or none. Disabling a user revokes their sessions.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn update(
        &self,
        id: UserId,
        changes: UserChanges,
        actor: &Actor,
    ) -> Result<Update, Failure> {
        let (by, clock) = (actor.clone(), self.ports.clock.clone());
        let update = move |c: &mut _| user_changes::update(c, &id, &changes, &by, &|| clock.now());
        let update = self.ports.store.transaction(update).await?;
        if let Update::Made(updated) = &update {
            self.record_update(updated, actor);
            if let Some(revoked) = &updated.revoked {
                self.revocations.publish(revoked, None);
            }
            if let Some(claims) = &updated.claims {
                self.revocations.publish_claims(claims.clone());
            }
        }
        Ok(update)
    }

    /// Deletes a user, and revokes their sessions. Returns how many; `None` if there is no such user.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn delete(&self, id: UserId, actor: &Actor) -> Result<Option<usize>, Failure> {
        let (by, clock) = (actor.clone(), self.ports.clock.clone());
        let delete = move |c: &mut _| user_changes::delete(c, &id, &by, &|| clock.now());
        match self.ports.store.transaction(delete).await? {
            Change::NotFound => Ok(None),
            Change::Made(revoked) => {
                self.record(EventKind::UserDeleted, &revoked.user_id, actor);
                self.revocations.publish(&revoked, None);
                Ok(Some(revoked.sessions.len()))
            }
        }
    }

    /// Creates a link with which a user sets a password, replacing an earlier one; `None` if there is no
    /// such enabled user.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn create_password_link(
        &self,
        id: UserId,
        actor: &Actor,
    ) -> Result<Option<CreatedLink>, Failure> {
        let user = self.find(id.clone()).await?;
        let Some(user) = user.filter(|user| user.disabled_at.is_none()) else {
            return Ok(None);
        };
        let kind = ChallengeKind::SetPassword;
        let challenge = self.mailing.outbox.unmailed(kind, &user);
        let created = CreatedLink {
            token: self.mailing.secrets.token(challenge.id, kind),
            expires_at: challenge.expires_at,
        };
        let add = move |c: &mut _| challenges::add(c, &challenge, 0);
        self.ports.store.transaction(add).await?;
        self.record(EventKind::PasswordLinkMade, &id, actor);
        Ok(Some(created))
    }

    /// One event for the profile, and one for disabling or enabling.
    fn record_update(&self, updated: &Updated, actor: &Actor) {
        let Updated { before, user, .. } = updated;
        if (&before.name, &before.email, before.token_claims())
            != (&user.name, &user.email, user.token_claims())
        {
            self.record(EventKind::UserChanged, &user.id, actor);
        }
        match (before.disabled_at, user.disabled_at) {
            (None, Some(_)) => self.record(EventKind::UserDisabled, &user.id, actor),
            (Some(_), None) => self.record(EventKind::UserEnabled, &user.id, actor),
            _ => {}
        }
    }

    pub(super) fn record(&self, kind: EventKind, id: &UserId, actor: &Actor) {
        let event = self.ports.audit.event(kind).user(id);
        self.ports.audit.record(event.actor(actor));
    }
}
