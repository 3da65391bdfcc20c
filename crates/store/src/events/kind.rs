//! The words of the audit trail.

use crate::sessions::RevokedReason;
use crate::words::words;

words! {
    /// What happened.
    pub enum EventKind {
        /// Somebody signed in, or tried to.
        SignIn = "sign_in",
        /// Somebody registered, or tried to.
        Registration = "registration",
        /// A back end opened a session for a user.
        SessionIssued = "session_issued",
        /// A session was revoked.
        SessionRevoked = "session_revoked",
        /// Several sessions of a user were revoked together.
        SessionsRevoked = "sessions_revoked",
        /// An outdated refresh token was used: it may have been stolen.
        RefreshReused = "refresh_reused",
        /// A refresh token was used again after the grace period, and accepted.
        ReplayForgiven = "replay_forgiven",
        /// A refresh token was used again from another device or network than at sign-in.
        ReplaySuspicious = "replay_suspicious",
        /// The database had lost an acknowledged renewal.
        RenewalRecovered = "renewal_recovered",
        /// A user changed their password, or tried to.
        PasswordChanged = "password_changed",
        /// Somebody set a password with a link, or tried to.
        PasswordSet = "password_set",
        /// A link for setting a password was created.
        PasswordLinkMade = "password_link_made",
        /// A user was added by an operator or a back end.
        UserAdded = "user_added",
        /// Users were imported.
        UsersImported = "users_imported",
        /// The name, email address or claims of a user changed, or somebody tried to change them.
        UserChanged = "user_changed",
        /// A user was disabled.
        UserDisabled = "user_disabled",
        /// A user was enabled.
        UserEnabled = "user_enabled",
        /// A user was deleted, or somebody tried to delete them.
        UserDeleted = "user_deleted",
        /// A service key was created.
        ServiceKeyCreated = "service_key_created",
        /// A service key was revoked.
        ServiceKeyRevoked = "service_key_revoked",
        /// A service key was refused.
        ServiceKeyRefused = "service_key_refused",
        /// A signing key was rotated.
        KeyRotated = "key_rotated",
        /// A signing key was imported.
        KeyImported = "key_imported",
        /// The master key was replaced.
        KeysRewrapped = "keys_rewrapped",
        /// A user proved that they read the mail of their address, or somebody tried to.
        EmailVerified = "email_verified",
        /// A user asked for another address, which they must prove first.
        EmailChangeAsked = "email_change_asked",
        /// A change of the address was taken back.
        EmailChangeUndone = "email_change_undone",
        /// Somebody asked for a mail with which to set a password.
        PasswordResetAsked = "password_reset_asked",
        /// Somebody asked for a mail to sign in with.
        SignInMailAsked = "sign_in_mail_asked",
        /// A user was invited.
        UserInvited = "user_invited",
        /// A user took an invitation up.
        InvitationAccepted = "invitation_accepted",
        /// A mail could not be delivered.
        MailFailed = "mail_failed",
    }
}

words! {
    /// Whether it was done.
    pub enum EventOutcome {
        /// It was done.
        Done = "done",
        /// It was refused.
        Refused = "refused",
    }
}

words! {
    /// Why something happened or was refused. Why a session was revoked is a [`RevokedReason`].
    pub enum Cause {
        /// No user has this email address.
        EmailUnknown = "email_unknown",
        /// The password is wrong.
        WrongPassword = "wrong_password",
        /// The user has no password.
        NoPassword = "no_password",
        /// The user is disabled.
        UserDisabled = "user_disabled",
        /// No user has this id.
        UserUnknown = "user_unknown",
        /// There were too many attempts.
        RateLimited = "rate_limited",
        /// The user changed between the check and the change that depended on it.
        Overtaken = "overtaken",
        /// Registration is closed.
        RegistrationClosed = "registration_closed",
        /// Another user has this email address.
        EmailTaken = "email_taken",
        /// The link is unknown, used or expired.
        LinkInvalid = "link_invalid",
        /// The code is wrong or has expired, or there were too many attempts at it.
        CodeInvalid = "code_invalid",
        /// The address is not proven.
        EmailUnverified = "email_unverified",
        /// A server refused the mail for good, or it could not be written.
        MailRefused = "mail_refused",
        /// The link of the mail was not valid any more, or the mail was too old.
        MailExpired = "mail_expired",
        /// All attempts to deliver the mail failed.
        MailUndeliverable = "mail_undeliverable",
        /// The service key has expired.
        KeyExpired = "key_expired",
        /// The service key was revoked.
        KeyRevoked = "key_revoked",
        /// The service key lacks the scope.
        ScopeMissing = "scope_missing",
        /// The refresh token came from another user agent than at sign-in.
        OtherUserAgent = "other_user_agent",
        /// The refresh token came from another network than at sign-in.
        OtherNetwork = "other_network",
        /// The refresh token came from another user agent and network than at sign-in.
        OtherDevice = "other_device",
        /// A back end forced a renewal of the user's sessions.
        ForcedRenewal = "forced_renewal",
        /// The key was old enough to be rotated.
        Age = "age",
        /// A key has leaked.
        Emergency = "emergency",
    }
}

/// Why: a [`Cause`], or why a session was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Any other event.
    Cause(Cause),
    /// A session was revoked.
    Revoked(RevokedReason),
}

impl Reason {
    /// The stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::Cause(cause) => cause.as_str(),
            Reason::Revoked(reason) => reason.as_str(),
        }
    }

    /// A word of a newer version reads as [`RevokedReason::Other`].
    pub(super) fn parse(kind: EventKind, word: &str) -> Self {
        match Cause::parse(word) {
            Some(cause)
                if !matches!(kind, EventKind::SessionRevoked | EventKind::SessionsRevoked) =>
            {
                Reason::Cause(cause)
            }
            _ => Reason::Revoked(RevokedReason::read(word)),
        }
    }
}

impl From<Cause> for Reason {
    fn from(cause: Cause) -> Self {
        Reason::Cause(cause)
    }
}

impl From<RevokedReason> for Reason {
    fn from(reason: RevokedReason) -> Self {
        Reason::Revoked(reason)
    }
}
