use identity::clock::rfc3339;
use paperclip::actix::Apiv2Schema;
use serde::Serialize;
use store::users::{User, UserId};

use super::claims::ClaimsBody;
use crate::problem::{Code, Problem};

/// A user, as operators and back ends see them.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "ManagedUser")]
pub(crate) struct ManagedUserBody {
    /// The user's id.
    id: String,
    /// The display name.
    name: String,
    /// The email address.
    email: String,
    /// Whether the user has proven that they read its mail.
    email_verified: bool,
    /// The custom claims in access tokens.
    claims: ClaimsBody,
    /// Whether the user has a password.
    has_password: bool,
    /// Whether the user is disabled.
    disabled: bool,
    /// When the user was added, in UTC (RFC 3339).
    created_at: String,
}

impl From<User> for ManagedUserBody {
    fn from(user: User) -> Self {
        Self {
            id: user.id.to_string(),
            name: user.name,
            email: user.email,
            email_verified: user.email_verified_at.is_some(),
            claims: ClaimsBody::of(&user.claims),
            has_password: user.password.is_some(),
            disabled: user.disabled_at.is_some(),
            created_at: rfc3339(user.created_at),
        }
    }
}

/// The user id in a path.
pub(crate) fn user_id(text: &str) -> Result<UserId, Problem> {
    UserId::parse(text).map_err(|_| Code::UserUnknown.into())
}
