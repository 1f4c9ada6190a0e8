//! Rules of services, as their documents describe them. Where a document leaves something open,
//! the reading is chosen that keeps more honest sessions. The documents were read on 2026-11-29, in
//! stored copies: docs/rotation.md says in which versions.

pub mod auth0;
pub mod family;
pub mod hydra;
pub mod keycloak;
pub mod okta;
pub mod supabase;
pub mod superseding;
pub mod supertokens;
