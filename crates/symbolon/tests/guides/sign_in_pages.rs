use crate::guide::Guide;

#[test]
fn it_goes_as_written() {
    let guide = include_str!("../../../../docs/guides/sign-in-pages.md");
    assert!(Guide::follow(guide, &["8000", "9000"]).is_some());
}
