//! Leases: what only one replica does at a time.

use std::time::Duration;

use diesel::prelude::*;

use crate::connection::AnyConnection;
use crate::error::StoreError;
use crate::schema::leases;
use crate::time::UnixMillis;

/// Takes or extends a lease for `ttl`, and returns whether `holder` has it now. Another holder has it until
/// it expires.
///
/// # Errors
///
/// [`StoreError`].
pub fn hold(
    connection: &mut AnyConnection,
    name: &str,
    holder: &str,
    ttl: Duration,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    let expires_at = (now + ttl).as_millis();
    let free = leases::table.find(name).filter(
        leases::holder
            .eq(holder)
            .or(leases::expires_at.le(now.as_millis())),
    );
    let taken = diesel::update(free)
        .set((leases::holder.eq(holder), leases::expires_at.eq(expires_at)))
        .execute(connection)?;
    if taken == 1 {
        return Ok(true);
    }
    let row = (
        leases::name.eq(name),
        leases::holder.eq(holder),
        leases::expires_at.eq(expires_at),
    );
    let insert = diesel::insert_into(leases::table);
    let added = match connection {
        AnyConnection::Sqlite(c) => insert.values(row).on_conflict_do_nothing().execute(c)?,
        AnyConnection::Postgres(c) => insert.values(row).on_conflict_do_nothing().execute(c)?,
    };
    Ok(added == 1)
}
