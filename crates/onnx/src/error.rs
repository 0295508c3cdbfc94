//! Errors of ONNX files.

/// The reason why a model has no image in ONNX, or a file is no model.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An op that has no image.
    #[error("`{op}` in layer `{layer}` has no image in ONNX: {rule}\n  at {at}")]
    NoImage {
        /// The op.
        op: String,
        /// The path of the layer.
        layer: String,
        /// The reason.
        rule: String,
        /// The line of your program that recorded it.
        at: String,
    },
    /// The model itself failed on the input.
    #[error(transparent)]
    Model(#[from] wengert_autograd::Error),
    /// A file that is no ONNX file, or holds what is not read.
    #[error(
        "import: this is no ONNX file that can be read: {0}\n  help: it may be cut off, of another format, or use more than the nets that this crate reads"
    )]
    Format(String),
    /// A file that could not be read or written.
    #[error("{path}: {what}")]
    Io {
        /// The file.
        path: String,
        /// The message of the system.
        what: String,
    },
}

impl From<wengert_tensor::Error> for Error {
    fn from(error: wengert_tensor::Error) -> Self {
        Self::Model(error.into())
    }
}

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;
