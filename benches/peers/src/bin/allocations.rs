//! Prints the rows of docs/performance.md that count allocations.

use peers::counting::Counting;
use peers::rows::allocated;
use peers::table::Table;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() {
    let runtime = peers::runtime();
    let _inside = runtime.enter();
    allocated::rows(&Table::from_arguments());
}
