//! The login throttle: guesses at an account are bounded, and strangers do not lock out a device
//! that has logged in before.
//!
//! A guess is charged to counters before the password is looked at. Which ones depends on who asks:
//! a device that has logged in before (it has a [`DeviceMark`]), a familiar network, or a stranger.
//! The rule is a pure function, without I/O, clock or randomness; `decide.rs` has its table.
//!
//! [`LoginThrottle`] are the settings, [`Throttle`] asks the rule and the store.

mod attempt;
mod decide;
mod driver;
mod error;
mod fold;
mod keys;
mod lanes;
mod mark;
mod places;
mod question;
mod rule;
mod seen;
mod settings;
mod settle;
mod siege;

pub use crate::familiarity::Familiarity;
pub use attempt::Attempt;
pub use driver::{Caller, Throttle};
pub use error::{AttemptError, NameTag, Throttled, ThrottledBy};
pub use lanes::Budgets;
pub use mark::DeviceMark;
pub use settings::LoginThrottle;
