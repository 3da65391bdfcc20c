use actix_web::web::Data;
use identity::challenges::Whose;
use identity::users::{Answerer, Users, Verified};
use paperclip::actix::web::Json;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::{Deserialize, Serialize};

use crate::extract::access_token::OptionalBearer;
use crate::extract::asking_browser::AskingBrowser;
use crate::extract::device::ClientDevice;
use crate::extract::json_body::JsonBody;
use crate::extract::limit::SignInLimit;
use crate::outcomes::{BEARER_PROBLEMS, SESSION_PROBLEMS, TOKEN_PROBLEMS, refused_proof};
use crate::problem::{Code, Problem};

/// The proof of an address: the token of a link, or a code.
#[derive(Deserialize, Apiv2Schema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EmailProof {
    /// The token of the link; for the user who is signed in, or in the browser that asked.
    #[serde(default)]
    token: Option<String>,
    /// The code, eight digits; for the user who is signed in, or, with `email`, in the browser that
    /// registered.
    #[serde(default)]
    code: Option<String>,
    /// The address, if nobody is signed in.
    #[serde(default)]
    email: Option<String>,
}

/// A proven address.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "VerifiedEmail")]
pub(crate) struct VerifiedEmailBody {
    /// The address.
    email: String,
    /// Always `true`.
    email_verified: bool,
}

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] = &[
    TOKEN_PROBLEMS,
    SESSION_PROBLEMS,
    BEARER_PROBLEMS,
    &[
        Code::LinkInvalid,
        Code::EmailTaken,
        Code::OtherBrowser,
        Code::RateLimited,
        Code::Unavailable,
    ],
];

/// Prove an email address
///
/// With the token of a mailed link or the code in the mail, signed in or in the browser that registered or asked. In
/// another browser, `POST /api/link` returns the code, to be typed there. A new address replaces the old one. Opening the link changes nothing: its page
/// calls this when somebody presses a button.
#[api_v2_operation(operation_id = "verifyEmail", tags(Accounts))]
pub(crate) async fn verify_email(
    _limit: SignInLimit,
    bearer: OptionalBearer,
    body: JsonBody<EmailProof>,
    browser: AskingBrowser,
    device: ClientDevice,
    users: Data<Users>,
) -> Result<Json<VerifiedEmailBody>, Problem> {
    let EmailProof { token, code, email } = body.0;
    let by_code = code.is_some();
    let user = match (bearer.required(), &email) {
        (Ok(claims), None) => Some(claims.user_id),
        (Err(problem), None) if by_code => return Err(problem),
        _ => None,
    };
    let answerer = Answerer {
        user: user.clone(),
        secrets: browser.known().to_vec(),
    };
    let presented = browser.presented(token, code, |secrets| match user {
        Some(user) => Whose::User(user),
        None => Whose::Browser { secrets, email },
    })?;
    match users.verify_email(presented, &answerer, &device.0).await? {
        Verified::Done(user) => Ok(Json(VerifiedEmailBody {
            email: user.email,
            email_verified: true,
        })),
        Verified::Invalid => Err(refused_proof(by_code)),
        Verified::OtherBrowser => Err(Code::OtherBrowser.into()),
        Verified::EmailTaken => Err(Code::EmailTaken.into()),
    }
}
