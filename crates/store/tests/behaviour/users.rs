use std::sync::{Arc, Barrier};
use std::thread;

use store::user_changes::{self, Update, UserChanges};
use store::users::{self, Addition, User, UserId};
use store::{Actor, AnyConnection};

use crate::revoke::until_one_waits;
use crate::{Fixture, START, on_both_back_ends, user};

on_both_back_ends! {
    some_hashes_are_sampled
    rewriting_a_user_changes_nothing
    the_id_of_a_deleted_user_is_not_given_again
    nor_to_whoever_waits_for_the_deletion
    a_user_is_found_by_id_and_by_email_in_any_case
    ids_and_emails_are_unique_and_names_are_not
    users_are_listed_in_pages
    users_are_searched_for
    a_user_is_changed_and_sessions_get_the_claims
}

fn add(f: &Fixture, user: User) -> Addition {
    f.store.write(move |c| users::add(c, &user)).unwrap()
}

fn a_user_is_found_by_id_and_by_email_in_any_case(f: &Fixture) {
    let mut ann = user("ann");
    ann.email = "Ann@Example.org".into();
    assert_eq!(add(f, ann.clone()), Addition::Done);

    let by_id = f.store.read(|c| users::find(c, &ann.id)).unwrap();
    assert_eq!(by_id.as_ref(), Some(&ann));
    for email in ["Ann@Example.org", "ann@example.org", "ANN@EXAMPLE.ORG"] {
        let by_email = f.store.read(|c| users::find_by_email(c, email)).unwrap();
        assert_eq!(by_email.as_ref(), Some(&ann), "{email}");
    }
    let with_nul = f
        .store
        .read(|c| users::find_by_email(c, "ann@example.org\0"));
    assert_eq!(with_nul.unwrap(), None);
    let nobody = UserId::parse("nobody").unwrap();
    assert_eq!(f.store.read(|c| users::find(c, &nobody)).unwrap(), None);
}

fn ids_and_emails_are_unique_and_names_are_not(f: &Fixture) {
    f.add_user("ann");
    let like_ann = |change: fn(&mut User)| {
        let mut other = user("bob");
        change(&mut other);
        add(f, other)
    };
    assert_eq!(like_ann(|u| u.id = user("ann").id), Addition::IdTaken);
    assert_eq!(
        like_ann(|u| u.email = "ANN@example.org".into()),
        Addition::EmailTaken
    );
    assert_eq!(like_ann(|u| u.name = "ann".into()), Addition::Done);
}

fn users_are_listed_in_pages(f: &Fixture) {
    for name in ["c", "a", "b"] {
        f.add_user(name);
    }
    let page = |after: Option<&UserId>| {
        let users = f.store.read(|c| users::list(c, after, None, 2)).unwrap();
        users.into_iter().map(|user| user.name).collect::<Vec<_>>()
    };
    assert_eq!(page(None), ["a", "b"]);
    assert_eq!(page(Some(&user("b").id)), ["c"]);
    assert!(page(Some(&user("c").id)).is_empty());
}

fn users_are_searched_for(f: &Fixture) {
    for name in ["Ann_Lee", "annxlee", "bob%"] {
        f.add_user(name);
    }
    let found = |search: &str| {
        let users = f.store.read(|c| users::list(c, None, Some(search), 10));
        let users = users.unwrap().into_iter();
        users.map(|user| user.name).collect::<Vec<_>>()
    };
    assert_eq!(found("ANN"), ["Ann_Lee", "annxlee"]);
    assert_eq!(found("n_l"), ["Ann_Lee"]);
    assert_eq!(found("bob%@"), ["bob%"]);
    assert_eq!(found("id-annxlee"), ["annxlee"]);
    assert!(found("\0").is_empty() && found("\\").is_empty());
}

