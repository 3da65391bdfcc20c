use paperclip::actix::Apiv2Schema;
use serde::Serialize;

/// How many sessions were revoked.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "Revoked")]
pub(crate) struct RevokedBody {
    /// The number of sessions.
    pub(crate) revoked: usize,
}
