use paperclip::actix::Apiv2Schema;
use serde::Serialize;
use store::users::User;

/// A user.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "User")]
pub(crate) struct UserBody {
    /// The user's id: a UUID, or for imported users their previous id.
    id: String,
    /// The display name.
    name: String,
    /// The email address.
    email: String,
    /// Whether the user has proven that they read its mail.
    email_verified: bool,
    /// A new address that the user must prove first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pending_email: Option<String>,
    /// The language of mails and pages, such as `ru`.
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<String>,
}

impl UserBody {
    /// The user, with a new address that waits to be proven.
    pub(crate) fn with_pending_email(self, email: Option<String>) -> Self {
        Self {
            pending_email: email,
            ..self
        }
    }
}

impl From<User> for UserBody {
    fn from(user: User) -> Self {
        Self {
            id: user.id.to_string(),
            name: user.name,
            email: user.email,
            email_verified: user.email_verified_at.is_some(),
            pending_email: None,
            locale: user.locale,
        }
    }
}
