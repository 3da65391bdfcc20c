use paperclip::actix::Apiv2Schema;
use serde::Deserialize;
use store::sessions::SessionId;

use crate::problem::Problem;

/// Where a list continues.
#[derive(Deserialize, Apiv2Schema)]
pub(crate) struct Cursor {
    /// `next` of the previous page.
    before: Option<String>,
}

impl Cursor {
    /// The id before which the list continues. Events and sessions have ids of the same form.
    pub(crate) fn before(self) -> Result<Option<SessionId>, Problem> {
        let parse = |id: String| SessionId::parse(&id).ok_or_else(|| invalid("before"));
        self.before.map(parse).transpose()
    }
}

/// The cursor in this parameter is not one that a list returned.
pub(crate) fn invalid(parameter: &str) -> Problem {
    Problem::invalid_field(
        parameter,
        "must be the value of `next` from the previous page",
    )
}
