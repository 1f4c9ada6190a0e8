//! [`SessionSelection`]: which of a subject's sessions a method is about.

use super::session::Session;
use super::session_kind::SessionKind;
use super::session_owner::SessionOwner;
use crate::names::{SessionId, Subject};

/// Which sessions [`list`](super::SessionStore::list) and
/// [`revoke_all`](super::SessionStore::revoke_all) are about: those of one subject that
/// belong to one of some [owners](SessionOwner), of certain [kinds](SessionKind), all but one if
/// need be.
///
/// A store finds the rows of the subject, and keeps those that [match](Self::matches). Later
/// versions may select by more: a store that asks `matches` of each row keeps working then, one
/// that only puts the parts into a query does not.
///
/// ```
/// use tower_bearer::store::{SessionKind, SessionOwner, SessionSelection};
///
/// let selection = SessionSelection::new("alice", [SessionOwner::default()]);
/// assert_eq!(selection.kinds(), Some(&[SessionKind::LOGIN][..]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct SessionSelection {
    subject: Subject,
    owners: Vec<SessionOwner>,
    kinds: Option<Vec<SessionKind>>,
    except: Option<SessionId>,
}

impl SessionSelection {
    /// The logins of this subject that belong to one of these owners. Without an owner it selects
    /// nothing.
    pub fn new(subject: impl Into<Subject>, owners: impl Into<Vec<SessionOwner>>) -> Self {
        Self {
            subject: subject.into(),
            owners: owners.into(),
            kinds: Some(vec![SessionKind::LOGIN]),
            except: None,
        }
    }

    /// Sessions of these kinds, instead of logins.
    pub fn with_kinds(mut self, kinds: impl Into<Vec<SessionKind>>) -> Self {
        self.kinds = Some(kinds.into());
        self
    }

    /// Sessions of every kind, those too that only a later version knows.
    pub fn with_every_kind(mut self) -> Self {
        self.kinds = None;
        self
    }

    /// All but this session.
    pub fn except(mut self, id: SessionId) -> Self {
        self.except = Some(id);
        self
    }

    /// Whose sessions they are.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// Which applications they belong to.
    #[must_use]
    pub fn owners(&self) -> &[SessionOwner] {
        &self.owners
    }

    /// What they are for. `None`: anything.
    #[must_use]
    pub fn kinds(&self) -> Option<&[SessionKind]> {
        self.kinds.as_deref()
    }

    /// The one session that is left out.
    #[must_use]
    pub fn excepted(&self) -> Option<&SessionId> {
        self.except.as_ref()
    }

    /// Whether a session is among them. It judges subject, owner, kind and id, and neither whether
    /// the session was revoked nor when it ends.
    #[must_use]
    pub fn matches(&self, session: &Session) -> bool {
        let row = session.parts();
        row.subject == self.subject
            && self.owners.contains(&row.owner)
            && self.kinds().is_none_or(|kinds| kinds.contains(&row.kind))
            && self.except != Some(row.id)
    }
}
