use actix_web::web::Data;
use identity::clock::rfc3339;
use identity::users::{SeenLink, Users};
use paperclip::actix::web::Json;
use paperclip::actix::{Apiv2Schema, api_v2_operation};
use serde::{Deserialize, Serialize};

use crate::extract::asking_browser::AskingBrowser;
use crate::extract::json_body::JsonBody;
use crate::extract::limit::CallLimit;
use crate::problem::{Code, Problem};

/// A mailed link.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "LinkToken")]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkTokenBody {
    /// The token of the link.
    token: String,
}

/// What a link is about.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "Link")]
pub(crate) struct LinkBody {
    /// What it is for, such as `reset_password`.
    kind: &'static str,
    /// The address it is about.
    email: String,
    /// The name of its user.
    name: String,
    /// Where the browser goes afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    return_to: Option<String>,
    /// For signing in or proving an address, if another browser asked: the code to be typed there.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// When it expires, in UTC (RFC 3339).
    expires_at: String,
}

/// The problems that this operation can return, besides those common to its kind.
pub(crate) const PROBLEMS: &[&[Code]] =
    &[&[Code::LinkInvalid, Code::RateLimited, Code::Unavailable]];

/// Look at a mailed link
///
/// Says what a link is about, without using it.
#[api_v2_operation(operation_id = "readLink", tags(Accounts))]
pub(crate) async fn read_link(
    _limit: CallLimit,
    body: JsonBody<LinkTokenBody>,
    browser: AskingBrowser,
    users: Data<Users>,
) -> Result<Json<LinkBody>, Problem> {
    let seen = users.look_at_link(&body.0.token, browser.known()).await?;
    Ok(Json(seen.ok_or(Code::LinkInvalid)?.into()))
}

impl From<SeenLink> for LinkBody {
    fn from(link: SeenLink) -> Self {
        Self {
            kind: link.kind.as_str(),
            email: link.email,
            name: link.name,
            return_to: link.return_to,
            code: link.code.map(|code| code.expose()),
            expires_at: rfc3339(link.expires_at),
        }
    }
}
