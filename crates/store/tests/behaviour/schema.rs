//! Compares `schema.rs` with the tables that the migrations create.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;
use store::DatabaseUrl;

use crate::{Fixture, on_both_back_ends};

on_both_back_ends! {
    the_schema_is_what_the_migrations_create
}

fn the_schema_is_what_the_migrations_create(f: &Fixture) {
    #[derive(QueryableByName)]
    struct Column {
        #[diesel(sql_type = Text)]
        t: String,
    }
    let sql = match f.url {
        DatabaseUrl::Sqlite(_) => {
            "SELECT m.name || '.' || c.name || CASE WHEN c.\"notnull\" THEN '' ELSE ' NULL' END AS t \
             FROM sqlite_schema m JOIN pragma_table_info(m.name) c \
             WHERE m.type = 'table'"
        }
        DatabaseUrl::Postgres(_) => {
            "SELECT table_name || '.' || column_name || \
                    CASE is_nullable WHEN 'YES' THEN ' NULL' ELSE '' END AS t \
             FROM information_schema.columns \
             WHERE table_schema = current_schema()"
        }
    };
    let columns = f.store.read(|c| Ok(sql_query(sql).load::<Column>(c)?));
    let migrated: BTreeSet<_> = columns.unwrap().into_iter().map(|c| c.t).collect();
    assert_eq!(in_the_code(), migrated);
}

/// The columns of `schema.rs`, such as `users.password NULL`.
fn in_the_code() -> BTreeSet<String> {
    let schema = include_str!("../../src/schema.rs");
    let mut table = "";
    let mut columns = BTreeSet::new();
    for line in schema.lines().map(str::trim) {
        if let Some((name, _)) = line.split_once(" (") {
            table = name;
        } else if let Some((name, kind)) = line.split_once(" -> ") {
            let null = match kind.starts_with("Nullable") {
                true => " NULL",
                false => "",
            };
            columns.insert(format!("{table}.{name}{null}"));
        }
    }
    columns
}
