use store::keys::{self, KeyUse, WrappedKey};

use crate::{Fixture, START, on_both_back_ends};

on_both_back_ends! {
    of_several_first_keys_one_wins
}

fn key(id: &str, key_use: KeyUse) -> WrappedKey {
    WrappedKey {
        id: id.into(),
        key_use,
        algorithm: "HS512".into(),
        wrapped: vec![0, 159, 146, 150],
        created_at: START,
    }
}

fn of_several_first_keys_one_wins(f: &Fixture) {
    let add = |key| f.store.write(move |c| keys::add_active(c, &key)).unwrap();
    let active = |key_use| f.store.read(|c| keys::active(c, key_use)).unwrap();

    assert!(!f.store.read(keys::exist).unwrap());
    assert!(add(key("a1", KeyUse::Access)));
    assert!(!add(key("a2", KeyUse::Access)));
    assert!(add(key("r1", KeyUse::Refresh)));
    assert!(f.store.read(keys::exist).unwrap());
    assert_eq!(active(KeyUse::Access), Some(key("a1", KeyUse::Access)));
    assert_eq!(active(KeyUse::Refresh), Some(key("r1", KeyUse::Refresh)));
}
