use std::sync::Arc;

use serde_json::{Value, json};
use store::attempts::Attempt;
use store::challenges::{BrowserHash, Challenge, ChallengeId, ChallengeKind};
use store::outbox::{MailId, MailKind, MailOutcome, NewMail};
use store::sessions::Device;
use store::users::User;
use store::{AnyConnection, StoreError, UnixMillis, challenges, outbox};

use super::limit;
use crate::challenges::{ATTEMPTS, link_ttl};
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::locale::Locale;
use crate::sessions::device_label;

/// Which notices users get. Those that undo something are always sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notices {
    kinds: Vec<MailKind>,
    only_verified: bool,
}

impl Notices {
    /// The notices that can be switched off.
    pub const ALL: [MailKind; 5] = [
        MailKind::NewDevice,
        MailKind::PasswordChanged,
        MailKind::SessionReused,
        MailKind::AccountDeleted,
        MailKind::AccountExists,
    ];

    /// Notices of these kinds. Where addresses are proven, they go to proven ones only: others may be those of
    /// people who know nothing of the account.
    pub fn new(kinds: Vec<MailKind>, only_verified: bool) -> Self {
        Self {
            kinds,
            only_verified,
        }
    }

    fn include(&self, kind: MailKind, user: &User) -> bool {
        let is_wanted = self.kinds.contains(&kind) || !Self::ALL.contains(&kind);
        is_wanted && (user.email_verified_at.is_some() || !self.only_verified)
    }
}

/// Prepares mails, to be added in the transaction of what causes them.
#[derive(Clone)]
pub struct Outbox {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    notices: Notices,
}

/// Who is asked to prove an address, and by whom.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// The user, if the address is somebody's.
    pub user: Option<&'a User>,
    /// The address.
    pub email: &'a str,
    /// The browser that asked, where only that one may answer by code.
    pub browser: Option<BrowserHash>,
    /// Where the browser goes afterwards.
    pub return_to: Option<String>,
    /// The language, for a user who has chosen none.
    pub locale: Option<Locale>,
}

/// The browser that asks for a mail.
#[derive(Clone, Debug, Default)]
pub struct Asking {
    /// The hash of its secret.
    pub browser: Option<BrowserHash>,
    /// Where it goes afterwards.
    pub return_to: Option<String>,
    /// Its language.
    pub locale: Option<Locale>,
}

impl Asking {
    /// It asks for a mail to this address, which is that of `user`, if it is anybody's.
    pub fn about<'a>(self, user: Option<&'a User>, email: &'a str) -> Asked<'a> {
        Asked {
            user,
            email,
            browser: self.browser,
            return_to: self.return_to,
            locale: self.locale,
        }
    }
}

/// A mail, with its challenge if it has one, to be added to the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    challenge: Option<Challenge>,
    mail: NewMail,
    /// Whether it is counted when it is posted, and left out when there were too many.
    is_limited: bool,
}

impl Letter {
    /// Adds the mail and its challenge. Requires the transaction of what causes the mail.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn post(&self, connection: &mut AnyConnection) -> Result<(), StoreError> {
        let mut mail = self.mail.clone();
        if self.is_limited && mail.outcome.is_none() {
            let (kind, email, now) = (mail.kind, &mail.recipient, mail.created_at);
            if limit::count(connection, kind, email, now)? != Attempt::Allowed {
                mail.outcome = Some(MailOutcome::Suppressed);
            }
        }
        if let Some(challenge) = self
            .challenge
            .as_ref()
            .filter(|_| mail.outcome != Some(MailOutcome::Suppressed) || mail.user_id.is_none())
        {
            challenges::add(connection, challenge, ATTEMPTS)?;
        }
        outbox::add_once(connection, &mail)
    }

    /// What is awaited, without the mail.
    pub(crate) fn into_challenge(self) -> Option<Challenge> {
        self.challenge
    }

    /// The same, to be counted when it is posted: it is left out when there were too many.
    #[must_use]
    pub(crate) fn limited(self) -> Self {
        Self {
            is_limited: true,
            ..self
        }
    }
}

