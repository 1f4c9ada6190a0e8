//! Rules of other crates, which are driven.

use std::time::Duration;

use axess_core::session::RefreshTokenConfig;
use session_guard::GuardConfig;

use super::candidate::Candidate;
use crate::rules::peers::axess::Axess;
use crate::rules::peers::oauth_as::OauthAs;
use crate::rules::peers::session_guard::SessionGuard;

pub(super) const PEERS: &[Candidate] = &[
    Candidate::driven("oauth-as 1.0 (default)", |_| {
        Box::new(OauthAs::new(Duration::ZERO))
    }),
    Candidate::driven("oauth-as 1.0, retry window 30 s", |_| {
        Box::new(OauthAs::new(Duration::from_secs(30)))
    }),
    Candidate::driven("axess 0.14 (default)", |_| {
        Box::new(Axess::new(RefreshTokenConfig::default()))
    }),
    Candidate::driven("axess 0.14, reuse grace 10 s", |_| {
        Box::new(Axess::new(RefreshTokenConfig {
            reuse_grace: chrono::Duration::seconds(10),
            ..RefreshTokenConfig::default()
        }))
    }),
    Candidate::driven("session-guard 0.3 (default)", |renders| {
        Box::new(SessionGuard::new(GuardConfig::default(), renders))
    }),
];
