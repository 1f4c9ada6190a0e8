//! The helpers that the tests share: services, handmade tokens, accounts and stores that do as
//! they are told, and responses that are read back.

#![allow(
    clippy::must_use_candidate,
    reason = "a test that forgets what a helper returns has asserted nothing, and reads like it"
)]
#![allow(clippy::new_without_default, reason = "`new` is how a test begins")]

mod accounts;
mod app;
pub mod app_server;
mod handmade;
mod in_turn;
pub mod keys;
mod layer;
mod log;
mod login;
mod pause;
mod poll;
mod received;
mod requests;
pub mod servers;
mod signed;
mod store;
mod time;
pub mod wait;

pub use accounts::{Account, Accounts, Question};
pub use app::{App, Scripted, log_in_form};
pub use handmade::{
    AUDIENCE, HEADER, HMAC_KEY, ISSUER, builder, builder_with, claims, claims_of, claims_with,
    segment, sign, sign_hs512, sign_with, token, verifier, verifier_with, with_claim,
    without_issuer,
};
pub use in_turn::InTurn;
pub use layer::{
    SlowUsers, ask, assert_ended, assert_passes, hello, is_ready, log_in, process, refused, send,
    sessions_in, sessions_of, show, signed_with, tickets_of,
};
pub use log::{Log, assert_silent_about};
pub use login::Login;
pub use pause::Pause;
pub use poll::{at_once, settle};
pub use received::{Received, Tokens, names};
pub use requests::{
    bearer, bearer_of, form, json_request, signed_in, with_authorization, with_header,
    without_token,
};
pub use signed::signed_by;
pub use store::{Call, FailingStore, StoreFault, logins};
pub use time::{DAY, HOUR, MILLISECOND, MINUTE, SECOND};
