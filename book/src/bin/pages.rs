//! A preprocessor of mdBook: the files of the repository that chapters link to, as pages. `book.toml` names it.

use std::error::Error;
use std::io::{Read, Write, stdin, stdout};
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    // mdBook asks first whether a renderer is supported: each is.
    if std::env::args().nth(1).as_deref() == Some("supports") {
        return Ok(());
    }
    let mut input = String::new();
    stdin().read_to_string(&mut input)?;
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("no repository")?;
    let book = wengert_book::repository::with_pages(&input, top)?;
    Ok(stdout().write_all(book.as_bytes())?)
}
