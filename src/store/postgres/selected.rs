//! How a selection is bound to a statement.

use crate::names::Subject;

/// Returns whether no row can have this subject, because text in PostgreSQL cannot have a NUL.
pub(super) fn cannot_be_kept(subject: &Subject) -> bool {
    subject.as_str().contains('\0')
}

/// Binds the four parts of a selection to a query.
macro_rules! bind_selection {
    ($query:expr, $selection:expr) => {
        $query
            .bind($selection.subject().as_str())
            .bind($selection.owners().iter().map(owner).collect::<Vec<i64>>())
            .bind($selection.kinds().map(|kinds| {
                kinds
                    .iter()
                    .map(|kind| i16::from(kind.number()))
                    .collect::<Vec<i16>>()
            }))
            .bind($selection.excepted().map(uuid))
    };
}
pub(super) use bind_selection;
