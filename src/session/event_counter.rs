//! The counter of events, for the feature `metrics`.

use super::error::{SessionError, SessionErrorKind};
use super::event::{ABANDONED, AuthEventKind, ReuseEvidence};
use crate::bearer::BearerErrorKind;
use crate::store::RevocationReason;

/// Tells the recorder what is counted, and begins the series with 0. A series that began with 1
/// would not be an increase, so the first theft after a start would raise no alarm.
pub(super) fn describe() {
    metrics::describe_counter!(
        COUNTER,
        "Logins, refreshes, revocations and refusals, by event and reason"
    );
    for kind in known() {
        count(kind, 0);
    }
}

/// Counts this many events.
pub(super) fn count(kind: AuthEventKind, events: u64) {
    metrics::counter!(
        COUNTER,
        "event" => kind.as_str(),
        "reason" => kind.reason().unwrap_or_default()
    )
    .increment(events);
}

/// Returns the events whose reasons are known before they happen. An application has reasons of its
/// own, and an alarm of throttled logins is about many.
fn known() -> impl Iterator<Item = AuthEventKind> {
    let single = [
        AuthEventKind::LoggedIn,
        AuthEventKind::Refreshed,
        AuthEventKind::Recovered,
        AuthEventKind::RefreshTokenReused(ReuseEvidence {
            presented: 0,
            current: 0,
            rotated_at: None,
            confirmed: false,
            recoveries: 0,
        }),
        AuthEventKind::Reauthenticated,
        AuthEventKind::LoggedOut,
    ];
    let reason = |kind: &SessionErrorKind| SessionError::new(*kind).reason();
    let logins = LOGIN_REFUSALS.iter().filter_map(reason);
    let logins = logins.chain([ABANDONED]);
    let refreshes = REFRESH_REFUSALS.iter().filter_map(reason);
    let revoked = RevocationReason::KNOWN.into_iter();
    let revoked = revoked.chain([RevocationReason::Other]);
    single
        .into_iter()
        .chain(logins.map(|reason| AuthEventKind::LoginRefused { reason }))
        .chain(refreshes.map(|reason| AuthEventKind::RefreshRefused { reason }))
        .chain(revoked.map(|because| AuthEventKind::SessionRevoked { because }))
        .chain(TOGETHER.map(|because| AuthEventKind::SessionsRevoked {
            because,
            sessions: 0,
        }))
        .chain(TOKEN_REFUSALS.map(|kind| AuthEventKind::AccessTokenRefused { kind }))
}

const COUNTER: &str = "tower_bearer_events_total";
/// Those of a login and of a re-authentication.
const LOGIN_REFUSALS: [SessionErrorKind; 5] = [
    SessionErrorKind::InvalidCredentials,
    SessionErrorKind::InvalidToken,
    SessionErrorKind::SessionExpired,
    SessionErrorKind::SessionRevoked,
    SessionErrorKind::UserGone,
];
/// Why several sessions end in one call.
const TOGETHER: [RevocationReason; 2] = [RevocationReason::Everywhere, RevocationReason::UserGone];
const REFRESH_REFUSALS: [SessionErrorKind; 5] = [
    SessionErrorKind::InvalidToken,
    SessionErrorKind::SessionExpired,
    SessionErrorKind::SessionRevoked,
    SessionErrorKind::RefreshTokenReused,
    SessionErrorKind::UserGone,
];
const TOKEN_REFUSALS: [BearerErrorKind; 10] = [
    BearerErrorKind::MalformedToken,
    BearerErrorKind::TokenTooLarge,
    BearerErrorKind::InvalidToken,
    BearerErrorKind::TokenExpired,
    BearerErrorKind::ProofNeeded,
    BearerErrorKind::SessionRevoked,
    BearerErrorKind::UserGone,
    BearerErrorKind::InsufficientScope,
    BearerErrorKind::InsufficientUserAuthentication,
    BearerErrorKind::Denied,
];
