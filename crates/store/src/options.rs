use std::time::Duration;

/// How a [`Store`](crate::Store) is opened.
#[derive(Clone, Copy, Debug)]
pub struct StoreOptions {
    /// Maximum number of connections, besides the one reserved for
    /// [`Store::poll`](crate::Store::poll); for SQLite, of connections that read.
    pub connections: u32,
    /// How long a call waits for a free connection.
    pub wait: Duration,
    /// How long PostgreSQL may take for one statement, waiting for locks included.
    pub statement_timeout: Duration,
    /// Whether statements are prepared by name, once a connection. A pooler in transaction mode
    /// may not carry them. SQLite prepares in any case.
    pub prepared_statements: bool,
}

impl StoreOptions {
    pub(crate) fn with_one_connection(self) -> Self {
        Self {
            connections: 1,
            ..self
        }
    }
}
