use paperclip::actix::Apiv2Schema;
use serde::Serialize;

/// Confirms that it worked.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "Message")]
pub(crate) struct MessageBody {
    /// Always `success`.
    message: &'static str,
}

impl MessageBody {
    pub(crate) const SUCCESS: Self = Self { message: "success" };
}
