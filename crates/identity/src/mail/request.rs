//! Mails that anybody may ask for about any address.

use store::attempts::Attempt;
use store::challenges::ChallengeKind;
use store::events::{Cause, Event};
use store::outbox::MailKind;
use store::users;

use super::{Asking, Mailing, Requested};
use crate::email::Email;
use crate::failure::Failure;
use crate::ports::Ports;

impl Mailing {
    /// Mails whoever has this address, and records the event. The same is done, in the same time, if nobody has
    /// it.
    pub(crate) async fn request(
        &self,
        ports: &Ports,
        (mail, challenge): (MailKind, ChallengeKind),
        email: Email,
        asking: Asking,
        event: Event,
    ) -> Result<Requested, Failure> {
        let email = String::from(email);
        if let Attempt::Exhausted { wait } = self.limit.count(mail, &email).await? {
            return Ok(Requested::RateLimited { wait });
        }
        let address = email.clone();
        let find = move |c: &mut _| users::find_by_email(c, &address);
        let user = ports.store.read(find).await?;
        let user = user.filter(|user| user.disabled_at.is_none());
        // To the address that the user has, which may be written otherwise.
        let recipient = user.as_ref().map_or(email.as_str(), |user| &user.email);
        let asked = asking.about(user.as_ref(), recipient);
        let letter = self.outbox.ask(mail, challenge, asked);
        ports.store.transaction(move |c| letter.post(c)).await?;
        ports.audit.record(match &user {
            Some(user) => event.user(&user.id),
            None => event.refused(Cause::EmailUnknown),
        });
        Ok(Requested::Sent)
    }
}
