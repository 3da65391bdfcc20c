//! What the audit trail has of a user, for the user.

use std::time::Duration;

use store::events::{self, Event, EventFilter};
use store::sessions::SessionId;
use store::users::{self, UserId};

use crate::async_store::AsyncStore;
use crate::failure::Failure;
use crate::page;

/// From the first event of a user to their row: a password was hashed in between.
const BEFORE_THE_ROW: Duration = Duration::from_secs(60);

/// Events in one answer, at most.
const PAGE: u16 = 100;

/// Some of a user's events, the newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPage {
    /// The events.
    pub events: Vec<Event>,
    /// There are more, before the event of this id.
    pub next: Option<String>,
}

/// Reads the audit trail.
pub struct Events {
    store: AsyncStore,
}

impl Events {
    /// That in `store`.
    pub fn new(store: AsyncStore) -> Self {
        Self { store }
    }

    /// Whether a text can be the id of an event: it is written as that of a session is.
    pub fn is_id(text: &str) -> bool {
        SessionId::parse(text).is_some()
    }

    /// The events of a user, those before `before`.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn of_user(
        &self,
        user_id: UserId,
        before: Option<String>,
    ) -> Result<EventPage, Failure> {
        let list = move |c: &mut _| {
            // Not those of somebody who had this id before. A registration is told from its beginning.
            let user = users::find(c, &user_id)?;
            let filter = EventFilter {
                since: user.map(|user| user.created_at - BEFORE_THE_ROW),
                user_id: Some(user_id),
                before,
                ..EventFilter::default()
            };
            events::list(c, &filter, PAGE + 1)
        };
        let mut events = self.store.read(list).await?;
        let next = page::cut(&mut events, PAGE).map(|event| event.id.clone());
        Ok(EventPage { events, next })
    }
}
