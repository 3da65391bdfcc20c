use std::time::Duration;

use store::events::{self, Event, EventFilter};
use store::users::{self, UserId};

use crate::async_store::AsyncStore;
use crate::failure::Failure;
use crate::page;

/// The time between the first event of a user and their row: a password is hashed in between.
const BEFORE_THE_ROW: Duration = Duration::from_secs(60);

/// Maximum number of events in one page.
const PAGE: u16 = 100;

/// Some events of a user, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPage {
    /// The events.
    pub events: Vec<Event>,
    /// If there are more: the id before which they continue.
    pub next: Option<String>,
}

/// Reads the audit trail.
pub struct History {
    store: AsyncStore,
}

impl History {
    /// The audit trail in `store`.
    pub fn new(store: AsyncStore) -> Self {
        Self { store }
    }

    /// The events of a user before the event `before`.
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
            // Without the events of an earlier user who had this id.
            let user = users::find(c, &user_id)?;
            let filter = EventFilter {
                since: user.map(|user| user.created_at - BEFORE_THE_ROW),
                user_id: Some(user_id.clone()),
                before: before.clone(),
                ..EventFilter::default()
            };
            events::list(c, &filter, PAGE + 1)
        };
        let mut events = self.store.read(list).await?;
        let next = page::cut(&mut events, PAGE).map(|event| event.id.clone());
        Ok(EventPage { events, next })
    }
}
