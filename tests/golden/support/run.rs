//! Runs a directory of cases. A panic inside a case is caught, kept from the terminal, and counts against the case.

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::Instant;

use super::case::{Case, Family};
use super::report::{Outcome, Report};

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
    static SAID: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Runs `f`; of a panic, gives what it said and where.
pub fn caught<R>(f: impl FnOnce() -> R) -> Result<R, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let loud = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if QUIET.get() {
                SAID.replace(info.to_string());
            } else {
                loud(info);
            }
        }));
    });
    let before = QUIET.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(f));
    QUIET.set(before);
    result.map_err(|_| format!("panicked: {}", SAID.take()))
}

/// Where the cases of a directory are: in it, or in its folder `cases`.
fn files(dir: &Path) -> Result<Vec<PathBuf>, String> {
    let json = |dir: &Path| -> Result<Vec<PathBuf>, String> {
        let entries = std::fs::read_dir(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
        let mut files: Vec<PathBuf> = entries
            .filter_map(|e| Some(e.ok()?.path()))
            .filter(|p| p.extension().is_some_and(|e| e == "json"))
            .collect();
        files.sort();
        Ok(files)
    };
    let here = json(dir)?;
    if here.is_empty() { json(&dir.join("cases")) } else { Ok(here) }
}

/// Runs every case of a directory whose id contains `only`.
///
/// # Errors
/// If a file cannot be read, or no case has such an id: a misspelt filter must not look like a success.
pub fn run(dir: &Path, only: &str, one: impl Fn(Case) -> Outcome) -> Result<Report, String> {
    let mut report = Report::default();
    let files = files(dir)?;
    if files.is_empty() {
        return Err(format!("{}: there are no cases", dir.display()));
    }
    for path in files {
        let family = Family::load(&path)?;
        let start = Instant::now();
        for json in &family.cases {
            let case = Case { family: &family, json };
            if !case.id().contains(only) {
                continue;
            }
            let outcome = caught(|| one(case)).unwrap_or_else(Outcome::Failed);
            report.add(case, outcome);
        }
        report.took(&family.name, start.elapsed());
    }
    if report.total() == 0 {
        return Err(format!("{}: no case has `{only}` in its id", dir.display()));
    }
    Ok(report)
}
