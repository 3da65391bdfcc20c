use actix_web::web::Data;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::{Deserialize, Deserializer};

use super::user_id_body::UserIdBody;
use crate::http::extract::device::DeviceOnDemand;
use crate::http::extract::json_body::OptionalJsonBody;
use crate::http::extract::limit::LaterCallLimit;
use crate::http::extract::refresh_tokens::PresentedRefreshTokens;
use crate::http::extract::token_issuer::{OptionalTokenIssuer, TokenIssuer};
use crate::http::outcomes::{
    ISSUE_PROBLEMS, REFRESH_PROBLEMS, SESSION_PROBLEMS, TOKEN_PROBLEMS, issued, refreshed,
};
use crate::http::problem::{Code, Problem};
use crate::sessions::{Sessions, TokenPair};

/// Whose tokens are renewed.
#[derive(Default, Deserialize, Apiv2Schema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RenewalRequest {
    /// The user's id, as a string or a number. With a cookie it may be left out, and must
    /// otherwise be that of the session's user.
    #[serde(default, deserialize_with = "not_null")]
    id: Option<UserIdBody>,
}

/// What it can answer, beside what every call of its kind can.
pub(crate) const PROBLEMS: &[&[Code]] = &[
    REFRESH_PROBLEMS,
    TOKEN_PROBLEMS,
    SESSION_PROBLEMS,
    ISSUE_PROBLEMS,
    &[
        Code::ServiceKeyInvalid,
        Code::InsufficientScope,
        Code::UserMismatch,
        Code::RateLimited,
        Code::Unavailable,
    ],
];

/// Get a new access token and a new refresh token
///
/// With the refresh cookie, the session's refresh token is rotated. Shortly after a rotation the
/// token stays as it is, and its holder gets only a new access token.
///
/// With a service key, or without a cookie from a trusted network, it is a forced renewal: all
/// sessions of the user `id` end and a new one is opened.
#[api_v2_operation(operation_id = "refreshAll", tags(Sessions))]
pub(crate) async fn refresh_all(
    within: LaterCallLimit,
    presented: PresentedRefreshTokens,
    issuer: OptionalTokenIssuer,
    body: OptionalJsonBody<RenewalRequest>,
    device: DeviceOnDemand,
    sessions: Data<Sessions>,
) -> Result<TokenPair, Problem> {
    let id = body.0.unwrap_or_default().id.map(|id| id.0);
    let forced = match issuer.0 {
        // A proof that was shown on purpose counts before a cookie that came along.
        Some(TokenIssuer::ServiceKey) => true,
        Some(TokenIssuer::TrustedNetwork) => presented.0.is_empty() && id.is_some(),
        None => false,
    };
    if forced {
        let id = id.ok_or_else(id_is_missing)?;
        return issued(sessions.renew_by_force(id, device.look()).await?);
    }
    within.count()?;
    let device = || device.look();
    refreshed(
        sessions
            .refresh_all(&presented.0, id.as_ref(), &device)
            .await?,
    )
}

/// An id that is there is one.
fn not_null<'de, D: Deserializer<'de>>(json: D) -> Result<Option<UserIdBody>, D::Error> {
    UserIdBody::deserialize(json).map(Some)
}

fn id_is_missing() -> Problem {
    Problem::invalid_field("id", "is missing: whose tokens are to be renewed?")
}
