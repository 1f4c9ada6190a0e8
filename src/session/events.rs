//! [`Events`] calls the subscriber of the application.

use std::fmt;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::event::{AuthEvent, AuthEventKind};
use crate::clock::Timestamp;
use crate::names::{SessionId, Subject};
use crate::request_context::RequestContext;
use crate::store::Session;
use crate::throttle::Familiarity;
use crate::token::{AccessTokenClaims, Verifiers};

type Subscriber = dyn Fn(&AuthEvent) + Send + Sync;

/// The subscriber of the application, if there is one.
#[derive(Clone, Default)]
pub(super) struct Events(Option<Arc<Subscriber>>);

/// Whose event it is, as far as that is known.
#[derive(Clone, Copy, Default)]
pub(super) struct Whose<'e> {
    subject: Option<&'e Subject>,
    session: Option<&'e SessionId>,
    client: Option<IpAddr>,
    device: Option<&'e str>,
    familiarity: Option<Familiarity>,
}

impl Events {
    pub(super) fn to(subscriber: impl Fn(&AuthEvent) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(subscriber)))
    }

    /// Returns whether events go anywhere.
    pub(super) fn are_heard(&self) -> bool {
        cfg!(feature = "metrics") || self.0.is_some()
    }

    /// Tells the subscriber. The event is made only where there is one.
    pub(super) fn tell(&self, kind: AuthEventKind, whose: Whose<'_>, now: Timestamp) {
        #[cfg(feature = "metrics")]
        super::event_counter::count(kind, 1);
        let Some(subscriber) = &self.0 else {
            return;
        };
        let event = AuthEvent {
            kind,
            at: now,
            subject: whose.subject.cloned(),
            session: whose.session.copied(),
            client_address: whose.client,
            device: whose.device.map(str::to_owned),
            familiarity: whose.familiarity,
        };
        // What happened has happened: the login or the logout goes on.
        if catch_unwind(AssertUnwindSafe(|| subscriber(&event))).is_err() {
            tracing::error!(event = kind.as_str(), "the subscriber of events panicked");
        }
    }
}

impl<'e> Whose<'e> {
    pub(super) fn of_session(session: &'e Session) -> Self {
        Self {
            subject: Some(session.subject()),
            session: Some(session.id()),
            device: session.device(),
            ..Self::default()
        }
    }

    pub(super) fn of_id(session: &'e SessionId) -> Self {
        Self {
            session: Some(session),
            ..Self::default()
        }
    }

    pub(super) fn of_subject(subject: &'e Subject) -> Self {
        Self {
            subject: Some(subject),
            ..Self::default()
        }
    }

    /// The subject and the session of another issuer are not ours, whatever their text.
    pub(super) fn of_any_claims(claims: &'e AccessTokenClaims, own: &Verifiers) -> Self {
        let is_own = own.all().any(|own| own.issuer() == claims.issuer());
        if is_own {
            Self::of_claims(claims)
        } else {
            Self::default()
        }
    }

    /// Takes the claims of a token of these sessions.
    pub(super) fn of_claims(claims: &'e AccessTokenClaims) -> Self {
        Self {
            subject: Some(claims.subject()),
            session: claims.session_id(),
            ..Self::default()
        }
    }

    pub(super) fn at(self, client: Option<IpAddr>) -> Self {
        Self { client, ..self }
    }

    /// Adds how well an account knows the client of its login.
    pub(super) fn with_familiarity(self, familiarity: Option<Familiarity>) -> Self {
        Self {
            familiarity,
            ..self
        }
    }

    /// Adds the address of a request whose context has it.
    pub(super) fn from(self, context: Option<&RequestContext>) -> Self {
        self.at(context.and_then(RequestContext::client_address))
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Events").field(&self.are_heard()).finish()
    }
}
