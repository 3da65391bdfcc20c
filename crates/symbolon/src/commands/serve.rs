use std::sync::Arc;

use api::application::{Application, StopSignals};
use api::settings::Settings;
use identity::clock::SystemClock;
use identity::entropy::SystemEntropy;
use identity::keys::MasterKeySource;
use identity::users::Registration;
use serde_json::Value;

use super::Failed;
use crate::log_format::{self, LogFormat};
use crate::settings::ServeArgs;

pub(super) fn run(arguments: ServeArgs) -> Result<(), Failed> {
    let settings = arguments.resolve()?;
    let (format, settings) = (settings.log_format, settings.service);
    log_format::start_replica(format, settings.replica.clone(), log_format::SERVICE);
    log_format::log_panics();
    actix_rt::System::new().block_on(async {
        // Before anybody is told that the service is there.
        let signals = StopSignals::receive().map_err(Failed::work)?;
        let clock = Arc::new(SystemClock);
        let entropy = Arc::new(SystemEntropy::default());
        let application = Application::build(&settings, clock, entropy).map_err(Failed::work)?;
        match format {
            LogFormat::Text => print!("{}", greeting(&settings, &application)),
            LogFormat::Json => println!("{}", started(&settings, &application)),
        }
        application
            .run_until_signalled(signals)
            .await
            .map_err(Failed::work)?;
        match format {
            LogFormat::Text => println!("Stopped."),
            LogFormat::Json => println!("{}", stopped(&settings)),
        }
        Ok(())
    })
}

/// For programs that read one JSON object per line.
fn started(settings: &Settings, application: &Application) -> Value {
    let (version, address) = (env!("CARGO_PKG_VERSION"), application.address());
    let mut line = log_format::line(&settings.replica);
    line["message"] = format!("Symbolon {version} listens on {address}").into();
    line["version"] = version.into();
    line["address"] = address.to_string().into();
    line["public_url"] = settings.http.public_url.to_string().into();
    line["database"] = settings.database.url.to_string().into();
    line["migrations"] = application.created().migrations.clone().into();
    line["metrics"] = application
        .metrics_address()
        .map(|at| at.to_string())
        .into();
    line
}

fn stopped(settings: &Settings) -> Value {
    let mut line = log_format::line(&settings.replica);
    line["message"] = "Stopped.".into();
    line
}

fn greeting(settings: &Settings, application: &Application) -> String {
    let address = application.address();
    // The host of the default public URL: browsers do not send its cookies to 127.0.0.1.
    let here = match address.ip().is_unspecified() || address.ip().is_loopback() {
        true => format!("http://localhost:{}", address.port()),
        false => format!("http://{address}"),
    };
    let created = application.created();
    let database = match created.migrations.len() {
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
    if let (MasterKeySource::CreatedIn(path), true) =
        (&settings.keys.master_key, created.master_key)
    {
        lines.push(format!(
            "  master key   {} (new; back it up separately from the database)",
            path.display()
        ));
    }
    if !created.migrations.is_empty() {
        let accounts = &settings.accounts;
        lines.push(match (accounts.pages, accounts.rules.registration) {
            (true, Registration::Open | Registration::Discreet) => {
                format!("\nOpen {} and register.", settings.http.public_url)
            }
            _ => format!("\nAdd a user with `symbolon user add`, or see {here}/docs/."),
        });
        let public_url = settings.http.public_url.origin().as_str();
        if accounts.pages && public_url.starts_with("http://localhost") && here != public_url {
            lines.push(format!(
                "The pages work at the public URL only. Unless a proxy listens there, start with\n--public-url {here}"
            ));
        }
    }
    lines.join("\n") + "\n"
}
