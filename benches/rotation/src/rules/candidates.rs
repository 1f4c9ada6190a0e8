//! [`Candidate`] is a rule with its settings, as a row of the tables.

use std::time::Duration;

use axess_core::session::RefreshTokenConfig;
use session_guard::GuardConfig;
use tower_bearer::SessionPolicy;

use super::documented::auth0::Auth0;
use super::documented::family::{Documented, Session};
use super::documented::hydra::Hydra;
use super::documented::keycloak::{Keycloak, Version};
use super::documented::okta::Okta;
use super::documented::supabase::Supabase;
use super::documented::superseding::Superseding;
use super::documented::supertokens::SuperTokens;
use super::peers::axess::Axess;
use super::peers::oauth_as::OauthAs;
use super::peers::session_guard::SessionGuard;
use super::tower_bearer::TowerBearer;
use crate::honest::Scenario;
use crate::rule::{Rule, SECOND};

pub struct Candidate {
    pub name: &'static str,
    /// Whether the rule's own code runs, or a document is imitated.
    pub is_driven: bool,
    pub keys: Keys,
    /// Where its own documentation says that no honest session is lost.
    pub promises: &'static [Scenario],
    /// Makes the server of one user. The argument says whether a server renders pages for them.
    pub make: fn(bool) -> Box<dyn Rule>,
}

/// Whether clients send an `Idempotency-Key`, and whether a thief copies it with the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    Absent,
    Sent,
    /// A row of the table of thieves alone: honest users are the same as with `Sent`.
    Copied,
}

impl Candidate {
    const fn driven(name: &'static str, make: fn(bool) -> Box<dyn Rule>) -> Self {
        Self {
            name,
            is_driven: true,
            keys: Keys::Absent,
            promises: &[],
            make,
        }
    }

    const fn documented(name: &'static str, make: fn(bool) -> Box<dyn Rule>) -> Self {
        Self {
            name,
            is_driven: false,
            keys: Keys::Absent,
            promises: &[],
            make,
        }
    }
}

pub const ALL: &[Candidate] = &[
    Candidate {
        promises: &[Scenario::Phone, Scenario::Tabs, Scenario::LockedTabs],
        ..Candidate::driven("tower-bearer (default)", |_| ours(30, true))
    },
    Candidate {
        keys: Keys::Sent,
        promises: &[
            Scenario::Phone,
            Scenario::Killed,
            Scenario::Tabs,
            Scenario::LockedTabs,
        ],
        ..Candidate::driven("tower-bearer, clients with a key", |_| ours(30, true))
    },
    Candidate {
        keys: Keys::Copied,
        ..Candidate::driven("tower-bearer, and the thief has the key", |_| {
            ours(30, true)
        })
    },
    Candidate {
        promises: &Scenario::ALL,
        ..Candidate::driven("tower-bearer, without receipts", |_| ours(30, false))
    },
    Candidate::driven("tower-bearer, overlap 0", |_| ours(0, true)),
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
    Candidate::documented("Auth0, overlap 0 (default)", |_| of(Auth0 { overlap: 0 })),
    Candidate::documented("Auth0, overlap 30 s", |_| {
        of(Auth0 {
            overlap: 30 * SECOND,
        })
    }),
    Candidate::documented("Okta, rotation on, grace 30 s", |_| {
        of(Okta { grace: 30 * SECOND })
    }),
    Candidate::documented("Okta, rotation on, grace 60 s", |_| {
        of(Okta { grace: 60 * SECOND })
    }),
    Candidate::documented("Auth0 or Okta, 30 s, strict reading", |_| {
        of(Superseding {
            overlap: 30 * SECOND,
        })
    }),
    Candidate::documented("Supabase, interval 10 s (default)", |_| {
        of(Supabase {
            interval: 10 * SECOND,
        })
    }),
    Candidate::documented("Ory Hydra, no grace (default)", |_| of(Hydra { grace: 0 })),
    Candidate::documented("Ory Hydra, grace 60 s", |_| {
        of(Hydra { grace: 60 * SECOND })
    }),
    Candidate::documented("Keycloak 26.8, rotation on, max reuse 0", |_| {
        of(Keycloak::new(Version::Since26_8, 0))
    }),
    Candidate::documented("Keycloak 26.8, rotation on, max reuse 1", |_| {
        of(Keycloak::new(Version::Since26_8, 1))
    }),
    Candidate::documented("Keycloak 26.7, rotation on, max reuse 0", |_| {
        of(Keycloak::new(Version::Before26_8, 0))
    }),
    Candidate::documented("Keycloak 26.7, rotation on, max reuse 1", |_| {
        of(Keycloak::new(Version::Before26_8, 1))
    }),
    Candidate::documented("SuperTokens", |_| of(SuperTokens::default())),
];

fn ours(overlap: u64, has_receipts: bool) -> Box<dyn Rule> {
    let policy = SessionPolicy::default().with_overlap(Duration::from_secs(overlap));
    let policy = policy.expect("the overlap is below ten minutes");
    Box::new(TowerBearer::new(policy, has_receipts))
}

fn of(rule: impl Documented + 'static) -> Box<dyn Rule> {
    Box::new(Session::new(rule))
}
