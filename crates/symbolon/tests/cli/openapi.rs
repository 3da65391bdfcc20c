use serde_json::Value;

use crate::Program;

#[test]
fn the_document_is_printed_without_anything_being_started() {
    let program = Program::new();
    let json = program.run(&["openapi"]);
    assert_eq!(json.code, 0, "{}", json.err);
    let json: Value = serde_json::from_str(&json.out).unwrap();
    let yaml = program.run(&["openapi", "--yaml"]);
    let yaml: Value = serde_yaml::from_str(&yaml.out).unwrap();
    assert_eq!(json["info"]["title"], "Symbolon");
    assert_eq!(json, yaml);
    assert!(!program.directory().join("data").exists());
}

#[test]
fn there_are_completions_for_the_usual_shells() {
    for shell in ["bash", "zsh", "fish"] {
        let ended = Program::new().run(&["completions", shell]);
        assert_eq!(ended.code, 0);
        assert!(ended.out.contains("service-key"), "{shell}");
    }
}
