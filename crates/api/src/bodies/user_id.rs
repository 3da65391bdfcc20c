//! A user id in a body: clients of the replaced service send a number.

use std::fmt;

use paperclip::v2::models::DataType;
use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use store::users::UserId;

/// A user id, as a JSON string or number.
pub(crate) struct UserIdBody(pub(crate) UserId);

impl<'de> Deserialize<'de> for UserIdBody {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(UserIdVisitor)
    }
}

struct UserIdVisitor;

impl Visitor<'_> for UserIdVisitor {
    type Value = UserIdBody;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number, or a string of 1 to 64 visible ASCII characters")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<UserIdBody, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<UserIdBody, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<UserIdBody, E> {
        UserId::parse(text)
            .map(UserIdBody)
            .map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
    }
}

impl paperclip::v2::schema::TypedData for UserIdBody {
    fn data_type() -> DataType {
        DataType::String
    }
}
