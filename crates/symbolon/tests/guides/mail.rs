use crate::guide::Guide;

#[test]
fn it_goes_as_written() {
    let guide = include_str!("../../../../docs/guides/mail.md");
    assert!(Guide::follow(guide, &["8000"]).is_some());
}
