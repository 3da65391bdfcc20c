use std::fs;

use crate::{root, rust_files};

#[test]
fn the_files_and_tests_that_contributing_names_exist() {
    let page = fs::read_to_string(root().join("CONTRIBUTING.md")).unwrap();
    let code: Vec<_> = page.split('`').skip(1).step_by(2).collect();

    let is_path = |text: &&&str| {
        let folders = ["crates/", "docs/", "migrations/"];
        folders.iter().any(|folder| text.starts_with(folder)) && !text.contains(['<', '…'])
    };
    let paths: Vec<_> = code.iter().filter(is_path).collect();
    assert!(paths.len() > 20, "{paths:?}");
    for path in paths {
        assert!(root().join(path).exists(), "{path}");
    }

    let folder = root().join("crates");
    let read = |file| fs::read_to_string(folder.join(file)).unwrap();
    let sources: String = rust_files(&folder).iter().map(read).collect();
    let tests = code.iter().filter_map(|text| text.rsplit_once("::"));
    let tests: Vec<_> = tests.filter(|(_, name)| name.contains('_')).collect();
    assert!(tests.len() > 5, "{tests:?}");
    for (_, test) in tests {
        assert!(sources.contains(&format!("fn {test}(")), "{test}");
    }
}
