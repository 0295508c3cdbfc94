//! Weights in the file format that PyTorch, JAX and others read and write: safetensors. Such a file contains no code.
//!
//! A file is eight bytes that say how long the header is, the header in JSON, and raw numbers. [`save`] and [`load`] are
//! for the [`State`] of a model; [`Archive`] is for any named tensors.
//!
//! In Python the other side is
//!
//! ```text
//! safetensors.torch.save_file(model.state_dict(), "weights.safetensors")
//! model.load_state_dict(safetensors.torch.load_file("weights.safetensors"))
//! ```

mod header;
pub(crate) mod numbers;
mod read;
mod write;

use std::panic::Location;
use std::path::Path;

use wengert_tensor::{Element, Float, Tensor, compiled};

#[doc(hidden)]
pub use header::quoted;
pub(crate) use header::{list_from_json, list_to_json};
#[doc(hidden)]
pub use numbers::half;
pub use wengert_tensor::AnyTensor;

use crate::{Entry, Error, FileFault, Line, Result, State, write_whole};

/// The longest header that is read or written; other readers have the same limit.
const LONGEST_HEADER: usize = 100_000_000;
/// The most axes of a tensor that is read or written.
const MOST_AXES: usize = 64;
/// The key of the metadata in which PyTorch's tools look for the writer of the file.
const FORMAT: &str = "format";

/// The contents of a file: named tensors, and texts about them. Half-precision floats are read as `f32`, and integers of other widths
/// as `i64`; indices are written as `U64`.
///
/// ```
/// use wengert_files::safetensors::{AnyTensor, Archive};
/// use wengert_tensor::tensor;
///
/// let mut archive = Archive::default();
/// archive.tensors.push(("steps".into(), AnyTensor::I64(tensor![1, 2, 3])));
/// archive.metadata.push(("format".into(), "pt".into()));
/// assert_eq!(Archive::from_bytes(&archive.to_bytes()?)?, archive);
/// # Ok::<(), wengert_files::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Archive {
    /// The tensors by name, in the order of the header.
    pub tensors: Vec<(String, AnyTensor)>,
    /// Texts by name.
    pub metadata: Vec<(String, String)>,
}

impl Archive {
    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// [`Error::File`] if the bytes are not a complete and valid file; no memory is allocated for missing bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        read::read(bytes)
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// [`Error::File`] for contents that a reader would reject: two tensors with one name, or a header that is too long.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        write::write(self)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read, [`Error::File`] if it is not valid.
    #[track_caller]
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let at = Location::caller();
        let bytes = std::fs::read(path).map_err(|e| io(path, &e, at))?;
        Self::from_bytes(&bytes).map_err(|e| in_file(path, e, at))
    }

    /// Writes a file, [whole or not at all](write_whole).
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be written, and as [`to_bytes`](Self::to_bytes).
    #[track_caller]
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let at = Location::caller();
        let bytes = self.to_bytes().map_err(|e| in_file(path, e, at))?;
        write_whole(path, &bytes).map_err(|e| io(path, &e, at))
    }
}

/// Writes a model's state to a file.
///
/// ```
/// use wengert_files::{State, safetensors};
/// use wengert_tensor::tensor;
///
/// let mut state = State::<f32>::new();
/// state.insert("weight", tensor![0.5, 0.25]);
/// let file = std::env::temp_dir().join(format!("wengert-doc-{}.safetensors", std::process::id()));
/// safetensors::save(&file, &state)?;
/// assert_eq!(safetensors::load::<f32>(&file)?, state);
/// # std::fs::remove_file(&file).unwrap();
/// # Ok::<(), wengert_files::Error>(())
/// ```
///
/// # Errors
/// [`Error::Io`] if the file cannot be written.
#[track_caller]
pub fn save<T: Float>(path: impl AsRef<Path>, state: &State<T>) -> Result<()> {
    Archive::from(state).write(path)
}

/// Reads a state from a file of any float type: narrower floats are taken exactly, wider ones rounded.
///
/// # Errors
/// [`Error::Io`] if the file cannot be read; [`Error::File`] if it is not valid, or has a number too large for `T`.
#[track_caller]
pub fn load<T: Float>(path: impl AsRef<Path>) -> Result<State<T>> {
    let path = path.as_ref();
    let at = Location::caller();
    State::try_from(Archive::read(path)?).map_err(|e| in_file(path, e, at))
}

impl<T: Float> From<&State<T>> for Archive {
    #[inline(never)]
    fn from(state: &State<T>) -> Self {
        let tensors = state.iter().map(|(name, entry)| {
            let tensor = match entry {
                Entry::Float(x) if T::NAME == f32::NAME => AnyTensor::F32(x.cast()),
                Entry::Float(x) => AnyTensor::F64(x.cast()),
                Entry::Int(x) => AnyTensor::I64(x.clone()),
                Entry::Number(x) => AnyTensor::F64(Tensor::scalar(*x)),
            };
            (name.to_string(), tensor)
        });
        // PyTorch's own tools look for this.
        let mut metadata = vec![(FORMAT.to_string(), "pt".to_string())];
        let notes = state.notes().filter(|(key, _)| *key != FORMAT);
        metadata.extend(notes.map(|(key, text)| (key.to_string(), text.to_string())));
        Self { tensors: tensors.collect(), metadata }
    }
}

impl<T: Float> TryFrom<Archive> for State<T> {
    type Error = Error;
    #[inline(never)]
    fn try_from(archive: Archive) -> Result<Self> {
        let mut state = Self::new();
        for (key, text) in archive.metadata.into_iter().filter(|(key, _)| key != FORMAT) {
            state = state.with_note(key, text);
        }
        for (name, tensor) in archive.tensors {
            let entry = match tensor {
                AnyTensor::F32(x) => Entry::Float(x.cast()),
                AnyTensor::F64(x) => {
                    let narrow = x.cast::<T>();
                    if narrow.is_finite().count() != x.is_finite().count() {
                        let rule = format!("`{name}` has a number too large for {}", T::NAME);
                        return Err(fault(rule));
                    }
                    Entry::Float(narrow)
                }
                AnyTensor::I64(x) => Entry::Int(x),
                AnyTensor::Usize(x) => Entry::Int(x.cast()),
                AnyTensor::U8(x) => Entry::Int(x.cast()),
                AnyTensor::Bool(x) => Entry::Int(x.cast()),
            };
            state.insert_entry(name, entry);
        }
        Ok(state)
    }
}

/// A fault in the contents of a file.
fn fault(rule: impl Into<String>) -> Error {
    Error::File(Box::new(FileFault { file: None, rule: rule.into(), help: None, at: None }))
}

pub(crate) fn io(path: &Path, error: &std::io::Error, at: Line) -> Error {
    let (path, what) = (path.display().to_string(), error.to_string());
    Error::Io { path, what, kind: error.kind(), at }
}

/// A fault, with its file and the line that asked for the file.
pub(crate) fn in_file(path: &Path, error: Error, at: Line) -> Error {
    match error {
        Error::File(mut fault) => {
            fault.file = Some(path.display().to_string());
            fault.at = Some(at);
            Error::File(fault)
        }
        other => other,
    }
}

compiled!(f32: { <State<T> as TryFrom<Archive>>::try_from, <Archive as From<&State<T>>>::from });
