//! [`LoginThrottle`] are the settings of the throttle.

use std::time::Duration;

use super::fold::fold;
use super::lanes::{Budgets, DAY, network};
use crate::edge::Network;
use crate::error::{ConfigError, Problems};
use crate::store::Lane;

/// The settings of the login throttle. The default is on.
///
/// | setting | default |
/// |---|---|
/// | [`off`](Self::off) | on |
/// | [`strangers_per_day`](Self::strangers_per_day) | 144, and 80 at once |
/// | [`network`](Self::network) | 300, 100 of them at once, then one in 3 minutes |
/// | [`network_for`](Self::network_for) | |
/// | [`count_as`](Self::count_as) | lower-case letters and digits, without accents |
/// | [`without_siege`](Self::without_siege) | with |
/// | [`slots`](Self::slots) | 20 bits |
/// | [`mark_lifetime`](Self::mark_lifetime) | 365 days |
///
/// Wrong settings are found when the throttle is built, all of them.
///
/// ```
/// use std::time::Duration;
/// use tower_bearer::Secret;
/// use tower_bearer::throttle::{LoginThrottle, Throttle};
///
/// let settings = LoginThrottle::default()
///     .strangers_per_day(100)
///     // The whole office has one address.
///     .network_for("203.0.113.7", 2_000, Duration::from_secs(30));
/// assert!(Throttle::new(settings, &Secret::random()?).is_ok());
///
/// let error = Throttle::new(LoginThrottle::default().slots(40), &Secret::random()?).unwrap_err();
/// assert!(error.to_string().contains("12 to 28"));
/// # Ok::<(), tower_bearer::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct LoginThrottle {
    pub(super) is_on: bool,
    pub(super) budgets: Budgets,
    pub(super) networks: Vec<NamedNetwork>,
    pub(super) count_as: fn(&str) -> String,
    pub(super) slot_bits: u8,
    pub(super) mark_lifetime: Duration,
    pub(super) problems: Problems,
}

/// A network that has lanes of its own.
#[derive(Clone, Debug)]
pub(super) struct NamedNetwork {
    pub(super) network: Network,
    /// Those of each of its addresses, and of each of its blocks.
    pub(super) lanes: (Lane, Lane),
}

impl Default for LoginThrottle {
    fn default() -> Self {
        Self {
            is_on: true,
            budgets: Budgets::default(),
            networks: Vec::new(),
            count_as: fold,
            slot_bits: 20,
            mark_lifetime: 365 * DAY,
            problems: Problems::default(),
        }
    }
}

impl LoginThrottle {
    /// Switches the throttle off: passwords can be guessed as fast as they are checked. It is for
    /// applications that something in front of them throttles, by account.
    pub fn off() -> Self {
        Self {
            is_on: false,
            ..Self::default()
        }
    }

    /// Sets how many guesses at one name all unfamiliar networks have in a day, together: 10 to
    /// 10,000. The ratio of what they have at once, and of those that have to wait, stays.
    pub fn strangers_per_day(mut self, n: u32) -> Self {
        self.check((10..=10_000).contains(&n), || {
            format!("strangers_per_day is {n}: write 10 to 10000; the default is 144")
        });
        self.budgets.set_strangers_per_day(n);
        self
    }

    /// Sets how many wrong passwords, at any names, one network may send: `n` (1 to 1,000,000),
    /// then one in each `per` (1 s to 1 day). Of the `n`, 100 may come at once, and then one in
    /// each second. A right password counts until it has been judged, so that at most 100 logins of
    /// a network are under way at the same moment. A /24, or a /48 of IPv6, has four times as much.
    /// Known devices are not counted here: each has five at once for its one name, and one account
    /// may have any number of them. `Passwords` (feature `argon2`) bounds how many are worked on.
    pub fn network(mut self, n: u32, per: Duration) -> Self {
        self.check_network("network", n, per);
        self.budgets.set_network(n, per);
        self
    }

