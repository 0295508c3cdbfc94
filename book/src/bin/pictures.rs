//! The pictures of the chapters, in both languages, written beside them: `cargo run -p wengert-book --bin pictures`.

use std::error::Error;
use std::fs;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    for (file, svg) in wengert_book::pictures::all()? {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        fs::create_dir_all(path.parent().unwrap_or(&path))?;
        fs::write(path, svg)?;
    }
    Ok(())
}
