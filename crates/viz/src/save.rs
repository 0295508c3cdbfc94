//! `save`: a picture in a file.

use std::io;
use std::path::Path;

/// Writes a picture to a file, whole or not at all, and creates the folders that it lies in.
///
/// ```
/// let folder = std::env::temp_dir().join(format!("wengert-save-{}", std::process::id()));
/// let file = folder.join("loss.svg");
/// wengert_viz::save(&file, &wengert_viz::Chart::new("loss").line("train", [1.0, 0.5]).to_svg())?;
/// assert!(std::fs::read_to_string(&file)?.starts_with("<svg"));
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// The error of the system, with the path.
pub fn save(path: impl AsRef<Path>, picture: &str) -> io::Result<()> {
    let path = path.as_ref();
    let named =
        |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(named)?;
    }
    wengert_files::write_whole(path, picture.as_bytes()).map_err(named)
}
