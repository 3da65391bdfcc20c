//! A user's own claims in a body.

use paperclip::v2::models::DataType;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::accounts::{InvalidOwnClaims, OwnClaims};

/// A user's own claims, a JSON object.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct ClaimsBody(Map<String, Value>);

impl ClaimsBody {
    pub(crate) fn parse(self) -> Result<OwnClaims, InvalidOwnClaims> {
        OwnClaims::parse(&Value::Object(self.0).to_string())
    }

    /// Of what is stored.
    pub(crate) fn of(json: &str) -> Self {
        serde_json::from_str(json).unwrap_or_default()
    }
}

impl paperclip::v2::schema::TypedData for ClaimsBody {
    fn data_type() -> DataType {
        DataType::Object
    }
}
