//! Programs of several ranks, and what they print. Without arguments this program is the launcher: it starts itself by `mpirun` with 1 to 4
//! ranks and the name of a program, and looks at what comes of it. `WENGERT_MPIRUN` is another command than `mpirun`.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod launch;
mod programs;

fn main() {
    match std::env::var("WENGERT_MPI_PROGRAM") {
        Ok(program) => programs::run(&program),
        Err(_) => launch::all(),
    }
}
