//! [`Found`]: a value of a type that only the application knows.

use std::any::{Any, type_name};
use std::sync::Arc;

/// What the layer found out about the caller, type-erased: the application's user.
#[derive(Clone)]
pub(super) struct Found {
    value: Arc<dyn Any + Send + Sync>,
    type_name: &'static str,
}

impl Found {
    pub(super) fn new<T: Send + Sync + 'static>(value: T) -> Self {
        Self { value: Arc::new(value), type_name: type_name::<T>() }
    }

    pub(super) fn get<T: Clone + 'static>(&self) -> Option<T> {
        self.value.downcast_ref::<T>().cloned()
    }

    pub(super) fn type_name(&self) -> &'static str {
        self.type_name
    }
}