fn a_user_is_changed_and_sessions_get_the_claims(f: &Fixture) {
    let session = f.session("ann");
    f.add_user("bob");
    let update = |changes: UserChanges| {
        let id = session.user_id.clone();
        let update =
            move |c: &mut _| user_changes::update(c, &id, &changes, &Actor::CommandLine, &|| START);
        f.store.transaction(update).unwrap()
    };
    let any = UserChanges::default();
    let claims = UserChanges {
        claims: Some(r#"{"role":"admin"}"#.into()),
        ..any.clone()
    };
    assert!(matches!(update(claims), Update::Made(updated) if updated.user.name == "ann"));
    assert_eq!(f.find(session.id).unwrap().claims, r#"{"role":"admin"}"#);
    let named = |name: &str| UserChanges {
        name: Some(name.into()),
        ..any.clone()
    };
    assert!(matches!(update(named("bob")), Update::Made(_)));
    let mail = |email: &str| UserChanges {
        email: Some(email.into()),
        ..any.clone()
    };
    assert_eq!(update(mail("BOB@example.org")), Update::EmailTaken);
    assert!(matches!(update(mail("Ann@new.example")), Update::Made(_)));
    let found = f.store.read(|c| users::find_by_email(c, "ann@NEW.example"));
    assert_eq!(found.unwrap().unwrap().id, session.user_id);
    let nobody = |c: &mut _| {
        user_changes::update(
            c,
            &UserId::parse("nobody").unwrap(),
            &UserChanges::default(),
            &Actor::CommandLine,
            &|| START,
        )
    };
    assert_eq!(f.store.transaction(nobody).unwrap(), Update::NotFound);
}

fn some_hashes_are_sampled(f: &Fixture) {
    let sample = |limit| f.store.read(|c| users::sample_hashes(c, limit)).unwrap();
    assert_eq!(sample(9), []);
    for name in ["ann", "bob", "eve"] {
        f.add_user(name);
    }
    f.execute("UPDATE users SET password = NULL WHERE id = 'id-eve'");
    assert_eq!((sample(9).len(), sample(1).len()), (2, 1));
}

fn the_id_of_a_deleted_user_is_not_given_again(f: &Fixture) {
    let ann = f.add_user("ann");
    let id = ann.id.clone();
    let delete = move |c: &mut _| user_changes::delete(c, &id, &Actor::CommandLine, &|| START);
    f.store.transaction(delete).unwrap();
    let another = User {
        email: "other@example.org".to_owned(),
        ..ann
    };
    let added = another.clone();
    let addition = f.store.transaction(move |c| users::add(c, &added));
    assert_eq!(addition.unwrap(), users::Addition::IdTaken);
    let import = f.store.transaction(move |c| users::import(c, &another));
    assert_eq!(import.unwrap(), users::Import::IdTaken);
}

fn nor_to_whoever_waits_for_the_deletion(f: &Fixture) {
    let ann = f.add_user("ann");
    let (id, another) = (
        ann.id.clone(),
        User {
            email: "other@example.org".to_owned(),
            ..ann
        },
    );
    let deleted = Arc::new(Barrier::new(2));
    thread::scope(|scope| {
        let begun = deleted.clone();
        let delete = move |c: &mut AnyConnection| {
            let change = user_changes::delete(c, &id, &Actor::CommandLine, &|| START)?;
            begun.wait();
            // On SQLite, transactions run one after the other in any case.
            if let AnyConnection::Postgres(postgres) = c {
                until_one_waits(postgres);
            }
            Ok(change)
        };
        let delete = scope.spawn(move || f.store.transaction(delete).unwrap());
        deleted.wait();
        let addition = f.store.transaction(move |c| users::add(c, &another));
        assert_eq!(addition.unwrap(), Addition::IdTaken);
        delete.join().unwrap();
    });
}

fn rewriting_a_user_changes_nothing(f: &Fixture) {
    let (ann, bob) = (f.add_user("ann"), f.add_user("bob"));
    f.store
        .write(|c| users::rewrite(c, "ANN@example.org"))
        .unwrap();
    f.store
        .write(|c| users::rewrite(c, "nobody@example.org"))
        .unwrap();
    let found = |id| f.store.read(|c| users::find(c, id)).unwrap().unwrap();
    assert_eq!((found(&ann.id), found(&bob.id)), (ann, bob));
}
