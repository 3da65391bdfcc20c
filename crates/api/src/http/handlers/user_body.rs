use paperclip::actix::Apiv2Schema;
use serde::Serialize;
use store::users::User;

/// A user.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "User")]
pub(crate) struct UserBody {
    /// Their id: a UUID, or for an imported user whatever it was.
    id: String,
    /// Their name.
    name: String,
    /// Their e-mail address.
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
