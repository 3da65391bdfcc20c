//! `SYMBOLON_REGISTRATION`, `SYMBOLON_EMAIL_VERIFICATION`, `SYMBOLON_SIGN_IN_BY_MAIL`, `SYMBOLON_ACCOUNT_PAGE`,
//! `SYMBOLON_PLAYGROUND`, `SYMBOLON_ARGON2_KIB`, `SYMBOLON_ARGON2_PASSES`.

use api::settings::Accounts;
use clap::Args;
use identity::credentials::{HashingParams, MOST_ARGON2_COST, MOST_KIB, argon2_suffices};
use identity::users::{AccountRules, Registration, Verification};

use super::{Mistakes, boolean};

/// The settings of accounts, as text.
#[derive(Args, Clone)]
pub(super) struct AccountsArgs {
    /// Whether anyone may register: open, closed, or discreet, which never reveals that an email
    /// address is taken
    #[arg(
        long,
        env = "SYMBOLON_REGISTRATION",
        value_name = "VALUE",
        default_value = "open"
    )]
    registration: String,

    /// Whether users prove their email address: off, optional (they are asked to when they register), or
    /// required (nobody signs in before) [default: optional with a mail URL, else off]
    #[arg(long, env = "SYMBOLON_EMAIL_VERIFICATION", value_name = "VALUE")]
    email_verification: Option<String>,

    /// Whether users may sign in with a mailed code or link
    #[arg(
        long,
        env = "SYMBOLON_SIGN_IN_BY_MAIL",
        value_name = "on|off",
        default_value = "off"
    )]
    sign_in_by_mail: String,

    /// Whether to serve pages where users register, sign in and manage their account
    #[arg(
        long,
        env = "SYMBOLON_ACCOUNT_PAGE",
        value_name = "on|off",
        default_value = "on"
    )]
    account_page: String,

    /// Whether to serve a page at /playground that shows tokens [default: on if the public URL is on this
    /// machine, else off]
    #[arg(long, env = "SYMBOLON_PLAYGROUND", value_name = "on|off")]
    playground: Option<String>,

    #[command(flatten)]
    hashing: HashingArgs,
}

/// The settings of password hashing, as text.
#[derive(Args, Clone)]
pub struct HashingArgs {
    /// Memory of one password hash in KiB; each processor hashes one at a time
    #[arg(
        long,
        env = "SYMBOLON_ARGON2_KIB",
        value_name = "KIB",
        default_value = "19456"
    )]
    argon2_kib: String,

    /// Passes of a password hash. After an increase of memory or passes, users get a new hash at
    /// their next sign-in
    #[arg(
        long,
        env = "SYMBOLON_ARGON2_PASSES",
        value_name = "N",
        default_value = "2"
    )]
    argon2_passes: String,
}

impl HashingArgs {
    /// Resolves these settings without others.
    ///
    /// # Errors
    ///
    /// The [`Mistakes`] in them.
    pub fn resolve_alone(self) -> Result<HashingParams, Mistakes> {
        let mut mistakes = Mistakes::default();
        self.resolve(&mut mistakes).ok_or(mistakes)
    }

    fn resolve(self, mistakes: &mut Mistakes) -> Option<HashingParams> {
        let kib = self.argon2_kib.parse().ok();
        let kib = kib.filter(|kib| *kib <= MOST_KIB);
        let kib = kib.ok_or("must be a number of KiB, at most 262144");
        let kib = mistakes.note("SYMBOLON_ARGON2_KIB", &self.argon2_kib, kib);
        let passes = self.argon2_passes.parse().ok();
        let passes = passes.filter(|passes| (1..=256).contains(passes));
        let passes = passes.ok_or("must be a number from 1 to 256");
        let passes = mistakes.note("SYMBOLON_ARGON2_PASSES", &self.argon2_passes, passes);
        let (kib, passes): (u32, u32) = (kib?, passes?);
        let why = match (
            argon2_suffices(kib, passes),
            kib * passes <= MOST_ARGON2_COST,
        ) {
            (true, true) => return HashingParams::new(kib, passes, 1, None).ok(),
            (false, _) => {
                "is too weak: with 1 pass at least 47104, with 2 at least 19456, with 3 at least 12288, \
                 with 4 at least 9216, with more at least 7168"
            }
            (_, false) => "takes seconds: KiB times passes must be at most 2097152",
        };
        mistakes.add("SYMBOLON_ARGON2_KIB", Some(&self.argon2_kib), why);
        None
    }
}

impl AccountsArgs {
    /// Some defaults depend on whether mail is handed over, and on where the service is.
    pub(super) fn resolve(
        self,
        has_mail: bool,
        is_local: bool,
        mistakes: &mut Mistakes,
    ) -> Option<Accounts> {
        let registration = match self.registration.as_str() {
            "open" => Ok(Registration::Open),
            "discreet" => Ok(Registration::Discreet),
            "closed" => Ok(Registration::Closed),
            _ => Err("must be open, discreet or closed"),
        };
        let registration = mistakes.note("SYMBOLON_REGISTRATION", &self.registration, registration);
        let page = boolean(&self.account_page);
        let page = mistakes.note("SYMBOLON_ACCOUNT_PAGE", &self.account_page, page);
        let by_mail = boolean(&self.sign_in_by_mail);
        let by_mail = mistakes.note("SYMBOLON_SIGN_IN_BY_MAIL", &self.sign_in_by_mail, by_mail);
        let verification = match self.email_verification.as_deref() {
            None if has_mail => Some(Verification::Optional),
            None => Some(Verification::Off),
            Some(word) => mistakes.note("SYMBOLON_EMAIL_VERIFICATION", word, verification(word)),
        };
        let playground = match self.playground.as_deref() {
            None => Some(is_local),
            Some(text) => mistakes.note("SYMBOLON_PLAYGROUND", text, boolean(text)),
        };
        let hashing = self.hashing.resolve(mistakes);
        Some(Accounts {
            rules: AccountRules {
                registration: registration?,
                verification: verification?,
                confirms_email_changes: has_mail,
            },
            sign_in_by_mail: by_mail?,
            pages: page?,
            playground: playground?,
            hashing: hashing?,
        })
    }
}

fn verification(word: &str) -> Result<Verification, &'static str> {
    match word {
        "off" => Ok(Verification::Off),
        "optional" => Ok(Verification::Optional),
        "required" => Ok(Verification::Required),
        _ => Err("must be off, optional or required"),
    }
}
