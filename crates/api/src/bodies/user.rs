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
}

impl From<User> for UserBody {
    fn from(user: User) -> Self {
        Self {
            id: user.id.to_string(),
            name: user.name,
            email: user.email,
        }
    }
}
