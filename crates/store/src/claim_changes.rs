//! Changes of users' custom claims: access tokens that were issued before carry others.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::BigInt;

use crate::connection::AnyConnection;
use crate::error::StoreError;
use crate::schema::claim_changes;
use crate::time::UnixMillis;
use crate::users::UserId;

/// The claims of a user since they changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimChange {
    /// The user.
    pub user_id: UserId,
    /// The claims since then, a JSON object.
    pub claims: String,
    /// When, by the clock of the replica that changed them.
    pub at: UnixMillis,
}

/// Records a change, in place of an earlier one, and returns it. Its time is later than that of the earlier
/// one, whatever the clocks say, so that all replicas agree which came last. Requires a transaction that
/// has locked the user's row.
pub(crate) fn record(
    connection: &mut AnyConnection,
    mut change: ClaimChange,
) -> Result<ClaimChange, StoreError> {
    let earlier = claim_changes::table
        .find(change.user_id.as_str())
        .select(claim_changes::changed_at)
        .first::<i64>(connection)
        .optional()?;
    if let Some(earlier) = earlier {
        let next = UnixMillis::from_millis(earlier.saturating_add(1));
        change.at = change.at.max(next);
    }
    diesel::delete(claim_changes::table.find(change.user_id.as_str())).execute(connection)?;
    diesel::insert_into(claim_changes::table)
        .values((
            claim_changes::user_id.eq(change.user_id.as_str()),
            claim_changes::claims.eq(&change.claims),
            claim_changes::changed_at.eq(change.at.as_millis()),
        ))
        .execute(connection)?;
    Ok(change)
}

/// The changes at `since` or later.
///
/// # Errors
///
/// [`StoreError`].
pub fn since(
    connection: &mut AnyConnection,
    since: UnixMillis,
) -> Result<Vec<ClaimChange>, StoreError> {
    let rows: Vec<(String, String, i64)> = claim_changes::table
        .filter(claim_changes::changed_at.ge(since.as_millis()))
        .load(connection)?;
    rows.into_iter()
        .map(|(user_id, claims, at)| {
            let user_id = UserId::parse(&user_id);
            Ok(ClaimChange {
                user_id: user_id.map_err(|_| StoreError::Unreadable("change of claims"))?,
                claims,
                at: UnixMillis::from_millis(at),
            })
        })
        .collect()
}

/// Deletes at most `limit` changes before `before`, and returns how many.
///
/// # Errors
///
/// [`StoreError`].
pub fn delete_before(
    connection: &mut AnyConnection,
    before: UnixMillis,
    limit: u16,
) -> Result<usize, StoreError> {
    let deleted = sql_query(
        "DELETE FROM claim_changes WHERE user_id IN (SELECT user_id FROM claim_changes \
         WHERE changed_at < $1 ORDER BY changed_at LIMIT $2)",
    )
    .bind::<BigInt, _>(before.as_millis())
    .bind::<BigInt, _>(i64::from(limit))
    .execute(connection)?;
    Ok(deleted)
}
