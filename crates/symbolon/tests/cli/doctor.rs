use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::Program;

#[test]
fn where_nothing_is_wrong_it_says_so_and_makes_nothing() {
    let program = Program::new();
    let before = program.run(&["doctor"]);
    assert_eq!(before.code, 0, "{}{}", before.out, before.err);
    assert!(
        before.out.contains("the first start creates it"),
        "{}",
        before.out
    );
    assert!(!program.directory().join("data").exists());

    let service = program.start(&[]);
    let after = program.run(&["doctor", "--front-end=http://localhost:8000"]);
    assert_eq!(after.code, 0, "{}{}", after.out, after.err);
    assert!(
        after.out.contains("the master key unwraps all of them"),
        "{}",
        after.out
    );
    assert!(!after.out.contains("BAD"));
    drop(service);
}

#[test]
fn each_finding_says_what_to_do() {
    let program = Program::new();
    drop(program.start(&[]));
    let data = program.directory().join("data");
    let key = fs::read_to_string(data.join("master.key")).unwrap();
    fs::set_permissions(data.join("master.key"), fs::Permissions::from_mode(0o644)).unwrap();
    let found = program.run(&["doctor", "--front-end=https://app.example.org"]);
    assert_eq!(found.code, 1);
    for told in [
        "chmod go= ./data/master.key",
        "SYMBOLON_ALLOWED_ORIGINS",
        "different sites",
    ] {
        assert!(found.out.contains(told), "{told}: {}", found.out);
    }
    assert!(found.err.contains("3 problems found"), "{}", found.err);
    assert!(!found.out.contains(key.trim()));

    fs::write(
        data.join("master.key"),
        "b3RoZXItb3RoZXItb3RoZXItb3RoZXItb3RoZXItISE",
    )
    .unwrap();
    fs::set_permissions(data.join("master.key"), fs::Permissions::from_mode(0o600)).unwrap();
    let found = program.run(&["doctor"]);
    assert_eq!(found.code, 1);
    assert!(
        found.out.contains("the master key does not unwrap"),
        "{}",
        found.out
    );

    let away = program.run(&["doctor", "--database-url=postgres://127.0.0.1:1/none"]);
    assert_eq!(away.code, 1);
    assert!(away.out.contains("FAIL  database"), "{}", away.out);
    let unusable = program.run(&[
        "doctor",
        "--access-ttl=never",
        "--cookie-samesite=sometimes",
    ]);
    assert_eq!(unusable.code, 2);
    assert!(
        unusable.err.contains("SYMBOLON_ACCESS_TTL")
            && unusable.err.contains("SYMBOLON_COOKIE_SAMESITE")
    );
}

#[test]
fn a_proxy_that_is_not_trusted_is_found() {
    let program = Program::new();
    let https = "--public-url=https://id.example.org";
    let alone = program.run(&["doctor", https]);
    assert_eq!(alone.code, 1);
    assert!(alone.out.contains("share one allowance"), "{}", alone.out);
    let trusted = program.run(&["doctor", https, "--trusted-proxies=127.0.0.1"]);
    assert_eq!(trusted.code, 0, "{}", trusted.out);
}

#[test]
fn what_kubernetes_makes_is_noted_and_a_directory_that_is_none_is_found() {
    let program = Program::new();
    drop(program.start(&[]));
    let data = program.directory().join("data");
    fs::set_permissions(&data, fs::Permissions::from_mode(0o2770)).unwrap();
    fs::set_permissions(data.join("master.key"), fs::Permissions::from_mode(0o440)).unwrap();
    let looked = program.run(&["doctor"]);
    assert_eq!(looked.code, 0, "{}", looked.out);
    assert_eq!(
        looked.out.matches("its group has access").count(),
        2,
        "{}",
        looked.out
    );

    let file = program.directory().join("file");
    fs::write(&file, "").unwrap();
    let looked = program.run(&["doctor", &format!("--data-dir={}", file.display())]);
    assert_eq!(looked.code, 1);
    assert!(looked.out.contains("cannot write to it"), "{}", looked.out);
}

#[test]
fn an_empty_postgres_before_the_first_start_is_no_problem() {
    let Some(database) = throwaway_postgres::Database::create() else {
        return;
    };
    let program = Program::new();
    let looked = program.run(&["doctor", &format!("--database-url={}", database.url())]);
    assert_eq!(looked.code, 0, "{}", looked.out);
    assert!(
        looked.out.contains("is available and empty"),
        "{}",
        looked.out
    );
}

#[test]
fn claims_that_are_too_long_for_the_headers_of_proxies_are_noted() {
    let program = Program::migrated();
    let long = format!("{{\"about\":\"{}\"}}", "x".repeat(1500));
    let add = [
        "user",
        "add",
        "--name=Ann",
        "--email=ann@example.org",
        "--no-password",
    ];
    let added = program.run(&[&add[..], &["--claims", &long]].concat());
    assert_eq!(added.code, 0, "{}", added.err);
    drop(program.start(&[]));
    let looked = program.run(&["doctor"]);
    assert_eq!(looked.code, 0, "{}", looked.out);
    assert!(
        looked.out.contains("proxy_buffer_size 16k"),
        "{}",
        looked.out
    );
}
