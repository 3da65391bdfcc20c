//! The first factor: a code or link that was mailed.

use store::challenges::{Challenge, ChallengeKind};
use store::events::{Cause, EventKind};
use store::outbox::MailKind;
use store::sessions::Device;

use super::{Browser, Evidence, Proof, SignIn, SignInOutcome};
use crate::challenges::{BrowserSecret, Presented, Whose, asked_by};
use crate::email::Email;
use crate::failure::Failure;
use crate::mail::{Asking, Requested};

/// The authentication method reference of a code that is used once (RFC 8176 §2).
const ONE_TIME: &str = "otp";

/// The outcome of signing in by mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailedOutcome {
    /// As with a password.
    SignIn(SignInOutcome),
    /// The link is valid, but another browser asked for it.
    OtherBrowser,
    /// It is switched off.
    Off,
}

impl SignIn {
    /// Sends whoever has this address a mail to sign in with.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn send_code(
        &self,
        email: Email,
        asking: Asking,
        device: &Device,
    ) -> Result<Option<Requested>, Failure> {
        if !self.rules.by_mail {
            return Ok(None);
        }
        let event = self
            .ports
            .audit
            .event(EventKind::SignInMailAsked)
            .device(device);
        let kinds = (MailKind::SignIn, ChallengeKind::SignIn);
        let requested = self
            .mailing
            .request(&self.ports, kinds, email, asking, event)
            .await?;
        Ok(Some(requested))
    }

    /// Signs a user in with a mailed code or link, in the browser that asked for it.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn sign_in_by_mail(
        &self,
        presented: Mailed,
        asking: Vec<BrowserSecret>,
        browser: Browser,
    ) -> Result<MailedOutcome, Failure> {
        const KINDS: &[ChallengeKind] = &[ChallengeKind::SignIn];
        if !self.rules.by_mail {
            return Ok(MailedOutcome::Off);
        }
        let event = self
            .ports
            .audit
            .event(EventKind::SignIn)
            .device(&browser.device);
        let (presented, cause) = match presented {
            Mailed::Link(token) => (Presented::Link(token), Cause::LinkInvalid),
            Mailed::Code(code) => {
                let whose = Whose::Browser {
                    secrets: asking.clone(),
                    email: None,
                };
                (Presented::Code { code, whose }, Cause::CodeInvalid)
            }
        };
        let challenge = self
            .mailing
            .secrets
            .find(&self.ports, KINDS, presented)
            .await?;
        let Some(challenge) = challenge else {
            return Ok(MailedOutcome::SignIn(self.refuse(event, cause)));
        };
        if !asked_by(&challenge, &asking) {
            return Ok(MailedOutcome::OtherBrowser);
        }
        let Some(proof) = self.proof_by(challenge).await? else {
            return Ok(MailedOutcome::SignIn(self.refuse(event, cause)));
        };
        let event = event.user(&proof.user.id);
        let outcome = self.open_session(proof, None, browser, event).await?;
        Ok(MailedOutcome::SignIn(outcome))
    }

    async fn proof_by(&self, challenge: Challenge) -> Result<Option<Proof>, Failure> {
        let Some(id) = challenge.user_id.clone() else {
            return Ok(None);
        };
        let user = self.find(id).await?;
        Ok(user.map(|user| Proof {
            user,
            evidence: Evidence::Mailed(challenge),
            amr: vec![ONE_TIME.to_owned()],
        }))
    }
}

/// What was mailed.
#[derive(Clone, Debug)]
pub enum Mailed {
    /// The token of the link.
    Link(String),
    /// The code, as it was typed.
    Code(zeroize::Zeroizing<String>),
}
