//! What the handlers and extractors ask for.

use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};
use identity::Ports;
use identity::audit::History;
use identity::clock::Clock;
use identity::credentials::PasswordHasher;
use identity::entropy::Entropy;
use identity::keys::MasterKey;
use identity::limits::Limits;
use identity::mail::Mailing;
use identity::readiness::Readiness;
use identity::request_id::RequestIds;
use identity::service_keys::{KnownServiceKeys, ServiceKeys};
use identity::sessions::{
    ClaimChanges, Denylist, RevocationListPublisher, Revocations, SessionAdmin, Sessions,
};
use identity::sign_in::{AccountAttempts, PasswordConfirmation, SignIn, SignInRules};
use identity::tokens::{AccessTokens, DeviceTokens, Tokens};
use identity::users::{Users, Verification};

use crate::cookie::Cookies;
use crate::edge::Edge;
use crate::extract::client_address::TrustedProxies;
use crate::extract::token_issuer::TrustedIssuers;
use crate::handlers::api::verify::ForwardedHeaders;
use crate::handlers::well_known::jwks::JwksMaxAge;
use crate::handlers::well_known::revoked_sessions::SerializedList;
use crate::metrics_listener::MetricsSource;
use crate::openapi::{self, Document};
use crate::pages::HostedPages;
use crate::settings::{Http, PublicUrl, ReturnUrls, Settings, Sites};

/// What is known without asking the database.
pub(super) struct Known {
    /// Of revoked sessions, whose access tokens are refused although they are valid.
    pub(super) denylist: Arc<Denylist>,
    /// Of users, whose access tokens with other claims are refused.
    pub(super) claim_changes: Arc<ClaimChanges>,
    /// That are valid.
    pub(super) service_keys: Arc<KnownServiceKeys>,
}

/// The use-cases, and what translates them to HTTP.
#[derive(Clone)]
pub(super) struct Services {
    use_cases: UseCases,
    translation: Translation,
    metrics_source: Data<MetricsSource>,
    pub(super) has_pages: bool,
    pub(super) has_playground: bool,
}

#[derive(Clone)]
struct UseCases {
    sign_in: Data<SignIn>,
    sessions: Data<Sessions>,
    session_admin: Data<SessionAdmin>,
    users: Data<Users>,
    service_keys: Data<ServiceKeys>,
    history: Data<History>,
    readiness: Data<Readiness>,
    limits: Data<Limits>,
    access_tokens: Data<AccessTokens>,
    device_tokens: Data<DeviceTokens>,
    denylist: Data<Denylist>,
    claim_changes: Data<ClaimChanges>,
    revocation_list: Data<RevocationListPublisher>,
    clock: Data<Arc<dyn Clock>>,
}

#[derive(Clone)]
struct Translation {
    edge: Data<Edge>,
    cookies: Data<Cookies>,
    document: Data<Document>,
    hosted_pages: Data<HostedPages>,
    forwarded_headers: Data<ForwardedHeaders>,
    jwks_max_age: Data<JwksMaxAge>,
    public_url: Data<PublicUrl>,
    return_urls: Data<ReturnUrls>,
    sites: Data<Sites>,
    entropy: Data<Arc<dyn Entropy>>,
    serialized_list: Data<SerializedList>,
    trusted_issuers: Data<TrustedIssuers>,
    trusted_proxies: Data<TrustedProxies>,
}

impl Services {
    pub(super) fn new(
        settings: &Settings,
        ports: &Ports,
        tokens: &Tokens,
        known: &Known,
        master_key: &MasterKey,
        mailing: &Mailing,
    ) -> Self {
        let accounts = &settings.accounts;
        let (hashing, entropy) = (accounts.hashing.clone(), ports.entropy.clone());
        let hasher = Arc::new(PasswordHasher::new(hashing, entropy, master_key));
        let (store, clock) = (ports.store.clone(), ports.clock.clone());
        let attempts = AccountAttempts::new(store, settings.limits.account, clock);
        let attempts = Arc::new(attempts);
        let use_cases = UseCases::new(
            settings,
            ports,
            tokens,
            known,
            (&hasher, &attempts, mailing),
        );
        let metrics_source = Data::new(MetricsSource {
            ports: ports.clone(),
            hasher,
            denylist: known.denylist.clone(),
            limits: use_cases.limits.clone().into_inner(),
            attempts,
        });
        Self {
            use_cases,
            translation: Translation::new(settings, ports),
            metrics_source,
            has_pages: accounts.pages,
            has_playground: accounts.playground,
        }
    }

    pub(super) fn metrics_source(&self) -> Data<MetricsSource> {
        self.metrics_source.clone()
    }

    pub(super) fn hasher(&self) -> Arc<PasswordHasher> {
        self.metrics_source.hasher.clone()
    }

    /// Makes all of it available to handlers and extractors.
    pub(super) fn register(&self, config: &mut ServiceConfig) {
        self.use_cases.register(config);
        self.translation.register(config);
    }
}

