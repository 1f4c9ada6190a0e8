//! [`Mounted`]: where the endpoints are, as the document sees it.

use utoipa::openapi::path::OperationBuilder;

/// What the document depends on.
#[derive(Clone, Copy)]
pub(super) struct Mounted<'e> {
    pub(super) path: &'e str,
    pub(super) has_cookies: bool,
}

impl Mounted<'_> {
    pub(super) fn address(self, endpoint: &str) -> String {
        self.prefix()
            .chain([endpoint])
            .map(|part| format!("/{part}"))
            .collect()
    }

    pub(super) fn prefix(&self) -> impl Iterator<Item = &str> {
        self.path.split('/').filter(|part| !part.is_empty())
    }

    /// Named after its address: the endpoints of two kinds of users are one document.
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

/// What the operations are listed under.
pub(super) const TAG: &str = "auth";
