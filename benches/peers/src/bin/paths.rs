//! Walks each named path a number of times, for Callgrind: `.ci/speed` reads its counts.
//!
//! ```sh
//! valgrind --tool=callgrind --toggle-collect='peers::measured*' \
//!     --dump-after='peers::measured*' target/release/paths
//! ```
//!
//! It prints `name requests` for each path, in the order of Callgrind's dumps. With arguments it
//! walks only the paths with these names.

use http::{HeaderValue, StatusCode};
use peers::kind::Kind;
use peers::measured;
use peers::peers::sessions::{Site, another_user, log_in, refresh_token};
use peers::peers::{hand_written, ours};
use peers::side::{Body, Side, request, requests};
use peers::tokens::Mint;
use tower_bearer::Sessions;

/// How often each path is walked.
const COUNT: usize = 64;

fn main() {
    let runtime = peers::runtime();
    let _inside = runtime.enter();
    let paths = Paths(std::env::args().skip(1).collect());

    let mut mint = Mint::new(Kind::Hs256);
    let tokens = Tokens::of_issuer(&mut mint);
    paths.of_layer(
        "hand_written",
        &mut *hand_written::side(Kind::Hs256),
        tokens,
    );
    let tokens = Tokens::of_issuer(&mut mint);
    paths.of_layer("bare", &mut *ours::side(Kind::Hs256), tokens);
    let site = Site::new(Kind::Hs256);
    paths.of_layer("sessions", &mut *site.side(), Tokens::of_sessions(&site));
    paths.of_sessions(&site.sessions);
}

/// The tokens of one layer. It gets one half before it is measured with the other.
struct Tokens {
    valid: Vec<HeaderValue>,
    forged: Vec<HeaderValue>,
    expired: Vec<HeaderValue>,
}

impl Tokens {
    fn of_issuer(mint: &mut Mint) -> Self {
        Self {
            valid: mint.valid(2 * COUNT),
            forged: mint.forged(2 * COUNT),
            expired: mint.expired(2 * COUNT),
        }
    }

    fn of_sessions(site: &Site) -> Self {
        Self {
            valid: site.valid(2 * COUNT),
            forged: site.forged(2 * COUNT),
            expired: site.expired(2 * COUNT),
        }
    }
}

/// The names of the paths that are wanted: all, if there are none.
struct Paths(Vec<String>);

impl Paths {
    fn of_layer(&self, layer: &str, side: &mut dyn Side, tokens: Tokens) {
        let mut walk = |path: &str, tokens: &[HeaderValue], status| {
            let (before, now) = tokens.split_at(tokens.len() - COUNT);
            self.walk(&format!("{path}_{layer}"), || {
                call(side, requests(before, before.len()), status);
                measured::requests(side, requests(now, COUNT), status);
            });
        };
        walk("fresh", &tokens.valid, StatusCode::OK);
        // A token is kept when it comes for the second time.
        let seen = [&tokens.valid[..COUNT]; 3].concat();
        walk("seen", &seen, StatusCode::OK);
        walk("forged", &tokens.forged, StatusCode::UNAUTHORIZED);
        walk("expired", &tokens.expired, StatusCode::UNAUTHORIZED);
        self.walk(&format!("missing_{layer}"), || {
            let missing = || (0..COUNT).map(|_| request(None)).collect();
            call(side, missing(), StatusCode::UNAUTHORIZED);
            measured::requests(side, missing(), StatusCode::UNAUTHORIZED);
        });
    }

    fn of_sessions(&self, sessions: &Sessions) {
        self.walk("login", || {
            log_in(sessions);
            let users = (0..COUNT).map(|_| another_user()).collect();
            measured::logins(sessions, users);
        });
        self.walk("refresh", || {
            let tokens = (0..COUNT).map(|_| refresh_token(&log_in(sessions)));
            measured::refreshes(sessions, tokens.collect());
        });
    }

    fn walk(&self, name: &str, path: impl FnOnce()) {
        if self.0.is_empty() || self.0.iter().any(|wanted| wanted == name) {
            path();
            println!("{name} {COUNT}");
        }
    }
}

/// Calls a side without being measured.
fn call(side: &mut dyn Side, requests: Vec<http::Request<Body>>, status: StatusCode) {
    for request in requests {
        assert_eq!(side.call(request), status);
    }
}
