use paperclip::actix::Apiv2Schema;
use serde::Serialize;
use store::users::{User, UserId};

use crate::clock::rfc3339;
use crate::http::handlers::claims_body::ClaimsBody;
use crate::http::problem::{Code, Problem};

/// A user, as the operator's side sees them.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "ManagedUser")]
pub(crate) struct ManagedUserBody {
    /// Their id.
    id: String,
    /// Their name.
    name: String,
    /// Their e-mail address.
    email: String,
    /// Their own claims in access tokens.
    claims: ClaimsBody,
    /// Whether they can sign in with a password.
    has_password: bool,
    /// Whether they may not sign in at all.
    disabled: bool,
    /// When they were added, in UTC (RFC 3339).
    created_at: String,
}

impl From<User> for ManagedUserBody {
    fn from(user: User) -> Self {
        Self {
            id: user.id.to_string(),
            name: user.name,
            email: user.email,
            claims: ClaimsBody::of(&user.claims),
            has_password: user.password.is_some(),
            disabled: user.disabled_at.is_some(),
            created_at: rfc3339(user.created_at),
        }
    }
}

/// Why there is no such user.
pub(crate) const NOT_FOUND: Code = Code::UserUnknown;

/// The id in a path.
pub(super) fn user_id(text: &str) -> Result<UserId, Problem> {
    UserId::parse(text).map_err(|_| NOT_FOUND.into())
}
