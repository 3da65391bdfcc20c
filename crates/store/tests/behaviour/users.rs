use store::users::{self, Added, User, UserId};

use crate::{Fixture, on_both_back_ends, user};

on_both_back_ends! {
    a_user_is_found_by_id_and_by_email_in_any_case
    ids_names_and_emails_are_taken_once
    users_are_listed_in_pages
}

fn add(f: &Fixture, user: User) -> Added {
    f.store.write(move |c| users::add(c, &user)).unwrap()
}

fn a_user_is_found_by_id_and_by_email_in_any_case(f: &Fixture) {
    let mut ann = user("ann");
    ann.email = "Ann@Example.org".into();
    assert_eq!(add(f, ann.clone()), Added::Added);

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

fn ids_names_and_emails_are_taken_once(f: &Fixture) {
    f.add_user("ann");
    let like_ann = |change: fn(&mut User)| {
        let mut other = user("bob");
        change(&mut other);
        add(f, other)
    };
    assert_eq!(like_ann(|u| u.id = user("ann").id), Added::IdTaken);
    assert_eq!(like_ann(|u| u.name = "ann".into()), Added::NameTaken);
    assert_eq!(
        like_ann(|u| u.email = "ANN@example.org".into()),
        Added::EmailTaken
    );
    assert_eq!(like_ann(|_| ()), Added::Added);
}

fn users_are_listed_in_pages(f: &Fixture) {
    for name in ["c", "a", "b"] {
        f.add_user(name);
    }
    let page = |after: Option<&UserId>| {
        let users = f.store.read(|c| users::list(c, after, 2)).unwrap();
        users.into_iter().map(|user| user.name).collect::<Vec<_>>()
    };
    assert_eq!(page(None), ["a", "b"]);
    assert_eq!(page(Some(&user("b").id)), ["c"]);
    assert!(page(Some(&user("c").id)).is_empty());
}
