use std::collections::BTreeSet;
use std::process::Command;

use crate::root;

/// Which packages a crate must not depend on, directly or through others. A name that ends in `*`
/// stands for all that begin with it.
const FORBIDDEN: [(&str, &[&str]); 4] = [
    (
        "jwt-core",
        &[
            "actix*",
            "clap*",
            "diesel*",
            "http",
            "paperclip*",
            "store",
            "tokio",
        ],
    ),
    (
        "store",
        &[
            "actix*",
            "clap*",
            "http",
            "jwt-core",
            "paperclip*",
            "ring",
            "tokio",
        ],
    ),
    (
        "identity",
        &["actix*", "api", "clap*", "http", "paperclip*"],
    ),
    ("api", &["clap*", "symbolon"]),
];

#[test]
fn each_crate_depends_only_on_what_its_invariant_allows() {
    for (name, forbidden) in FORBIDDEN {
        let all = dependencies(name, &[]);
        assert!(all.len() > 5, "{name}: {all:?}");
        for package in &all {
            let is_forbidden = forbidden
                .iter()
                .any(|pattern| match pattern.strip_suffix('*') {
                    Some(prefix) => package.starts_with(prefix),
                    None => package == pattern,
                });
            assert!(!is_forbidden, "{name} depends on {package}");
        }
    }
}

#[test]
fn only_the_store_uses_diesel() {
    for name in ["jwt-core", "store", "identity", "api", "symbolon"] {
        let direct = dependencies(name, &["--depth=1"]);
        assert_eq!(direct.contains("diesel"), name == "store", "{name}");
    }
}

/// The packages that a crate is built from, without those of its tests.
fn dependencies(name: &str, arguments: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--package", name, "--edges=normal", "--prefix=none"])
        .args(["--format={p}", "--locked", "--offline"])
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let tree = String::from_utf8(output.stdout).unwrap();
    let names = tree
        .lines()
        .skip(1)
        .map(|line| line.split(' ').next().unwrap());
    names.map(|name| name.to_owned()).collect()
}
