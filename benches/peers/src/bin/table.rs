//! Prints the table of docs/performance.md: `name  ratio  goal  held` or `missed`.
//!
//! `table --quick` has fewer rounds. Other arguments are beginnings of the names that are wanted.

use std::env;

use peers::rows;
use peers::table::Table;

fn main() {
    // The server of the rows `end_to_end` is this program.
    if env::args().nth(1).as_deref() == Some("serve") {
        return rows::serve::serve(&env::args().nth(2).unwrap_or_default());
    }
    let runtime = peers::runtime();
    let _inside = runtime.enter();
    let table = Table::from_arguments();
    rows::seen::rows(&table);
    rows::fresh::rows(&table);
    rows::refused::rows(&table);
    rows::issuers::rows(&table);
    rows::threads::rows(&table);
    rows::waits::rows(&table);
    rows::memory_store::rows(&table);
    rows::future_size::rows(&table);
    rows::end_to_end::rows(&table);
    rows::stores::sqlite::rows(&table);
    rows::stores::postgres::rows(&table);
    rows::stores::redis::rows(&table);
    rows::stores::redis_cluster::rows(&table);
    rows::http_refresh::rows(&table);
}
