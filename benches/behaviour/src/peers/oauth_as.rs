//! oauth-as: an authorization server, with opaque access tokens that are introspected.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use oauth_as::events::{Event, EventSink};
use oauth_as::pkce::code_challenge_s256;
use oauth_as::server::UserApproval;
use oauth_as::{
    AuthorizationRequest, AuthorizationServer, Client, ClientAuth, ClientId, Clock, ErrorCode,
    GrantType, MemoryStorage, ScopeSet, ServerConfig, TokenRequest, TokenResponse,
};

use crate::peer::{Peer, Received, Sender, Tokens};

const APP: &str = "app";
const REDIRECT: &str = "https://app.example/callback";
const VERIFIER: &str = "a-verifier-of-at-least-forty-three-characters-0";

pub struct OauthAs {
    server: AuthorizationServer<MemoryStorage, HandClock>,
    clock: HandClock,
    noticed: Arc<AtomicBool>,
}

impl OauthAs {
    /// With its defaults.
    pub fn new() -> Self {
        Self::with(config())
    }

    /// With the retry window that its README proposes.
    pub fn with_retry_window() -> Self {
        let mut config = config();
        config.refresh_retry_window = Duration::from_secs(30);
        Self::with(config)
    }

    fn with(config: ServerConfig) -> Self {
        let clock = HandClock(Arc::new(Mutex::new(SystemTime::now())));
        let noticed = Arc::new(AtomicBool::new(false));
        let server = AuthorizationServer::with_clock(config, MemoryStorage::new(), clock.clone())
            .with_event_sink(Box::new(Alarm(noticed.clone())));
        Self {
            server,
            clock,
            noticed,
        }
    }
}

fn config() -> ServerConfig {
    ServerConfig::new("https://as.example", "https://as.example/device")
}

impl Peer for OauthAs {
    const COOKIE: bool = false;

    async fn log_in(&self) -> Tokens {
        let registered = self.server.register_client(public_client()).await;
        registered.expect("the storage is in memory");
        let challenge = code_challenge_s256(VERIFIER);
        let request = AuthorizationRequest::from_pairs([
            ("response_type", "code"),
            ("client_id", APP),
            ("redirect_uri", REDIRECT),
            ("scope", "read"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        let valid = self.server.validate_authorization_request(&request).await;
        let valid = valid.expect("the request is that of the client");
        let approval = UserApproval::granted(&valid, "alice");
        let code = self.server.issue_authorization_code(approval).await;
        let request = TokenRequest::AuthorizationCode {
            client_id: ClientId::new(APP),
            client_secret: None,
            code: code.expect("the user has agreed").code,
            redirect_uri: Some(REDIRECT.into()),
            code_verifier: Some(VERIFIER.into()),
        };
        pair(self.server.token(request).await.expect("the code is new"))
    }

    async fn refresh(&self, tokens: &Tokens, _: Sender) -> Received {
        let request = TokenRequest::RefreshToken {
            client_id: ClientId::new(APP),
            client_secret: None,
            refresh_token: tokens.refresh.clone(),
            scope: None,
        };
        match self.server.token(request).await {
            Ok(tokens) => Received::Tokens(pair(tokens)),
            Err(error) => {
                assert_eq!(error.error, ErrorCode::InvalidGrant);
                Received::Denied
            }
        }
    }

    async fn check(&self, access: &str, _: Sender) -> bool {
        let token = self.server.introspect(access).await;
        token.expect("the storage is in memory").is_some()
    }

    async fn log_out(&self, tokens: &Tokens) {
        let client = ClientId::new(APP);
        let revoked = self.server.revoke(&client, None, &tokens.refresh, None);
        revoked.await.expect("the storage is in memory");
    }

    fn advance(&self, by: Duration) {
        *self.clock.0.lock().unwrap() += by;
    }

    fn has_noticed(&self) -> bool {
        self.noticed.load(Ordering::Relaxed)
    }
}

fn public_client() -> Client {
    let scope = || ScopeSet::parse("read").expect("a scope");
    Client {
        client_id: ClientId::new(APP),
        auth: ClientAuth::Public,
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        redirect_uris: vec![REDIRECT.into()],
        allowed_scopes: scope(),
        default_scopes: scope(),
        name: None,
        registration: None,
    }
}

fn pair(tokens: TokenResponse) -> Tokens {
    Tokens {
        access: tokens.access_token,
        refresh: tokens.refresh_token.expect("the client may refresh"),
    }
}

/// Says that a used refresh token was presented.
struct Alarm(Arc<AtomicBool>);

impl EventSink for Alarm {
    fn on_event(&self, event: Event<'_>) {
        if matches!(event, Event::RefreshTokenReuseDetected { .. }) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

#[derive(Clone)]
struct HandClock(Arc<Mutex<SystemTime>>);

impl Clock for HandClock {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap()
    }
}