impl Outbox {
    /// Prepares mails; notices only of these kinds.
    pub fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>, notices: Notices) -> Self {
        Self {
            clock,
            entropy,
            notices,
        }
    }

    /// A mail with a link and a code. If the address is nobody's, the same rows are written, and nothing is
    /// sent.
    pub fn ask(&self, mail: MailKind, challenge: ChallengeKind, asked: Asked<'_>) -> Letter {
        let now = self.clock.now();
        let challenge = self.challenge(challenge, &asked, now);
        let language = asked.user.and_then(|user| user.locale.clone());
        let language = language.or_else(|| asked.locale.map(|locale| locale.tag().to_owned()));
        Letter {
            mail: NewMail {
                id: MailId::new(now, self.entropy.bytes()),
                kind: mail,
                user_id: asked.user.map(|user| user.id.clone()),
                challenge_id: Some(challenge.id),
                recipient: asked.email.to_owned(),
                locale: language,
                parameters: "{}".to_owned(),
                created_at: now,
                outcome: asked.user.is_none().then_some(MailOutcome::Suppressed),
            },
            challenge: Some(challenge),
            is_limited: false,
        }
    }

    /// A challenge whose secret is handed out at once, without a mail.
    pub fn unmailed(&self, kind: ChallengeKind, user: &User) -> Challenge {
        let asked = Asked {
            user: Some(user),
            email: &user.email,
            browser: None,
            return_to: None,
            locale: None,
        };
        self.challenge(kind, &asked, self.clock.now())
    }

    fn challenge(&self, kind: ChallengeKind, asked: &Asked<'_>, now: UnixMillis) -> Challenge {
        Challenge {
            id: ChallengeId::new(now, self.entropy.bytes()),
            kind,
            user_id: asked.user.map(|user| user.id.clone()),
            email: asked.email.to_owned(),
            browser: asked.browser,
            // What strangers send about nobody is not kept.
            return_to: asked.return_to.clone().filter(|_| asked.user.is_some()),
            created_at: now,
            expires_at: now + link_ttl(kind),
        }
    }

    /// A notice of what this device did to the user's account; `None` if such notices are switched off.
    pub fn notice(&self, kind: MailKind, user: &User, device: &Device) -> Option<Letter> {
        if !self.notices.include(kind, user) {
            return None;
        }
        let now = self.clock.now();
        Some(Letter {
            challenge: None,
            is_limited: true,
            mail: self.about(
                MailId::new(now, self.entropy.bytes()),
                kind,
                user,
                device,
                now,
            ),
        })
    }

    /// The notice that somebody tried to register with the user's address, with a link for a new password;
    /// `None` if such notices are switched off.
    pub fn account_exists(&self, asked: Asked<'_>) -> Option<Letter> {
        let kind = MailKind::AccountExists;
        let is_wanted = self.notices.kinds.contains(&kind);
        is_wanted.then(|| {
            self.ask(kind, ChallengeKind::ResetPassword, asked)
                .limited()
        })
    }

    /// The mail to a new address of a user, which says whose account it is for.
    pub fn change_email(&self, user: &User, new_email: &str, asking: Asking) -> Letter {
        let asked = asking.about(Some(user), new_email);
        let mut letter = self.ask(MailKind::ChangeEmail, ChallengeKind::ChangeEmail, asked);
        letter.mail.parameters = json!({ "old_email": user.email }).to_string();
        letter
    }

    /// The notice that the address was changed, to the old one, with a link that takes the change back.
    pub fn email_changed(&self, before: &User, new_email: &str, device: &Device) -> Letter {
        let asked = Asked {
            user: Some(before),
            email: &before.email,
            browser: None,
            return_to: None,
            locale: None,
        };
        let mut letter = self.ask(
            MailKind::EmailChanged,
            ChallengeKind::UndoEmailChange,
            asked,
        );
        let mut parameters = parameters(device, self.clock.now());
        parameters["new_email"] = new_email.into();
        letter.mail.parameters = parameters.to_string();
        letter
    }

    /// The notice that this session was used twice, of which there is one for each session. If its user gets no
    /// such notice, it is not sent, but there is one, so that the session is not looked at again.
    pub(super) fn session_reused(&self, reused: &outbox::Reused) -> Letter {
        let kind = MailKind::SessionReused;
        let outbox::Reused {
            id,
            user,
            device,
            at,
        } = reused;
        let mut mail = self.about(*id, kind, user, device, *at);
        if !self.notices.include(kind, user) {
            mail.outcome = Some(MailOutcome::Suppressed);
        }
        Letter {
            challenge: None,
            is_limited: true,
            mail,
        }
    }

    fn about(
        &self,
        id: MailId,
        kind: MailKind,
        user: &User,
        device: &Device,
        at: UnixMillis,
    ) -> NewMail {
        NewMail {
            id,
            kind,
            user_id: Some(user.id.clone()),
            challenge_id: None,
            recipient: user.email.clone(),
            locale: user.locale.clone(),
            parameters: parameters(device, at).to_string(),
            created_at: self.clock.now(),
            outcome: None,
        }
    }
}

fn parameters(device: &Device, at: UnixMillis) -> Value {
    let label = || device.user_agent.as_deref().and_then(device_label);
    let label = device.label.clone().or_else(label);
    json!({ "device": label, "ip": device.ip, "at": at.as_millis() })
}
