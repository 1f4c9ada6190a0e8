//! The rule of rotation, through the sessions: the owner, a thief, and time.

#![no_main]

use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{Request, Response};
use libfuzzer_sys::fuzz_target;
use tower::{Layer, ServiceExt, service_fn};
use tower_bearer::clock::{Clock, Timestamp};
use tower_bearer::keys::RefreshToken;
use tower_bearer::session::{Refresh, SessionErrorKind};
use tower_bearer::test_util::TestTokens;
use tower_bearer::{Identity, Sessions, TokenResponse};
use tower_bearer_fuzz::{Body, Reply, block_on, sessions};

fuzz_target!(|steps: &[u8]| {
    let mut world = World::new();
    for step in steps.iter().take(200) {
        let argument = usize::from(step >> 3);
        match step & 7 {
            0 | 1 => world.tokens.clock().advance(TIMES[argument % TIMES.len()]),
            2 => world.owner_refreshes(argument, true),
            3 => world.owner_refreshes(argument, false),
            4 => world.owner_calls(),
            5 => world.thief = Some(world.owner),
            6 => world.thief_refreshes(),
            _ if argument == 31 => world.log_out(),
            _ => world.presents_old(argument),
        }
    }
});

struct World {
    tokens: TestTokens,
    sessions: Sessions,
    /// The refresh token of each generation, and when it was first issued.
    issued: Vec<(String, Timestamp)>,
    /// The generation that the owner holds, and their newest access token.
    owner: usize,
    access: String,
    thief: Option<usize>,
    /// Whether anybody but the owner has presented a token.
    is_attacked: bool,
    /// How many generations in a row had an answer that the owner has lost.
    lost: usize,
    /// The generation whose use the store knows of, and since when.
    confirmed: Option<(usize, Timestamp)>,
    began: Timestamp,
    /// When a refresh was last answered.
    answered: Timestamp,
    /// Whether the session was ended.
    is_over: bool,
}

impl World {
    fn new() -> Self {
        let tokens = TestTokens::new();
        let sessions = sessions(&tokens).build().expect("the settings are right");
        let begun = block_on(sessions.start(Identity::new("alice"))).expect("a session");
        let now = tokens.clock().now();
        let mut world = Self {
            tokens,
            sessions,
            issued: Vec::new(),
            owner: 0,
            access: begun.access_token().secret().to_owned(),
            thief: None,
            is_attacked: false,
            lost: 0,
            confirmed: None,
            began: now,
            answered: now,
            is_over: false,
        };
        world.issued.push((refresh_token(&begun), now));
        world
    }

    fn owner_refreshes(&mut self, argument: usize, arrives: bool) {
        let presented = self.owner;
        let may_fail = self.may_be_over() || self.is_attacked || self.lost >= 8;
        let answer = self.present(
            presented,
            (argument & 1 == 1).then_some("the key of a retry"),
        );
        let Some((generation, tokens)) = answer else {
            assert!(
                may_fail,
                "an honest client is refused, {} answers lost",
                self.lost
            );
            return;
        };
        if arrives {
            // An answer that came at once sets the count back.
            self.lost = if generation > presented && self.issued[generation].1 == self.now() {
                0
            } else {
                self.lost
            };
            self.owner = generation;
            self.access = tokens.access_token().secret().to_owned();
        } else if generation > presented && self.issued[generation].1 == self.now() {
            self.lost += 1;
        }
    }

    fn thief_refreshes(&mut self) {
        let Some(presented) = self.thief else {
            return;
        };
        self.is_attacked = true;
        if let Some((generation, _)) = self.present(presented, None) {
            self.thief = Some(generation);
        }
    }

    /// Presents a token of any generation, as a thief does.
    fn presents_old(&mut self, argument: usize) {
        self.is_attacked = true;
        self.present(argument % self.issued.len(), None);
    }