    /// Sets [`network`](Self::network) for the addresses of a network that many people share, such
    /// as an office or a carrier's gateway: `203.0.113.7`, `2001:db8::/32`. It counts in a siege
    /// too. Of several that contain an address, the last counts.
    pub fn network_for(mut self, of: &str, n: u32, per: Duration) -> Self {
        self.check_network("network_for", n, per);
        let parsed = of.parse::<Network>().map_err(|_| {
            ConfigError::new(format!(
                "network_for has {of:?}: write an IP address, or a network without bits behind its \
                 prefix, such as 203.0.113.0/24"
            ))
        });
        if let Some(parsed) = self.problems.note(parsed) {
            self.networks.push(NamedNetwork {
                network: parsed,
                lanes: network(n, per),
            });
        }
        self
    }

    /// Sets which typed names mean one account: names with the same result share their counters.
    /// The default is the lower-case letters and digits of the name, without accents, in whichever
    /// form of Unicode they are typed.
    ///
    /// Letters with a stroke and ligatures, such as `ø` and `æ`, are letters of their own, even
    /// where a database takes them for `o` and `ae`.
    ///
    /// Where the application finds accounts more loosely, such as by customer number *or* with its
    /// prefix, an attacker has a budget for each spelling unless this function knows it. It
    /// replaces the default.
    ///
    /// ```
    /// use tower_bearer::throttle::LoginThrottle;
    ///
    /// // `4711`, `DE-4711` and `de 4711` are one customer.
    /// let throttle = LoginThrottle::default()
    ///     .count_as(|name| name.chars().filter(char::is_ascii_digit).collect());
    /// ```
    ///
    /// Names for which it returns the same text share one budget. That may be an empty text.
    ///
    /// A [device mark](super::DeviceMark) is for the name as it was typed, whatever this says.
    pub fn count_as(mut self, fold: fn(&str) -> String) -> Self {
        self.count_as = fold;
        self
    }

    /// Never tells strangers to wait because many networks guess at many accounts.
    pub fn without_siege(mut self) -> Self {
        self.budgets.siege = None;
        self
    }

    /// Sets how many rows strangers can make of each kind: 2 to the power of `bits`, 12 to 28.
    /// There are 13 kinds. Accounts and networks that share a row share its budget.
    pub fn slots(mut self, bits: u8) -> Self {
        let is_right = (12..=28).contains(&bits);
        self.check(is_right, || {
            format!("slots has {bits} bits: write 12 to 28; the default is 20")
        });
        self.slot_bits = if is_right { bits } else { 20 };
        self
    }

    /// Sets how long a device that does not log in stays known: 1 to 400 days, which is as long as
    /// browsers keep a cookie.
    pub fn mark_lifetime(mut self, lifetime: Duration) -> Self {
        self.check((DAY..=400 * DAY).contains(&lifetime), || {
            format!("mark_lifetime is {lifetime:?}: write 1 to 400 days; the default is 365")
        });
        self.mark_lifetime = lifetime;
        self
    }

    /// Replaces the numbers of the rule. Nothing checks them: whether they bound guesses, and lock
    /// no owner out, only a simulation says. The crate's own is in `tests/throttle`.
    pub fn dangerous_budgets(mut self, budgets: Budgets) -> Self {
        self.budgets = budgets;
        self
    }

    fn check_network(&mut self, setting: &str, n: u32, per: Duration) {
        let is_right = (1..=1_000_000).contains(&n) && (DAY / 86_400..=DAY).contains(&per);
        self.check(is_right, || {
            format!(
                "{setting} has {n} at once, then one in {per:?}: write 1 to 1000000, then 1 s to \
                 1 day; the default is 300, then one in 3 minutes"
            )
        });
    }

    fn check(&mut self, is_right: bool, sentence: impl FnOnce() -> String) {
        if !is_right {
            let _ = self.problems.note::<()>(Err(ConfigError::new(sentence())));
        }
    }
}
