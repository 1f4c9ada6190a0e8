//! [`Scenario`] says which clients an honest user has.

use super::{phone, rendering, tabs};
use crate::dice::User;
use crate::network::Network;
use crate::rule::Rule;

/// The number of a scenario is a part of the seed (`measure.rs`), so it must not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// One client in flaky networks, which sleeps while it waits.
    Phone = 0,
    /// Tabs that share their tokens, without a lock.
    Tabs = 1,
    /// Tabs of which one refreshes at a time.
    LockedTabs = 2,
    /// Servers that render parts of a page at once, each with the browser's cookie.
    Rendering = 3,
    /// Tabs without a lock in a network that breaks what this crate's rule asks for: messages take
    /// longer than the overlap.
    Slow = 4,
    /// A phone whose app is killed now and then, after it has used the new access token and before
    /// it has stored the new refresh token.
    Killed = 5,
}

/// What a rule asks of its clients.
#[derive(Clone, Copy, Debug)]
pub struct Clients {
    pub send_keys: bool,
}

impl Clients {
    /// Returns the key that this client of a user sends with the token of this number, each time
    /// that it sends it.
    pub fn key(self, client: u64, token: u64) -> Option<u64> {
        self.send_keys.then_some(client << 32 | token)
    }
}

impl Scenario {
    pub const ALL: [Self; 6] = [
        Self::Phone,
        Self::Killed,
        Self::Tabs,
        Self::LockedTabs,
        Self::Rendering,
        Self::Slow,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Tabs => "tabs",
            Self::LockedTabs => "tabs with a lock",
            Self::Rendering => "rendering",
            Self::Slow => "slow tabs",
            Self::Killed => "killed app",
        }
    }

    pub fn has_rendering_servers(self) -> bool {
        self == Self::Rendering
    }

    /// Lets thirty days pass, and returns how often the user had to log in again.
    pub fn run(self, rule: &mut dyn Rule, clients: Clients, user: User) -> u32 {
        let mut in_tabs = |has_lock, network| {
            let kind = tabs::Kind { has_lock, network };
            tabs::run(rule, clients, kind, user)
        };
        match self {
            Self::Phone => phone::run(rule, clients, 0.0, user),
            Self::Killed => phone::run(rule, clients, phone::KILLED, user),
            Self::Tabs => in_tabs(false, Network::Usual),
            Self::LockedTabs => in_tabs(true, Network::Usual),
            Self::Slow => in_tabs(false, Network::Slow),
            Self::Rendering => rendering::run(rule, user),
        }
    }
}
