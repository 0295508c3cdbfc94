//! `Array`: a tensor whose element type is known only from its file, and its conversion from bytes.
#![deny(clippy::indexing_slicing)]

use std::any::Any;
use std::fmt;

use wengert_files::half;
use wengert_tensor::{Element, Tensor};

use crate::Result;
use crate::error::Flaw;

/// An array as a file holds it: its element type is known only once it is read.
///
/// Integers of other widths than these become `i64` (or, if 8 bytes without a sign, `usize`), and halves `f32`, which loses nothing.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum Array {
    F32(Tensor<f32>),
    F64(Tensor<f64>),
    I64(Tensor<i64>),
    Usize(Tensor<usize>),
    U8(Tensor<u8>),
    Bool(Tensor<bool>),
}

/// With `$x` bound to the tensor, whatever its type.
macro_rules! any {
    ($array:expr, $x:ident => $do:expr) => {
        match $array {
            Array::F32($x) => $do,
            Array::F64($x) => $do,
            Array::I64($x) => $do,
            Array::Usize($x) => $do,
            Array::U8($x) => $do,
            Array::Bool($x) => $do,
        }
    };
}
pub(crate) use any;

macro_rules! from_tensor {
    ($($variant:ident $t:ident)*) => {$(
        impl From<Tensor<$t>> for Array {
            fn from(x: Tensor<$t>) -> Self {
                Self::$variant(x)
            }
        }
    )*};
}
from_tensor!(F32 f32 F64 f64 I64 i64 Usize usize U8 u8 Bool bool);

impl Array {
    /// The sizes of its axes.
    pub fn shape(&self) -> &[usize] {
        any!(self, x => x.shape())
    }

    /// The name of its element type, as Rust writes it.
    pub fn type_name(&self) -> &'static str {
        fn name<T: Element>(_: &Tensor<T>) -> &'static str {
            T::NAME
        }
        any!(self, x => name(x))
    }

    /// As a tensor of `T`, where that loses nothing: of the type it has, or a wider one; integers without a negative among
    /// them also as `usize`, the type of labels.
    ///
    /// ```
    /// use wengert_data::Array;
    /// use wengert_tensor::tensor;
    ///
    /// let array = Array::from(tensor![3_i64, 1, 2]);
    /// assert_eq!(array.tensor::<usize>()?, tensor![3, 1, 2]);
    /// let error = array.tensor::<f32>().unwrap_err();
    /// assert!(error.to_string().contains("holds i64, and f32 may lose some of it"));
    /// # Ok::<(), wengert_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Format`](crate::Error::Format) if it would lose something; [`cast`](Self::cast) converts in any case.
    #[track_caller]
    pub fn tensor<T: Element>(&self) -> Result<Tensor<T>> {
        let at = std::panic::Location::caller();
        self.lossless().map_err(|flaw| flaw.error("array", None, at))
    }

    /// As a tensor of `T`, each element converted as Rust's `as` does it.
    pub fn cast<T: Element>(&self) -> Tensor<T> {
        any!(self, x => x.cast())
    }

    pub(crate) fn lossless<T: Element>(&self) -> Result<Tensor<T>, Flaw> {
        if let Some(same) = any!(self, x => (x as &dyn Any).downcast_ref::<Tensor<T>>()) {
            return Ok(same.clone());
        }
        match (self, T::NAME) {
            (Self::F32(x), "f64") => Ok(x.cast()),
            (Self::U8(x), "i64" | "usize" | "f32" | "f64") => Ok(x.cast()),
            (Self::Bool(x), "u8" | "i64" | "usize" | "f32" | "f64") => Ok(x.cast()),
            (Self::I64(x), "usize") => {
                if let Some((place, x)) = x.iter().enumerate().find(|(_, x)| *x < 0) {
                    let rule = format!("place {place} holds {x}, which no usize is");
                    return Err(Flaw::new(rule));
                }
                let x: Array = x.map(|x| x as usize).into();
                x.lossless()
            }
            (Self::Usize(x), "i64") => {
                if let Some((place, x)) = x.iter().enumerate().find(|(_, x)| *x > i64::MAX as usize)
                {
                    let rule = format!("place {place} holds {x}, which no i64 is");
                    return Err(Flaw::new(rule));
                }
                let x: Array = x.map(|x| x as i64).into();
                x.lossless()
            }
            _ => {
                let (has, wanted) = (self.type_name(), T::NAME);
                Err(Flaw::new(format!("holds {has}, and {wanted} may lose some of it"))
                    .help(format!("read it as an `Array`, then `.cast::<{wanted}>()`")))
            }
        }
    }

    /// The tensor if it holds `T`s, to be written as they are.
    pub(crate) fn of<T: Element>(x: &Tensor<T>) -> Self {
        let x = x as &dyn Any;
        macro_rules! try_each {
            ($($variant:ident $t:ident)*) => {$(
                if let Some(x) = x.downcast_ref::<Tensor<$t>>() {
                    return Self::$variant(x.clone());
                }
            )*};
        }
        try_each!(F32 f32 F64 f64 I64 i64 Usize usize U8 u8 Bool bool);
        unreachable!("`Element` is sealed, and these are all")
    }
}

