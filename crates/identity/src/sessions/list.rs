use store::sessions::{self, NotLive, Session, SessionId};
use store::users::{self, User, UserId};

use super::Sessions;
use crate::failure::Failure;
use crate::page;

/// Maximum number of sessions in one page.
const PAGE: u16 = 100;

/// Some sessions, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionPage {
    /// The sessions.
    pub sessions: Vec<Session>,
    /// If there are more: the id before which they continue.
    pub next: Option<SessionId>,
}

impl Sessions {
    /// The live sessions of a user, opened before `before`.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn of_user(
        &self,
        user_id: UserId,
        before: Option<SessionId>,
    ) -> Result<SessionPage, Failure> {
        let now = self.ports.clock.now();
        let list = move |c: &mut _| sessions::list(c, Some(&user_id), before, PAGE + 1, now);
        let mut sessions = self.ports.store.read(list).await?;
        let next = page::cut(&mut sessions, PAGE).map(|session| session.id);
        Ok(SessionPage { sessions, next })
    }

    /// A live session and its user, or why there is none. The session of another user is unknown: a token
    /// speaks for its `sub`, and its `sid` says only which revocation ends it.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn find_live(
        &self,
        id: SessionId,
        user_id: UserId,
    ) -> Result<Result<(User, Session), NotLive>, Failure> {
        let now = self.ports.clock.now();
        let find = move |c: &mut _| {
            let session = match sessions::find_live(c, id, now)? {
                Ok(session) if session.user_id == user_id => session,
                Ok(_of_another) => return Ok(Err(NotLive::Unknown)),
                Err(why) => return Ok(Err(why)),
            };
            let user = users::find(c, &session.user_id)?;
            Ok(user.map(|user| (user, session)).ok_or(NotLive::Unknown))
        };
        self.ports.store.read(find).await
    }
}
