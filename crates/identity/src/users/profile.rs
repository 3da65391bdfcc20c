//! What users do with their own accounts.

use store::Actor;
use store::events::{Event, EventKind};
use store::outbox::MailKind;
use store::sessions::Device;
use store::user_changes::{self, Change, Update, UserChanges};
use store::users::{PasswordHash, User};

use super::{Email, Name, Users};
use crate::credentials::Password;
use crate::failure::Failure;
use crate::locale::Locale;
use crate::mail::Asking;
use crate::sign_in::Unconfirmed;
use crate::tokens::AccessClaims;

/// What users change about themselves; `None` is kept.
#[derive(Clone, Debug)]
pub struct ProfileChanges {
    /// The display name.
    pub name: Option<Name>,
    /// The email address. Requires the password.
    pub email: Option<Email>,
    /// The language of mails and pages.
    pub locale: Option<Locale>,
    /// The current password, which is checked if it is given.
    pub password: Option<Password>,
}

/// The outcome of changing a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileUpdate {
    /// It was changed; this is the user now.
    Done(User),
    /// The rest was changed; the new address is the user's when they have proven it.
    MustBeProven {
        /// The user now.
        user: User,
        /// The new address.
        email: String,
    },
    /// Another user has the email address.
    EmailTaken,
    /// The password was not confirmed, or the user is gone.
    Unconfirmed(Unconfirmed),
}

impl Users {
    /// Changes the bearer's name or email address.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn update_profile(
        &self,
        bearer: &AccessClaims,
        mut changes: ProfileChanges,
        asking: Asking,
        device: &Device,
    ) -> Result<ProfileUpdate, Failure> {
        let event = self.own_event(EventKind::UserChanged, bearer, device);
        let confirmed = match changes.password {
            Some(password) => self.confirm(bearer, password, &event).await?.map(Some),
            None if changes.email.is_some() => Err(Unconfirmed::WrongPassword),
            None => Ok(None),
        };
        let confirmed = match confirmed {
            Ok(confirmed) => confirmed,
            Err(why) => return Ok(ProfileUpdate::Unconfirmed(why)),
        };
        let unproven = match self.rules.confirms_email_changes {
            true => changes.email.take(),
            false => None,
        };
        let unproven = match (unproven, &confirmed) {
            (Some(new), Some((user, _))) => {
                match self.ask_for_new_email(user, new, asking).await? {
                    Ok(asked) => asked,
                    Err(why) => return Ok(ProfileUpdate::Unconfirmed(why)),
                }
            }
            _ => None,
        };
        let changes = UserChanges {
            name: changes.name.map(String::from),
            email: changes.email.map(String::from),
            locale: changes.locale.map(|locale| locale.tag().to_owned()),
            ..UserChanges::default()
        };
        let (id, actor) = (bearer.user_id.clone(), Actor::User(bearer.user_id.clone()));
        let (clock, checked) = (self.ports.clock.clone(), confirmed.map(|(_, hash)| hash));
        let pending = unproven.as_ref().map(|asked| asked.email.clone());
        let update = move |c: &mut _| {
            // The password may have been changed since it was checked, to keep out whoever still knows it.
            if let Some(checked) = &checked
                && !user_changes::still_has_password(c, &id, checked)?
            {
                return Ok(Update::NotFound);
            }
            let update = user_changes::update(c, &id, &changes, &actor, &|| clock.now())?;
            if let (Update::Made(_), Some(asked)) = (&update, &unproven) {
                asked.post(c)?;
            }
            Ok(update)
        };
        Ok(match self.ports.store.transaction(update).await? {
            Update::NotFound => ProfileUpdate::Unconfirmed(Unconfirmed::Overtaken),
            Update::EmailTaken => ProfileUpdate::EmailTaken,
            Update::Made(updated) => {
                if updated.user != updated.before {
                    self.ports.audit.record(event.clone());
                }
                let Some(email) = pending else {
                    return Ok(ProfileUpdate::Done(updated.user));
                };
                let kind = EventKind::EmailChangeAsked;
                self.ports
                    .audit
                    .record(self.own_event(kind, bearer, device));
                ProfileUpdate::MustBeProven {
                    user: updated.user,
                    email,
                }
            }
        })
    }

    /// Deletes the bearer's account, and revokes all their sessions.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn delete_own(
        &self,
        bearer: &AccessClaims,
        password: Password,
        device: &Device,
    ) -> Result<Result<(), Unconfirmed>, Failure> {
        let event = self.own_event(EventKind::UserDeleted, bearer, device);
        let (user, checked) = match self.confirm(bearer, password, &event).await? {
            Ok(confirmed) => confirmed,
            Err(why) => return Ok(Err(why)),
        };
        let notice = self
            .mailing
            .outbox
            .notice(MailKind::AccountDeleted, &user, device);
        let (id, by) = (bearer.user_id.clone(), Actor::User(bearer.user_id.clone()));
        let clock = self.ports.clock.clone();
        let delete = move |c: &mut _| {
            if !user_changes::still_has_password(c, &id, &checked)? {
                return Ok(Change::NotFound);
            }
            let change = user_changes::delete(c, &id, &by, &|| clock.now())?;
            if let (Change::Made(_), Some(notice)) = (&change, &notice) {
                notice.post(c)?;
            }
            Ok(change)
        };
        match self.ports.store.transaction(delete).await? {
            Change::NotFound => Ok(Err(Unconfirmed::Overtaken)),
            Change::Made(revoked) => {
                self.ports.audit.record(event);
                self.revocations.publish(&revoked, Some(device));
                Ok(Ok(()))
            }
        }
    }

    /// An event that the bearer causes.
    pub(super) fn own_event(
        &self,
        kind: EventKind,
        bearer: &AccessClaims,
        device: &Device,
    ) -> Event {
        let event = self.ports.audit.event(kind).user(&bearer.user_id);
        let event = event.actor(&Actor::User(bearer.user_id.clone()));
        event.session(bearer.session_id).device(device)
    }

    async fn confirm(
        &self,
        bearer: &AccessClaims,
        password: Password,
        event: &Event,
    ) -> Result<Result<(User, PasswordHash), Unconfirmed>, Failure> {
        let user = self.find(bearer.user_id.clone()).await?;
        let Some(user) = user.filter(|user| user.disabled_at.is_none()) else {
            return Ok(Err(Unconfirmed::Overtaken));
        };
        let confirmed = self.confirmation.confirm(&user, password, event).await?;
        Ok(confirmed.map(|checked| (user, checked)))
    }
}
