//! The first byte of a row. Its upper half is the version of the layout, and its lower half the
//! reason of the revocation.

use crate::store::revocation_reason::RevocationReason;

/// The first byte of a row that was not revoked.
pub(super) const LIVES: u8 = VERSION;

/// Returns the first byte of a row that was revoked for this reason.
pub(super) const fn head(reason: RevocationReason) -> u8 {
    VERSION
        | match reason {
            RevocationReason::LoggedOut => 1,
            RevocationReason::Everywhere => 2,
            RevocationReason::Reused => 3,
            RevocationReason::UserGone => 4,
            RevocationReason::Replaced => 5,
            RevocationReason::Unanswered => 6,
            RevocationReason::Other => 15,
        }
}

/// Returns why a row with this first byte was revoked. `Some(None)` means that it was not revoked,
/// and `None` that it has another layout.
pub(super) fn read(head: u8) -> Option<Option<RevocationReason>> {
    if head & VERSION_BITS != VERSION {
        return None;
    }
    let reason = || {
        RevocationReason::KNOWN
            .into_iter()
            .find(|reason| self::head(*reason) == head)
            .unwrap_or(RevocationReason::Other)
    };
    Some((head != LIVES).then(reason))
}

/// The version of the layout, which the scripts know too.
const VERSION: u8 = 0x10;
const VERSION_BITS: u8 = 0xf0;
