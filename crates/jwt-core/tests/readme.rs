//! Checks that every test named in the README's security table exists.

#![allow(clippy::unwrap_used)]

use std::path::Path;

#[test]
fn each_test_that_the_readme_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let (_, security) = readme.split_once("## SECURITY").unwrap();
    let (security, _) = security.split_once("\n## ").unwrap();
    let rows = security.lines().filter(|line| line.starts_with("| "));
    let mut named = 0;
    for row in rows.skip(2) {
        let tests = row.rsplit("| ").next().unwrap();
        let tests: Vec<_> = tests
            .split('`')
            .filter_map(|test| test.split_once("::"))
            .collect();
        assert!(!tests.is_empty(), "no test in {row}");
        for (file, test) in tests {
            let (module, test) = test.rsplit_once("::").unwrap_or(("", test));
            let mut source = root.join("tests").join(file);
            if source.is_dir() {
                source.push(if module.is_empty() { "main" } else { module });
            }
            let source = std::fs::read_to_string(source.with_extension("rs")).unwrap();
            assert!(source.contains(&format!("fn {test}(")), "{file}::{test}");
            named += 1;
        }
    }
    assert!(named > 20, "{named}");
}
