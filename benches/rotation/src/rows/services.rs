//! Rules of services, as their documents describe them.

use super::candidate::Candidate;
use crate::rule::{Rule, SECOND};
use crate::rules::documented::auth0::Auth0;
use crate::rules::documented::family::{Documented, Session};
use crate::rules::documented::hydra::Hydra;
use crate::rules::documented::keycloak::{Keycloak, Version};
use crate::rules::documented::okta::Okta;
use crate::rules::documented::supabase::Supabase;
use crate::rules::documented::superseding::Superseding;
use crate::rules::documented::supertokens::SuperTokens;

pub(super) const SERVICES: &[Candidate] = &[
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
    Candidate::documented("Keycloak 26.7, rotation on, max reuse 1", |_| {
        of(Keycloak::new(Version::Before26_8, 1))
    }),
    Candidate::documented("SuperTokens", |_| of(SuperTokens::default())),
];

fn of(rule: impl Documented + 'static) -> Box<dyn Rule> {
    Box::new(Session::new(rule))
}
