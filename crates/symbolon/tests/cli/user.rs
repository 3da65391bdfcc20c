use serde_json::{Value, json};

use crate::Program;

const PASSWORD: &str = "correct horse battery\n";

fn listed(program: &Program) -> Vec<Value> {
    let ended = program.run(&["user", "list", "--json"]);
    serde_json::from_str(&ended.out).unwrap()
}

#[test]
fn a_user_is_added_and_listed() {
    let program = Program::migrated();
    let add = [
        "user",
        "add",
        "--name=Ann",
        "--email=ann@example.org",
        r#"--claims={"role":"a"}"#,
    ];
    let added = program.run_with_input(&add, PASSWORD);
    assert_eq!(added.code, 0, "{}", added.err);
    let id = added.out.trim();
    assert_eq!(id.len(), 36);

    let imported = [
        "user",
        "add",
        "--name=Bob",
        "--email=b@example.org",
        "--id=7",
        "--no-password",
    ];
    let imported = program.run(&imported);
    assert_eq!(
        (imported.code, imported.out.as_str()),
        (0, "7\n"),
        "{}",
        imported.err
    );

    let users = listed(&program);
    assert_eq!(users.len(), 2);
    let ann = users.iter().find(|user| user["id"] == id).unwrap();
    assert_eq!(ann["name"], "Ann");
    assert_eq!(ann["has_password"], true);
    let bob = users.iter().find(|user| user["id"] == "7").unwrap();
    assert_eq!(bob["has_password"], json!(false));

    let table = program.run(&["user", "list"]).out;
    assert!(table.starts_with("ID "), "{table}");
    assert!(
        table.contains("ann@example.org") && table.contains("service key"),
        "{table}"
    );
}

#[test]
fn what_will_not_do_is_refused_and_nothing_is_added() {
    let program = Program::migrated();
    let good = ["--name=Ann", "--email=ann@example.org"];
    let add = |arguments: &[&str], input| {
        let arguments = [&["user", "add"], arguments].concat();
        program.run_with_input(&arguments, input)
    };
    for (arguments, input, says) in [
        (&[][..], PASSWORD, "--name"),
        (&["--name= ", "--email=ann@example.org"], PASSWORD, "--name"),
        (&["--name=Ann", "--email=ann"], PASSWORD, "--email"),
        (&[good[0], good[1], "--id=a b"], PASSWORD, "--id"),
        (&[good[0], good[1], "--claims=[]"], PASSWORD, "--claims"),
        (
            &[good[0], good[1], r#"--claims={"sub":"x"}"#],
            PASSWORD,
            "`sub`",
        ),
        (&good, "short\n", "8 to 128"),
        (&good, "", "8 to 128"),
    ] {
        let ended = add(arguments, input);
        assert_eq!(ended.code, 2, "{arguments:?}");
        assert!(ended.err.contains(says), "{arguments:?}: {}", ended.err);
    }
    assert!(listed(&program).is_empty());

    assert_eq!(add(&good, PASSWORD).code, 0);
    let twice = add(&good, PASSWORD);
    assert_eq!(twice.code, 1);
    assert!(twice.err.contains("another user has this"), "{}", twice.err);
}
