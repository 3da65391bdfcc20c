//! `SYMBOLON_REGISTRATION`, `SYMBOLON_ACCOUNT_PAGE`, `SYMBOLON_ARGON2_KIB`, `SYMBOLON_ARGON2_PASSES`.

use argon2::Params;
use clap::Args;

use super::{Mistakes, switch};
use crate::accounts::Registration;

/// Who may have an account, as it was given.
#[derive(Args, Clone)]
pub(super) struct AccountsArgs {
    /// Whether anyone may register: open, closed, or discreet, which does not tell that an e-mail
    /// address is taken
    #[arg(
        long,
        env = "SYMBOLON_REGISTRATION",
        value_name = "VALUE",
        default_value = "open"
    )]
    registration: String,

    /// Whether there is a page at / where users register, sign in and look after their sessions
    #[arg(
        long,
        env = "SYMBOLON_ACCOUNT_PAGE",
        value_name = "on|off",
        default_value = "on"
    )]
    account_page: String,

    #[command(flatten)]
    hashing: HashingArgs,
}

/// How passwords are hashed, as it was given.
#[derive(Args, Clone)]
pub struct HashingArgs {
    /// Memory of one password hash, in KiB; as many at once as there are processors
    #[arg(
        long,
        env = "SYMBOLON_ARGON2_KIB",
        value_name = "KIB",
        default_value = "19456"
    )]
    argon2_kib: String,

    /// Passes over it. When memory or passes rise, users get a new hash at their next sign-in
    #[arg(
        long,
        env = "SYMBOLON_ARGON2_PASSES",
        value_name = "N",
        default_value = "2"
    )]
    argon2_passes: String,
}

/// The least that OWASP recommends, in whichever of memory and passes: 7 MiB, five passes.
const LEAST_KIB: u32 = 7168;

/// More than this for each processor is a mistake.
const MOST_KIB: u32 = 1 << 20;

impl HashingArgs {
    /// # Errors
    ///
    /// The [`Mistakes`] in it.
    pub fn resolve_alone(self) -> Result<Params, Mistakes> {
        let mut mistakes = Mistakes::default();
        self.resolve(&mut mistakes).ok_or(mistakes)
    }

    fn resolve(self, mistakes: &mut Mistakes) -> Option<Params> {
        let kib = self.argon2_kib.parse().ok();
        let kib = kib.filter(|kib| (LEAST_KIB..=MOST_KIB).contains(kib));
        let kib = kib.ok_or("a number from 7168 to 1048576");
        let kib = mistakes.note("SYMBOLON_ARGON2_KIB", &self.argon2_kib, kib);
        let passes = self.argon2_passes.parse().ok();
        let passes = passes.filter(|passes| (1..=32).contains(passes));
        let passes = passes.ok_or("a number from 1 to 32");
        let passes = mistakes.note("SYMBOLON_ARGON2_PASSES", &self.argon2_passes, passes);
        Params::new(kib?, passes?, 1, None).ok()
    }
}

/// Who may have an account, and where it is looked after.
#[derive(Clone, Debug)]
pub struct Accounts {
    /// Who may register.
    pub registration: Registration,
    /// Whether there is an account page.
    pub page: bool,
    /// How passwords are hashed.
    pub hashing: Params,
}

impl AccountsArgs {
    pub(super) fn resolve(self, mistakes: &mut Mistakes) -> Option<Accounts> {
        let registration = match self.registration.as_str() {
            "open" => Ok(Registration::Open),
            "discreet" => Ok(Registration::Discreet),
            "closed" => Ok(Registration::Closed),
            _ => Err("one of open, discreet, closed"),
        };
        let registration = mistakes.note("SYMBOLON_REGISTRATION", &self.registration, registration);
        let page = switch(&self.account_page);
        let page = mistakes.note("SYMBOLON_ACCOUNT_PAGE", &self.account_page, page);
        let hashing = self.hashing.resolve(mistakes);
        Some(Accounts {
            registration: registration?,
            page: page?,
            hashing: hashing?,
        })
    }
}
