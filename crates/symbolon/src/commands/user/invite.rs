use identity::credentials::HashingParams;
use identity::users::{CustomClaims, Email, Invited, Name, NewUser};
use store::Actor;

use super::super::operator::{Operator, users};
use super::super::{Failed, output};
use super::InviteArguments;

const SENT: &str = "The service mails the link within a few seconds. Without a mail server, `symbolon mail list`\n\
     and `symbolon mail show ID` print it.";

pub(super) fn run(arguments: InviteArguments) -> Result<(), Failed> {
    let database = arguments.database.resolve_alone()?;
    if let Some(id) = arguments.again {
        let operator = Operator::open(&database)?;
        let ports = operator.ports();
        let sent = operator.run(async move {
            let users = users(ports, HashingParams::DEFAULT);
            users.invite_again(id, &Actor::CommandLine).await
        })?;
        return match sent {
            true => output::print(SENT),
            false => Err(Failed::work(
                "no enabled user without a password has this id",
            )),
        };
    }
    let usage = |option: &str, why: String| Failed::Usage(format!("{option}: {why}"));
    let email = arguments.email.unwrap_or_default();
    let name = arguments.name.as_deref();
    let name = name.unwrap_or_else(|| email.split('@').next().unwrap_or_default());
    let new = NewUser {
        id: arguments.id,
        name: Name::parse(name).map_err(|why| usage("--name", why.to_string()))?,
        email: Email::parse(&email).map_err(|why| usage("--email", why.to_string()))?,
        password: None,
        claims: CustomClaims::parse(&arguments.claims)
            .map_err(|why| usage("--claims", why.to_string()))?,
        locale: arguments.locale,
    };
    let operator = Operator::open(&database)?;
    let ports = operator.ports();
    let invited = operator.run(async move {
        let users = users(ports, HashingParams::DEFAULT);
        users.invite(new, &Actor::CommandLine).await
    })?;
    match invited {
        Invited::Done(user) => output::print(&format!("{}\n{SENT}", user.id)),
        Invited::IdTaken => Err(Failed::work("another user has this id")),
        Invited::EmailTaken => Err(Failed::work(
            "another user has this email address; `--again ID` sends another invitation",
        )),
    }
}
