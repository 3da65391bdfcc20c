use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use identity::clock::rfc3339;
use identity::keys::{self, KeyImport, LegacyTokens};
use identity::text;
use jwt_core::Algorithm;
use store::Actor;
use zeroize::Zeroizing;

use crate::commands::arguments::duration;
use crate::commands::{Failed, output};
use crate::settings::KeyRingArgs;

#[derive(Args)]
pub(in crate::commands) struct Arguments {
    /// The file with the key, or - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Format of the key
    #[arg(long, value_name = "FORM", default_value = "jwk")]
    form: Form,
    /// Its algorithm, if the format does not name it: any HMAC, EdDSA, ECDSA or RSA algorithm
    #[arg(long, value_name = "ALG", value_parser = algorithm)]
    alg: Option<Algorithm>,
    /// Key id (`kid`) [default: that of the JWK, or its thumbprint]
    #[arg(long, value_name = "KID")]
    id: Option<String>,
    /// Sign access tokens with it, as the successor of the active key
    #[arg(long)]
    active: bool,
    /// Verify access tokens of the replaced service with it. Only /api/verify and /api/introspect accept
    /// these legacy tokens
    #[arg(long, conflicts_with = "active")]
    legacy: bool,
    /// The claim of legacy tokens that contains the user's id
    #[arg(
        long,
        value_name = "NAME",
        default_value = "user_id",
        requires = "legacy"
    )]
    user_claim: String,
    /// A claim that legacy tokens must have, such as token_type=access; can be repeated
    #[arg(long = "require", value_name = "NAME=VALUE", value_parser = name_and_value, requires = "legacy")]
    required: Vec<(String, String)>,
    /// How long the key verifies tokens; ignored with --active
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = duration)]
    verify_for: Duration,
    #[command(flatten)]
    settings: KeyRingArgs,
}

/// The format of a key.
#[derive(Clone, Copy, ValueEnum)]
enum Form {
    /// A JWK (RFC 7517): private, public or secret
    Jwk,
    /// PKCS#8 or SubjectPublicKeyInfo in PEM (RFC 7468)
    Pem,
    /// The secret of an HMAC: all bytes except a trailing line end
    Secret,
}

impl From<Form> for keys::KeyForm {
    fn from(form: Form) -> Self {
        match form {
            Form::Jwk => keys::KeyForm::Jwk,
            Form::Pem => keys::KeyForm::Pem,
            Form::Secret => keys::KeyForm::Secret,
        }
    }
}

fn algorithm(text: &str) -> Result<Algorithm, String> {
    text.parse()
        .map_err(|_| "must be the name of a JOSE algorithm, such as EdDSA".to_owned())
}

fn name_and_value(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text
        .split_once('=')
        .ok_or("must be a claim and its value, such as token_type=access")?;
    Ok((name.to_owned(), value.to_owned()))
}

pub(super) fn run(arguments: Arguments) -> Result<(), Failed> {
    let is_legacy = arguments.legacy;
    let key = read_key(&arguments)?;
    let (operator, ring) = super::open(arguments.settings)?;
    let verify_for = arguments.verify_for;
    let import =
        operator.run(async move { ring.import(&key, verify_for, &Actor::CommandLine).await })?;
    match import {
        KeyImport::Verifies { id, until } => output::print(&format!(
            "The key {id} verifies {} until {}.",
            if is_legacy {
                "legacy tokens"
            } else {
                "access tokens"
            },
            rfc3339(until)
        )),
        KeyImport::Signs { id, signs_from } => output::print(&format!(
            "The key {id} is published, and signs access tokens from {}.",
            rfc3339(signs_from)
        )),
        KeyImport::IdTaken { id } => Err(Failed::Work(format!(
            "a key with the id {id} already exists; choose another with --id"
        ))),
        KeyImport::RotationInProgress => Err(Failed::work(
            "a rotation is in progress; see `symbolon keys list`",
        )),
    }
}

fn read_key(arguments: &Arguments) -> Result<keys::ImportedKey, Failed> {
    let text = read(&arguments.file)?;
    let form = keys::KeyForm::from(arguments.form);
    let key = form.read(&text, arguments.alg, arguments.id.clone(), arguments.active);
    let key = match arguments.legacy {
        false => key,
        true => {
            let tokens = LegacyTokens {
                user_claim: arguments.user_claim.clone(),
                required: arguments.required.iter().cloned().collect(),
            };
            if tokens.required.is_empty() {
                eprintln!(
                    "Every token of this key will be accepted as an access token, including refresh \
                     tokens of the replaced service. If one key signs both, name a claim that \
                     distinguishes them, such as --require token_type=access."
                );
            }
            key.and_then(|key| key.for_legacy_tokens(&tokens))
        }
    };
    key.map_err(|why| Failed::Usage(format!("{}: {why}", arguments.file.display())))
}

/// Reads the text of a key, and wipes it from memory afterwards.
fn read(file: &Path) -> Result<Zeroizing<String>, Failed> {
    let read = match file == Path::new("-") {
        true => text::read(io::stdin()),
        false => File::open(file).and_then(text::read),
    };
    read.map(Zeroizing::new)
        .map_err(|why| Failed::Work(format!("cannot read {}: {why}", file.display())))
}
