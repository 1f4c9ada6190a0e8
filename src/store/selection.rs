//! [`SessionSelection`] selects sessions of a subject.

use super::session::Session;
use super::session_kind::SessionKind;
use super::session_owner::SessionOwner;
use crate::names::{SessionId, Subject};

/// The sessions that [`list`](super::SessionStore::list) returns,
/// [`revoke_all`](super::SessionStore::revoke_all) revokes and
/// [`erase`](super::SessionStore::erase) deletes.
///
/// They are the sessions of one subject that belong to one of some [owners](SessionOwner) and are
/// of certain [kinds](SessionKind), perhaps without one of them.
///
/// A store finds the rows of the subject, and keeps those that [match](Self::matches). Later
/// versions may add criteria. A store that calls `matches` for each row then still works, and a
/// store that only puts the parts into a query does not.
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
    /// Selects the logins of this subject that belong to one of these owners. Without an owner it
    /// selects nothing.
    pub fn new(subject: impl Into<Subject>, owners: impl Into<Vec<SessionOwner>>) -> Self {
        Self {
            subject: subject.into(),
            owners: owners.into(),
            kinds: Some(vec![SessionKind::LOGIN]),
            except: None,
        }
    }

    /// Selects sessions of these kinds instead of logins.
    pub fn with_kinds(mut self, kinds: impl Into<Vec<SessionKind>>) -> Self {
        self.kinds = Some(kinds.into());
        self
    }

    /// Selects sessions of every kind, including kinds that only a later version knows.
    pub fn with_every_kind(mut self) -> Self {
        self.kinds = None;
        self
    }

    /// Leaves out this session.
    pub fn except(mut self, id: SessionId) -> Self {
        self.except = Some(id);
        self
    }

    /// Returns the user of the sessions.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// Returns the applications that the sessions belong to.
    #[must_use]
    pub fn owners(&self) -> &[SessionOwner] {
        &self.owners
    }

    /// Returns the kinds of the sessions, or `None` for every kind.
    #[must_use]
    pub fn kinds(&self) -> Option<&[SessionKind]> {
        self.kinds.as_deref()
    }

    /// Returns the one session that is left out.
    #[must_use]
    pub fn excepted(&self) -> Option<&SessionId> {
        self.except.as_ref()
    }

    /// Returns whether a session is selected. It looks at subject, owner, kind and id, and not at
    /// whether the session was revoked or when it ends.
    #[must_use]
    pub fn matches(&self, session: &Session) -> bool {
        let row = session.parts();
        row.subject == self.subject
            && self.owners.contains(&row.owner)
            && self.kinds().is_none_or(|kinds| kinds.contains(&row.kind))
            && self.except != Some(row.id)
    }
}
