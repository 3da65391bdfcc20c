use super::Failed;
use crate::settings::DatabaseArgs;

pub(super) fn run(arguments: DatabaseArgs) -> Result<(), Failed> {
    let database = arguments.resolve_alone()?;
    let (_, done) = database.open().map_err(Failed::work)?;
    if done.is_empty() {
        println!("{} is up to date.", database.url);
    }
    for migration in done {
        println!("Applied {migration}.");
    }
    Ok(())
}
