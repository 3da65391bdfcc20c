//! Custom claims in a body.

use identity::users::{CustomClaims, InvalidCustomClaims};
use paperclip::v2::models::DataType;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The custom claims of a user, a JSON object.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct ClaimsBody(Map<String, Value>);

impl ClaimsBody {
    pub(crate) fn parse(self) -> Result<CustomClaims, InvalidCustomClaims> {
        CustomClaims::parse(&Value::Object(self.0).to_string())
    }

    /// The body of stored claims.
    pub(crate) fn of(json: &str) -> Self {
        serde_json::from_str(json).unwrap_or_default()
    }
}

impl paperclip::v2::schema::TypedData for ClaimsBody {
    fn data_type() -> DataType {
        DataType::Object
    }
}
