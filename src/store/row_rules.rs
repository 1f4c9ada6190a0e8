//! The rules of the contract about one row, as pure functions. A store that keeps whole rows only
//! has to make them atomic.

use super::revocation_reason::RevocationRecord;
use super::session::Session;
use super::session_parts::SessionParts;

/// These methods are for stores that keep whole rows. They return the row after a change, or `None`
/// where the contract says that nothing changes.
///
/// Reading the row and writing what these functions return has to be one atomic step.
impl Session {
    /// Returns the row after [`replace`](super::SessionStore::replace). It is `next` with the id,
    /// subject, kind, `created_at` and `expires_at` of this row.
    ///
    /// It is `None` if this row was revoked, or if its revision is not the one before `next`.
    #[must_use]
    pub fn after_replace(&self, next: &Self) -> Option<Self> {
        self.takes(next).then(|| {
            let mut next = next.clone();
            next.keep_what_never_changes(self);
            next
        })
    }

    /// Does the same in place, without a copy: this row and `next` change places. Returns whether
    /// they did.
    pub(super) fn replace_with(&mut self, next: &mut Self) -> bool {
        let takes = self.takes(next);
        if takes {
            next.keep_what_never_changes(self);
            std::mem::swap(self, next);
        }
        takes
    }

    fn takes(&self, next: &Self) -> bool {
        let row = self.parts();
        row.revoked.is_none() && row.revision.checked_add(1) == Some(next.parts().revision)
    }

    fn keep_what_never_changes(&mut self, row: &Self) {
        let (next, row) = (self.parts_mut(), row.parts());
        next.id = row.id;
        next.subject.clone_from(&row.subject);
        next.kind = row.kind;
        next.created_at = row.created_at;
        next.expires_at = row.expires_at;
        next.revoked = None;
    }

    /// Returns the row after [`confirm`](super::SessionStore::confirm).
    ///
    /// It is `None` if this row was revoked, has another generation, or is already confirmed.
    #[must_use]
    pub fn after_confirm(&self, generation: u32) -> Option<Self> {
        let row = self.parts();
        let may = row.revoked.is_none() && row.generation == generation && !row.confirmed;
        may.then(|| self.changed(|next| next.confirmed = true))
    }

    /// Returns the row after [`revoke`](super::SessionStore::revoke). The same atomic step has to
    /// enter it into the feed.
    ///
    /// It is `None` if this row was already revoked.
    #[must_use]
    pub fn after_revoke(&self, record: RevocationRecord) -> Option<Self> {
        let may = self.parts().revoked.is_none();
        may.then(|| self.changed(|next| next.revoked = Some(record)))
    }

    fn changed(&self, change: impl FnOnce(&mut SessionParts)) -> Self {
        let mut next = self.clone();
        let row = next.parts_mut();
        row.revision = row.revision.wrapping_add(1);
        change(row);
        next
    }
}
