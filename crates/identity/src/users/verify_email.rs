//! Proving that an address is the user's.

use std::time::Duration;

use store::Actor;
use store::attempts::Attempt;
use store::challenges::{Challenge, ChallengeKind};
use store::events::{Cause, EventKind};
use store::outbox::MailKind;
use store::sessions::Device;
use store::user_changes::{self, Proof, Proven};
use store::users::{User, UserId};

use super::Users;
use crate::challenges::{BrowserSecret, Presented, asked_by};
use crate::failure::Failure;
use crate::mail::Asking;
use crate::tokens::AccessClaims;

/// The outcome of asking for a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It is on its way.
    Sent,
    /// The address is proven already.
    AlreadyVerified,
    /// The address got too many mails.
    RateLimited {
        /// How long to wait.
        wait: Duration,
    },
    /// The user is gone.
    UserGone,
}

/// The outcome of proving an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verified {
    /// It is proven; this is the user now.
    Done(User),
    /// The code or link is unknown, used or expired.
    Invalid,
    /// The link is valid, but another browser asked for it, and its user is not signed in here.
    OtherBrowser,
    /// Another user has the new address by now.
    EmailTaken,
}

/// Who answers with a link or code about an address.
#[derive(Clone, Debug)]
pub struct Answerer {
    /// Who is signed in.
    pub user: Option<UserId>,
    /// The secrets that the browser presented.
    pub secrets: Vec<BrowserSecret>,
}

impl Answerer {
    /// Whether they asked for this mail. Whoever reads it elsewhere may never have registered: with a link alone,
    /// they would prove the address for somebody else, who knows the password.
    fn has_asked(&self, challenge: &Challenge) -> bool {
        let is_user = self.user.is_some() && self.user == challenge.user_id;
        is_user || asked_by(challenge, &self.secrets)
    }
}

/// What a link or code about an address can be for.
const KINDS: &[ChallengeKind] = &[ChallengeKind::VerifyEmail, ChallengeKind::ChangeEmail];

impl Users {
    /// Sends the bearer a mail with which they prove their address, in place of earlier ones.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn send_verification(
        &self,
        bearer: &AccessClaims,
        asking: Asking,
    ) -> Result<Sent, Failure> {
        let user = self.find(bearer.user_id.clone()).await?;
        let Some(user) = user.filter(|user| user.disabled_at.is_none()) else {
            return Ok(Sent::UserGone);
        };
        if user.email_verified_at.is_some() {
            return Ok(Sent::AlreadyVerified);
        }
        let kind = MailKind::VerifyEmail;
        if let Attempt::Exhausted { wait } = self.mailing.limit.count(kind, &user.email).await? {
            return Ok(Sent::RateLimited { wait });
        }
        let asked = asking.about(Some(&user), &user.email);
        let letter = self
            .mailing
            .outbox
            .ask(kind, ChallengeKind::VerifyEmail, asked);
        self.ports
            .store
            .transaction(move |c| letter.post(c))
            .await?;
        Ok(Sent::Sent)
    }

    /// Proves an address: that of the user, or a new one, which then replaces the old one.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn verify_email(
        &self,
        presented: Presented,
        answerer: &Answerer,
        device: &Device,
    ) -> Result<Verified, Failure> {
        let event = self
            .ports
            .audit
            .event(EventKind::EmailVerified)
            .device(device);
        let cause = cause_of_refusal(&presented);
        let is_link = matches!(presented, Presented::Link(_));
        let challenge = self
            .mailing
            .secrets
            .find(&self.ports, KINDS, presented)
            .await?;
        let Some(challenge) = challenge else {
            self.ports.audit.record(event.refused(cause));
            return Ok(Verified::Invalid);
        };
        if is_link && !answerer.has_asked(&challenge) {
            return Ok(Verified::OtherBrowser);
        }
        let event = match &challenge.user_id {
            Some(id) => event.user(id).actor(&Actor::User(id.clone())),
            None => event,
        };
        match self.prove(challenge, device).await? {
            Proof::Accepted(proven) => {
                let Proven {
                    before,
                    user,
                    claims,
                    ..
                } = *proven;
                self.ports.audit.record(event);
                if before.email != user.email {
                    let actor = Actor::User(user.id.clone());
                    self.record(EventKind::UserChanged, &user.id, &actor);
                }
                if let Some(claims) = claims {
                    self.revocations.publish_claims(claims);
                }
                Ok(Verified::Done(user))
            }
            Proof::Invalid => {
                self.ports.audit.record(event.refused(cause));
                Ok(Verified::Invalid)
            }
            Proof::EmailTaken => {
                self.ports.audit.record(event.refused(Cause::EmailTaken));
                Ok(Verified::EmailTaken)
            }
        }
    }

    async fn prove(&self, challenge: Challenge, device: &Device) -> Result<Proof, Failure> {
        let clock = self.ports.clock.clone();
        if challenge.kind != ChallengeKind::ChangeEmail {
            let prove = move |c: &mut _| user_changes::prove_email(c, &challenge, &|| clock.now());
            return self.ports.store.transaction(prove).await;
        }
        let (outbox, device) = (self.mailing.outbox.clone(), device.clone());
        let change = move |c: &mut _| {
            let proof = user_changes::change_email(c, &challenge, &|| clock.now())?;
            if let Proof::Accepted(proven) = &proof {
                let Proven { before, user, .. } = &**proven;
                // An address that nobody has proven may be a stranger's, by a mistake in writing it.
                if before.email_verified_at.is_some() {
                    outbox.email_changed(before, &user.email, &device).post(c)?;
                }
            }
            Ok(proof)
        };
        self.ports.store.transaction(change).await
    }
}

/// Why this is refused, if it is wrong.
pub(super) fn cause_of_refusal(presented: &Presented) -> Cause {
    match presented {
        Presented::Link(_) => Cause::LinkInvalid,
        Presented::Code { .. } => Cause::CodeInvalid,
    }
}
