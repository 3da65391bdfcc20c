use store::service_keys::{self, Addition, Scope, ServiceKey, ServiceKeyHash};

use crate::{Fixture, SECOND, START, on_both_back_ends};

on_both_back_ends! {
    a_service_key_is_found_by_its_hash_alone
    a_name_is_free_again_once_its_key_is_revoked
    a_service_key_is_valid_until_it_expires
    the_hashes_of_valid_keys_are_listed
}

fn key(id: &str, name: &str) -> ServiceKey {
    ServiceKey {
        id: id.into(),
        name: name.into(),
        scopes: vec![Scope::TokensIssue, Scope::UsersRead],
        created_at: START,
        expires_at: Some(START + SECOND),
        revoked_at: None,
        last_used_at: None,
    }
}

fn add(f: &Fixture, key: ServiceKey, hash: u8) -> Addition {
    f.store
        .write(move |c| service_keys::add(c, &key, ServiceKeyHash([hash; 32])))
        .unwrap()
}

fn a_service_key_is_found_by_its_hash_alone(f: &Fixture) {
    assert_eq!(add(f, key("1", "django"), 1), Addition::Done);
    let find = |hash| {
        f.store
            .read(|c| service_keys::find(c, &ServiceKeyHash([hash; 32])))
            .unwrap()
    };
    assert_eq!(find(1), Some(key("1", "django")));
    f.store
        .write(|c| service_keys::touch(c, "1", START))
        .unwrap();
    assert_eq!(find(1).unwrap().last_used_at, Some(START));
    assert_eq!(find(2), None);
}

fn a_name_is_free_again_once_its_key_is_revoked(f: &Fixture) {
    let revoke = |name: &'static str| {
        f.store
            .write(move |c| service_keys::revoke(c, name, START))
            .unwrap()
    };
    assert_eq!(add(f, key("1", "django"), 1), Addition::Done);
    assert_eq!(add(f, key("2", "django"), 2), Addition::NameTaken);
    assert_eq!(revoke("django").as_deref(), Some("django"));
    assert_eq!(revoke("django"), None);
    assert_eq!(add(f, key("2", "django"), 2), Addition::Done);
    assert_eq!(revoke("2").as_deref(), Some("django"));
    let listed = f.store.read(service_keys::list).unwrap();
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().all(|key| key.revoked_at == Some(START)));
}

fn a_service_key_is_valid_until_it_expires(f: &Fixture) {
    add(f, key("1", "django"), 1);
    let key = f.store.read(service_keys::list).unwrap().remove(0);
    assert!(key.is_valid(START));
    assert!(!key.is_valid(START + SECOND));
}

fn the_hashes_of_valid_keys_are_listed(f: &Fixture) {
    let lasting = ServiceKey {
        expires_at: None,
        ..key("2", "rails")
    };
    for (key, hash) in [(key("1", "django"), 1), (lasting, 2), (key("3", "old"), 3)] {
        assert_eq!(add(f, key, hash), Addition::Done);
    }
    f.store
        .write(|c| service_keys::revoke(c, "old", START))
        .unwrap();
    let listed = |now, limit| {
        let list = f.store.read(|c| service_keys::valid_hashes(c, now, limit));
        let mut firsts: Vec<_> = list.unwrap().iter().map(|hash| hash.0[0]).collect();
        firsts.sort_unstable();
        firsts
    };
    assert_eq!(listed(START, 10), [1, 2]);
    assert_eq!(listed(START, 1).len(), 1);
    assert_eq!(listed(START + SECOND, 10), [2]);
}