impl fmt::Display for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.type_name(), self.shape())
    }
}

/// An element type in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Bool,
    Unsigned(usize),
    Signed(usize),
    Float(usize),
}

impl Kind {
    /// Bytes of one element.
    pub(crate) fn size(self) -> usize {
        match self {
            Self::Bool => 1,
            Self::Unsigned(n) | Self::Signed(n) | Self::Float(n) => n,
        }
    }
}

/// The array of `shape` that `bytes` hold in row-major order. They are as many as the shape asks for.
pub(crate) fn decode(kind: Kind, big: bool, bytes: &[u8], shape: &[usize]) -> Result<Array, Flaw> {
    /// A tensor element by element, from `N` bytes each, the least significant first.
    fn each<T: Element, const N: usize>(
        bytes: &[u8],
        shape: &[usize],
        big: bool,
        mut f: impl FnMut([u8; N]) -> Result<T, &'static str>,
    ) -> Result<Tensor<T>, Flaw> {
        let (chunks, rest) = bytes.as_chunks::<N>();
        let mut out =
            Tensor::try_full(shape, T::default()).map_err(|e| Flaw::new(&e.fault().rule))?;
        if !rest.is_empty() || chunks.len() != out.len() {
            return Err(Flaw::new(format!("{} bytes do not make {shape:?}", bytes.len())));
        }
        for (place, (out, chunk)) in out.as_mut_slice().iter_mut().zip(chunks).enumerate() {
            let mut chunk = *chunk;
            if big {
                chunk.reverse();
            }
            *out = f(chunk).map_err(|rule| Flaw::new(format!("element {place} {rule}")))?;
        }
        Ok(out)
    }
    Ok(match kind {
        Kind::Bool => Array::Bool(each(bytes, shape, big, |[b]| match b {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err("is a bool that is neither 0 nor 1"),
        })?),
        Kind::Unsigned(1) => Array::U8(each(bytes, shape, big, |[b]| Ok(b))?),
        Kind::Unsigned(2) => {
            Array::I64(each(bytes, shape, big, |b| Ok(u16::from_le_bytes(b).into()))?)
        }
        Kind::Unsigned(4) => {
            Array::I64(each(bytes, shape, big, |b| Ok(u32::from_le_bytes(b).into()))?)
        }
        Kind::Unsigned(8) => Array::Usize(each(bytes, shape, big, |b| {
            usize::try_from(u64::from_le_bytes(b)).map_err(|_| "is too large for usize")
        })?),
        Kind::Signed(1) => {
            Array::I64(each(bytes, shape, big, |b| Ok(i8::from_le_bytes(b).into()))?)
        }
        Kind::Signed(2) => {
            Array::I64(each(bytes, shape, big, |b| Ok(i16::from_le_bytes(b).into()))?)
        }
        Kind::Signed(4) => {
            Array::I64(each(bytes, shape, big, |b| Ok(i32::from_le_bytes(b).into()))?)
        }
        Kind::Signed(8) => Array::I64(each(bytes, shape, big, |b| Ok(i64::from_le_bytes(b)))?),
        Kind::Float(2) => Array::F32(each(bytes, shape, big, |b| Ok(half(u16::from_le_bytes(b))))?),
        Kind::Float(4) => Array::F32(each(bytes, shape, big, |b| Ok(f32::from_le_bytes(b)))?),
        Kind::Float(8) => Array::F64(each(bytes, shape, big, |b| Ok(f64::from_le_bytes(b)))?),
        _ => return Err(Flaw::new("has elements of a type that is not read here")),
    })
}

/// The elements in row-major order, the least significant byte of each first.
pub(crate) fn encode(array: &Array, out: &mut Vec<u8>) {
    macro_rules! put {
        ($x:expr, |$e:ident| $bytes:expr) => {
            for $e in $x.contiguous().as_slice().unwrap_or(&[]) {
                out.extend_from_slice(&$bytes);
            }
        };
    }
    match array {
        Array::F32(x) => put!(x, |e| e.to_le_bytes()),
        Array::F64(x) => put!(x, |e| e.to_le_bytes()),
        Array::I64(x) => put!(x, |e| e.to_le_bytes()),
        Array::Usize(x) => put!(x, |e| (*e as u64).to_le_bytes()),
        Array::U8(x) => put!(x, |e| [*e]),
        Array::Bool(x) => put!(x, |e| [u8::from(*e)]),
    }
}
