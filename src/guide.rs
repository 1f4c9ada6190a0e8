//! Guides: one job each, with code that compiles.

#[doc = include_str!("../docs/guide/scopes.md")]
pub mod scopes {}

#[doc = include_str!("../docs/guide/accounts.md")]
pub mod accounts {}

#[doc = include_str!("../docs/guide/refresh.md")]
pub mod refresh {}

#[doc = include_str!("../docs/guide/testing.md")]
pub mod testing {}
