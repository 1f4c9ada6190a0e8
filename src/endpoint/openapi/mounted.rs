//! [`Mounted`] is what the document depends on: where the endpoints are, and their cookies.

use utoipa::openapi::path::OperationBuilder;

/// The settings of the endpoints that change the document.
#[derive(Clone, Copy)]
pub(super) struct Mounted<'e> {
    pub(super) path: &'e str,
    pub(super) has_cookies: bool,
}

impl Mounted<'_> {
    pub(super) fn path_of(self, endpoint: &str) -> String {
        self.prefix()
            .chain([endpoint])
            .map(|part| format!("/{part}"))
            .collect()
    }

    pub(super) fn prefix(&self) -> impl Iterator<Item = &str> {
        self.path.split('/').filter(|part| !part.is_empty())
    }

    /// Makes an operation whose id includes the path, so that the endpoints of two kinds of users
    /// can be in one document.
    pub(super) fn operation(
        self,
        name: &str,
        summary: &str,
        description: &str,
    ) -> OperationBuilder {
        let id: Vec<&str> = self.prefix().chain([name]).collect();
        OperationBuilder::new()
            .tag(TAG)
            .operation_id(Some(id.join("_")))
            .summary(Some(summary))
            .description(Some(description))
    }
}

/// The tag of the operations.
pub(super) const TAG: &str = "auth";
