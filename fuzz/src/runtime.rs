//! Waits for a future on a runtime of this thread.

use std::cell::RefCell;

use tokio::runtime::{Builder, Runtime};

thread_local! {
    static RUNTIME: RefCell<Runtime> = RefCell::new(new());
}

/// Runs a future to its end. The tasks that it starts run meanwhile.
pub fn block_on<F: Future>(future: F) -> F::Output {
    RUNTIME.with_borrow(|runtime| runtime.block_on(future))
}

/// Ends the tasks of inputs before this one, which would take more and more memory.
pub fn end_tasks() {
    RUNTIME.set(new());
}

fn new() -> Runtime {
    let runtime = Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime without I/O needs nothing")
}