    /// Presents the token of a generation. Returns that of the answer.
    fn present(&mut self, presented: usize, key: Option<&str>) -> Option<(usize, TokenResponse)> {
        let (now, newest) = (self.now(), self.issued.len() - 1);
        let mut refresh = Refresh::new(RefreshToken::new(self.issued[presented].0.clone()));
        if let Some(key) = key {
            refresh = refresh.with_idempotency_key(key).expect("a short key");
        }
        // Two generations old is a copy, and so is a token whose successor is in use.
        let is_outdone = key.is_none()
            && presented + 1 == newest
            && self
                .confirmed
                .is_some_and(|(of, since)| of == newest && now > since + OVERLAP);
        let is_copy = presented + 1 < newest || is_outdone;
        let was_over = self.may_be_over();
        match block_on(self.sessions.refresh(refresh)) {
            Ok(tokens) => {
                assert!(!self.is_over, "a session that was ended goes on");
                assert!(!is_copy, "{presented} is a copy, and {newest} the newest");
                assert!(tokens.access_token_expires_at() <= tokens.session_expires_at());
                assert!(
                    now < self.began + ABSOLUTE,
                    "a session outlives its lifetime"
                );
                self.answered = now;
                let text = refresh_token(&tokens);
                let generation = self.generation(text, presented);
                Some((generation, tokens))
            }
            Err(error) => {
                match error.kind() {
                    SessionErrorKind::RefreshTokenReused => {
                        assert!(presented < newest, "the newest token is taken for a copy");
                        assert!(!self.is_over, "a session ends once");
                        self.is_over = true;
                    }
                    SessionErrorKind::SessionRevoked => assert!(self.is_over),
                    SessionErrorKind::SessionExpired => assert!(was_over, "it has time left"),
                    other => panic!("{other:?}: {error}"),
                }
                None
            }
        }
    }

    /// Returns the generation of a token that was presented a moment ago, or is its successor.
    fn generation(&mut self, text: String, presented: usize) -> usize {
        let (now, newest) = (self.now(), self.issued.len() - 1);
        if let Some(known) = self.issued.iter().rposition(|(known, _)| *known == text) {
            assert_eq!(
                known, newest,
                "the answer to {presented} is not the newest token"
            );
            return known;
        }
        assert_eq!(presented, newest, "an old token makes a generation");
        let age = now.saturating_since(self.issued[newest].1);
        assert!(
            newest == 0 || age >= OVERLAP,
            "two rotations within an overlap"
        );
        self.issued.push((text, now));
        newest + 1
    }

    /// The owner calls the application, which is a receipt for their newest token.
    fn owner_calls(&mut self) {
        let request = Request::get("/").header(AUTHORIZATION, format!("Bearer {}", self.access));
        let handler = service_fn(async |_: Request<Body>| Ok(Response::new(Body::default())));
        let service = self.sessions.layer().layer(handler);
        let request = request.body(Body::default()).expect("a request");
        let reply = Reply::read(service.oneshot(request));
        if reply.status != 200 {
            reply.assert_refusal(&[]);
            return;
        }
        assert!(
            !self.is_over,
            "an access token of a session that was ended passes"
        );
        block_on(self.sessions.flush()).expect("memory does not fail");
        let is_known = self.confirmed.is_some_and(|(of, _)| of == self.owner);
        if !is_known && self.owner > 0 {
            self.confirmed = Some((self.owner, self.now()));
        }
    }

    fn log_out(&mut self) {
        let token = self.issued[self.owner].0.clone();
        let ended = block_on(self.sessions.log_out(&token)).expect("memory does not fail");
        assert!(ended.any() || self.is_over);
        self.is_over = true;
    }

    /// Whether the session was ended, or may have expired.
    fn may_be_over(&self) -> bool {
        let now = self.now();
        self.is_over || now >= self.answered + (IDLE - OVERLAP) || now >= self.began + ABSOLUTE
    }

    fn now(&self) -> Timestamp {
        self.tokens.clock().now()
    }
}

fn refresh_token(tokens: &TokenResponse) -> String {
    let token = tokens.refresh_token().expect("nobody has taken it out");
    token.secret().to_owned()
}

const OVERLAP: Duration = Duration::from_secs(30);
const IDLE: Duration = Duration::from_secs(7 * 24 * 3600);
const ABSOLUTE: Duration = Duration::from_secs(90 * 24 * 3600);
const TIMES: [Duration; 16] = [
    Duration::from_millis(1),
    Duration::from_millis(100),
    Duration::from_millis(249),
    Duration::from_millis(250),
    Duration::from_secs(1),
    Duration::from_secs(14),
    Duration::from_millis(29_999),
    Duration::from_secs(30),
    Duration::from_millis(30_001),
    Duration::from_secs(61),
    Duration::from_secs(1_799),
    Duration::from_secs(3_600),
    Duration::from_secs(24 * 3_600),
    Duration::from_secs(6 * 24 * 3_600),
    Duration::from_secs(7 * 24 * 3_600),
    Duration::from_secs(10),
];