fn sign_in_rules(settings: &Settings) -> SignInRules {
    SignInRules {
        only_verified: settings.accounts.rules.verification == Verification::Required,
        by_mail: settings.accounts.sign_in_by_mail,
    }
}

impl UseCases {
    fn new(
        settings: &Settings,
        ports: &Ports,
        tokens: &Tokens,
        known: &Known,
        (hasher, attempts, mailing): (&Arc<PasswordHasher>, &Arc<AccountAttempts>, &Mailing),
    ) -> Self {
        let (store, clock, audit) = (&ports.store, &ports.clock, &ports.audit);
        let Known {
            denylist,
            claim_changes,
            service_keys,
        } = known;
        let confirmation =
            PasswordConfirmation::new(hasher.clone(), attempts.clone(), audit.clone());
        let revocations = Revocations::new(
            denylist.clone(),
            claim_changes.clone(),
            audit.clone(),
            clock.clone(),
        );
        let session_admin = SessionAdmin::new(ports.clone(), revocations.clone());
        let sessions = Arc::new(Sessions::new(
            ports.clone(),
            tokens.clone(),
            revocations.clone(),
            settings.sessions,
        ));
        Self {
            sign_in: Data::new(SignIn::new(
                ports.clone(),
                hasher.clone(),
                attempts.clone(),
                sessions.clone(),
                tokens.device.clone(),
                revocations.clone(),
                (mailing.clone(), sign_in_rules(settings)),
            )),
            users: Data::new(Users::new(
                ports.clone(),
                hasher.clone(),
                confirmation,
                revocations,
                mailing.clone(),
                settings.accounts.rules,
            )),
            sessions: Data::from(sessions),
            session_admin: Data::new(session_admin),
            service_keys: Data::new(ServiceKeys::new(ports.clone(), service_keys.clone())),
            history: Data::new(History::new(store.clone())),
            readiness: Data::new(Readiness::new(ports.clone())),
            limits: Data::new(Limits::new(&settings.limits, clock)),
            access_tokens: Data::from(tokens.access.clone()),
            device_tokens: Data::from(tokens.device.clone()),
            denylist: Data::from(denylist.clone()),
            claim_changes: Data::from(claim_changes.clone()),
            revocation_list: Data::new(RevocationListPublisher::new(
                tokens.access.clone(),
                denylist.clone(),
            )),
            clock: Data::new(clock.clone()),
        }
    }

    fn register(&self, config: &mut ServiceConfig) {
        config
            .app_data(self.sign_in.clone())
            .app_data(self.sessions.clone())
            .app_data(self.session_admin.clone())
            .app_data(self.users.clone())
            .app_data(self.service_keys.clone())
            .app_data(self.history.clone())
            .app_data(self.readiness.clone())
            .app_data(self.limits.clone())
            .app_data(self.access_tokens.clone())
            .app_data(self.device_tokens.clone())
            .app_data(self.denylist.clone())
            .app_data(self.claim_changes.clone())
            .app_data(self.revocation_list.clone())
            .app_data(self.clock.clone());
    }
}

impl Translation {
    fn new(settings: &Settings, ports: &Ports) -> Self {
        let http: &Http = &settings.http;
        let cookies = Cookies::new(http);
        let proxies = Data::new(TrustedProxies::new(http));
        Self {
            edge: Data::new(Edge::new(
                http,
                ports.audit.metrics(),
                RequestIds::new(&*ports.entropy),
                proxies.clone(),
            )),
            document: Data::new(openapi::document_with(&cookies)),
            cookies: Data::new(cookies),
            hosted_pages: Data::new(HostedPages::new(
                &settings.accounts,
                &settings.brand,
                &http.public_url,
            )),
            forwarded_headers: Data::new(ForwardedHeaders {
                claims: http.verify_claims.clone(),
                token_ttl: http.forwarded_token_ttl,
            }),
            jwks_max_age: Data::new(JwksMaxAge::new(settings.keys.rules.publish_ahead)),
            public_url: Data::new(http.public_url.clone()),
            return_urls: Data::new(ReturnUrls::new(http)),
            sites: Data::new(http.sites.clone()),
            entropy: Data::new(ports.entropy.clone()),
            serialized_list: Data::new(SerializedList::default()),
            trusted_issuers: Data::new(TrustedIssuers::new(http)),
            trusted_proxies: proxies,
        }
    }

    fn register(&self, config: &mut ServiceConfig) {
        config
            .app_data(self.edge.clone())
            .app_data(self.cookies.clone())
            .app_data(self.document.clone())
            .app_data(self.hosted_pages.clone())
            .app_data(self.forwarded_headers.clone())
            .app_data(self.jwks_max_age.clone())
            .app_data(self.public_url.clone())
            .app_data(self.return_urls.clone())
            .app_data(self.sites.clone())
            .app_data(self.entropy.clone())
            .app_data(self.serialized_list.clone())
            .app_data(self.trusted_issuers.clone())
            .app_data(self.trusted_proxies.clone());
    }
}
