//! Writing a file whole or not at all: first to a temporary file next to it, which then replaces it in one step.

use std::collections::hash_map::RandomState;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Writes `bytes` to the file at `path`, which it creates or replaces.
///
/// A reader finds the old file or the new one, never a part of either: the bytes are written to a temporary file next to it
/// and flushed to the disk, and the temporary file replaces the old one in one step. This also holds for several writers at
/// once, in one process or many; the last one wins. A writer that is killed leaves its temporary file (`.wengert-….part`) behind; the next write
/// to the same directory removes it. The file keeps its permissions, and a symbolic link keeps its target. A path
/// that is not a regular file, such as `/dev/stdout`, is written to directly.
///
/// ```
/// let path = std::env::temp_dir().join(format!("wengert-doc-{}.txt", std::process::id()));
/// wengert_files::write_whole(&path, b"first")?;
/// wengert_files::write_whole(&path, b"second")?;
/// assert_eq!(std::fs::read(&path)?, b"second");
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// The error of the system if it cannot create, write or rename; the old file is then unchanged.
pub fn write_whole(path: impl AsRef<Path>, bytes: &[u8]) -> io::Result<()> {
    write(path.as_ref(), bytes)
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // The target of a link; the path itself if the file does not exist yet.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let old = match fs::metadata(&path) {
        Ok(old) if old.is_file() => {
            // Renaming would replace a file that is protected from writing.
            OpenOptions::new().write(true).open(&path)?;
            Some(old)
        }
        Ok(other) if !other.is_dir() => return fs::write(&path, bytes),
        _ => None,
    };
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    remove_abandoned(directory);
    loop {
        let part = Part::create(directory)?;
        part.fill(bytes, old.as_ref())?;
        match part.take_place_of(&path) {
            // Between its creation and its lock another writer took it for abandoned.
            Err(error) if error.kind() == ErrorKind::NotFound && directory.is_dir() => {}
            Err(error) => return Err(error),
            Ok(()) => return sync_directory(directory),
        }
    }
}

const PREFIX: &str = ".wengert-";
const SUFFIX: &str = ".part";

/// A temporary file. Its writer holds a lock on it, which the system releases when the writer dies.
struct Part {
    file: Option<File>,
    path: PathBuf,
}

impl Part {
    fn create(directory: &Path) -> io::Result<Self> {
        loop {
            // The standard library's hasher starts from random keys.
            let (process, random) =
                (std::process::id(), RandomState::new().build_hasher().finish());
            let path = directory.join(format!("{PREFIX}{process}-{random:016x}{SUFFIX}"));
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
                Ok(file) => {
                    // Where files cannot be locked, nobody takes an unlocked one for abandoned either.
                    let _ = file.lock();
                    return Ok(Self { file: Some(file), path });
                }
            }
        }
    }

    fn fill(&self, bytes: &[u8], old: Option<&fs::Metadata>) -> io::Result<()> {
        let Some(mut file) = self.file.as_ref() else { return Ok(()) };
        file.write_all(bytes)?;
        if let Some(old) = old {
            file.set_permissions(old.permissions())?;
        }
        file.sync_all()
    }

    fn take_place_of(mut self, path: &Path) -> io::Result<()> {
        // Some systems neither rename nor read a file that is locked.
        self.file = None;
        fs::rename(&self.path, path)?;
        self.path = PathBuf::new();
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.file = None;
        if self.path != Path::new("") {
            // It may be gone already; a second error would hide the first.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Removes the temporary files whose writers are dead: those that can be locked. This is tidiness alone, so whatever
/// fails is left for the next time.
fn remove_abandoned(directory: &Path) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_part = name.to_str().is_some_and(|n| n.starts_with(PREFIX) && n.ends_with(SUFFIX));
        if is_part
            && let Ok(file) = OpenOptions::new().write(true).open(entry.path())
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Makes the renaming last through a power cut, where directories can be flushed.
fn sync_directory(directory: &Path) -> io::Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    let Ok(directory) = File::open(directory) else { return Ok(()) };
    match directory.sync_all() {
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => {
            Ok(())
        }
        result => result,
    }
}
