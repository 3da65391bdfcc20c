use std::sync::Arc;

use super::Failed;
use crate::accounts::Registration;
use crate::application::Application;
use crate::clock::SystemClock;
use crate::entropy::SystemEntropy;
use crate::keys::MasterKeySource;
use crate::log_format;
use crate::settings::{ServeArgs, Settings};

pub(super) fn run(arguments: ServeArgs) -> Result<(), Failed> {
    let settings = arguments.resolve()?;
    log_format::start(settings.audit.log_format);
    actix_rt::System::new().block_on(async {
        let clock = Arc::new(SystemClock);
        let entropy = Arc::new(SystemEntropy::default());
        let application = Application::build(&settings, clock, entropy).map_err(Failed::work)?;
        print!("{}", greeting(&settings, &application));
        application
            .run_until_stopped()
            .await
            .map_err(Failed::work)?;
        println!("Stopped.");
        Ok(())
    })
}

fn greeting(settings: &Settings, application: &Application) -> String {
    let address = application.address();
    // The name that the public URL has by default: a cookie for one is not sent to the other.
    let here = match address.ip().is_unspecified() || address.ip().is_loopback() {
        true => format!("http://localhost:{}", address.port()),
        false => format!("http://{address}"),
    };
    let made = application.made_at_start();
    let database = match made.migrations.len() {
        0 => String::new(),
        n => format!(" ({n} migrations applied)"),
    };
    let mut lines = vec![
        format!(
            "Symbolon {} listens on {address}",
            env!("CARGO_PKG_VERSION")
        ),
        format!("  public URL   {}", settings.http.public_url),
        format!("  docs         {here}/docs/"),
        format!("  database     {}{database}", settings.database.url),
    ];
    if let Some(address) = application.metrics_address() {
        lines.push(format!("  metrics      http://{address}/metrics"));
    }
    if let (MasterKeySource::MadeIn(path), true) = (&settings.keys.master_key, made.master_key) {
        lines.push(format!(
            "  master key   {} (made now; keep a copy apart from the database's)",
            path.display()
        ));
    }
    if !made.migrations.is_empty() {
        let accounts = &settings.accounts;
        lines.push(match (accounts.page, accounts.registration) {
            (true, Registration::Open | Registration::Discreet) => {
                format!("\nOpen {here} and register.")
            }
            _ => format!("\nAdd a user with `symbolon user add`, or see {here}/docs/."),
        });
    }
    lines.join("\n") + "\n"
}
