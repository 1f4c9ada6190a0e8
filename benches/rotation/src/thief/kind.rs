//! [`Thief`] says when a thief presents what they copied.

use crate::dice::Dice;
use crate::rule::{DAY, FRESH, HOUR, MINUTE, Millis, SECOND};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thief {
    /// Waits for hours or days, then refreshes whenever the access token is about to expire.
    Late,
    /// Refreshes at once, mostly before the owner, uses the access tokens, and goes on.
    First,
    /// Refreshes once before each refresh of the owner, and never uses an access token.
    Silent,
    /// Presents the copy some seconds after the owner's next refresh, and goes on alone.
    Branch,
    /// Presents their token some seconds after each refresh of the owner, and at no other time.
    Shadow,
    /// Presents the copy some minutes after the owner's next refresh, and goes on alone.
    Replay,
}

impl Thief {
    pub const ALL: [Self; 6] = [
        Self::Late,
        Self::First,
        Self::Silent,
        Self::Branch,
        Self::Shadow,
        Self::Replay,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::First => "first",
            Self::Silent => "silent",
            Self::Branch => "branch",
            Self::Shadow => "shadow",
            Self::Replay => "replay",
        }
    }

    /// How long the thief waits after the theft.
    pub(super) fn after_theft(self, dice: &mut Dice) -> Option<Millis> {
        match self {
            Self::Late => Some(dice.between(HOUR, 3 * DAY)),
            Self::First | Self::Silent => Some(dice.between(SECOND, MINUTE)),
            Self::Branch | Self::Shadow | Self::Replay => None,
        }
    }

    /// How long the thief waits after a refresh of the owner.
    pub(super) fn after_owner(self, has_begun: bool, dice: &mut Dice) -> Option<Millis> {
        match self {
            Self::Late | Self::First => None,
            Self::Silent => has_begun.then(|| dice.between(MINUTE, 25 * MINUTE)),
            Self::Branch => (!has_begun).then(|| dice.between(SECOND, 9 * SECOND)),
            Self::Replay => (!has_begun).then(|| dice.between(MINUTE, 25 * MINUTE)),
            Self::Shadow => Some(dice.between(SECOND, 9 * SECOND)),
        }
    }

    /// How long the thief waits after a refresh of their own.
    pub(super) fn after_own(self, dice: &mut Dice) -> Option<Millis> {
        match self {
            Self::Late | Self::First | Self::Branch | Self::Replay => {
                Some(FRESH + dice.between(0, MINUTE))
            }
            Self::Silent | Self::Shadow => None,
        }
    }
}
