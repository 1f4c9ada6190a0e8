//! oauth-as 1.0: an authorization server, strict or with a retry window.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use oauth_as::events::{Event, EventSink};
use oauth_as::pkce::code_challenge_s256;
use oauth_as::server::UserApproval;
use oauth_as::{
    AuthorizationRequest, AuthorizationServer, Client, ClientAuth, ClientId, Clock, GrantType,
    MemoryStorage, ScopeSet, ServerConfig, TokenRequest, TokenResponse,
};

use super::wait::wait;
use crate::rule::{Millis, Reply, Rule, Tokens};

const APP: &str = "app";
const REDIRECT: &str = "https://app.example/callback";
const VERIFIER: &str = "a-verifier-of-at-least-forty-three-characters-0";

pub struct OauthAs {
    server: AuthorizationServer<MemoryStorage, HandClock>,
    clock: HandClock,
    is_noticed: Arc<AtomicBool>,
}

impl OauthAs {
    /// The window is zero by default. Its README proposes 30 seconds.
    pub fn new(retry_window: Duration) -> Self {
        let mut config = ServerConfig::new("https://as.example", "https://as.example/device");
        config.refresh_retry_window = retry_window;
        let clock = HandClock::default();
        let is_noticed = Arc::new(AtomicBool::new(false));
        let server = AuthorizationServer::with_clock(config, MemoryStorage::new(), clock.clone())
            .with_event_sink(Box::new(Alarm(is_noticed.clone())));
        wait(server.register_client(client())).expect("the storage is in memory");
        Self {
            server,
            clock,
            is_noticed,
        }
    }
}

impl Rule for OauthAs {
    fn log_in(&mut self, now: Millis) -> Tokens {
        self.clock.0.store(now, Ordering::Relaxed);
        self.is_noticed.store(false, Ordering::Relaxed);
        let challenge = code_challenge_s256(VERIFIER);
        let request = AuthorizationRequest::from_pairs([
            ("response_type", "code"),
            ("client_id", APP),
            ("redirect_uri", REDIRECT),
            ("scope", "read"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        wait(async {
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
            tokens(self.server.token(request).await.expect("the code is new"))
        })
    }

    fn refresh(&mut self, refresh: &str, _: Option<u64>, now: Millis) -> Reply {
        self.clock.0.store(now, Ordering::Relaxed);
        let request = TokenRequest::RefreshToken {
            client_id: ClientId::new(APP),
            client_secret: None,
            refresh_token: refresh.to_owned(),
            scope: None,
        };
        match wait(self.server.token(request)) {
            Ok(response) => Reply::Tokens(tokens(response)),
            Err(_) if self.is_noticed.load(Ordering::Relaxed) => Reply::Ended,
            Err(_) => Reply::Rejected,
        }
    }

    fn accept(&mut self, access: &str, now: Millis) {
        self.clock.0.store(now, Ordering::Relaxed);
        wait(self.server.introspect(access)).expect("the storage is in memory");
    }
}

fn client() -> Client {
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

fn tokens(response: TokenResponse) -> Tokens {
    Tokens {
        access: response.access_token,
        refresh: response.refresh_token.expect("the client may refresh"),
    }
}

/// Hears that a used refresh token was presented.
struct Alarm(Arc<AtomicBool>);

impl EventSink for Alarm {
    fn on_event(&self, event: Event<'_>) {
        if matches!(event, Event::RefreshTokenReuseDetected { .. }) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

/// Milliseconds since the simulation began.
#[derive(Clone, Default)]
struct HandClock(Arc<AtomicU64>);

impl Clock for HandClock {
    fn now(&self) -> SystemTime {
        // The epoch itself is before every token.
        let year = Duration::from_secs(365 * 24 * 3600);
        SystemTime::UNIX_EPOCH + 56 * year + Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
}
