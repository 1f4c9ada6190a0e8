//! [`Pause`].

use std::sync::Arc;

use tokio::sync::Semaphore;

/// A call that has been stopped. Clones are the same pause.
#[derive(Clone, Debug)]
pub struct Pause(Arc<State>);

#[derive(Debug)]
struct State {
    reached: Semaphore,
    go_on: Semaphore,
}

impl Pause {
    /// For one call, which is yet to come.
    pub fn new() -> Self {
        Self(Arc::new(State {
            reached: Semaphore::new(0),
            go_on: Semaphore::new(0),
        }))
    }

    /// Waits until the call is here.
    pub async fn reached(&self) {
        self.0
            .reached
            .acquire()
            .await
            .expect("nobody closes it")
            .forget();
    }

    /// Lets the call go on.
    pub fn go_on(&self) {
        self.0.go_on.add_permits(1);
    }

    /// Announces that the call is here, and waits.
    pub async fn stop(&self) {
        self.0.reached.add_permits(1);
        self.0
            .go_on
            .acquire()
            .await
            .expect("nobody closes it")
            .forget();
    }
}
