//! `Tensors`: one tensor, or several together, as a data set hands them out and a model takes and returns them.

use std::any::Any;

use wengert_tensor::{Element, Float, Tensor};

use crate::{Result, Tape, Var};

/// One tensor of any element type, or several together: tuples and options of `Tensors`.
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_tensor::{Tensor, tensor};
///
/// let tape = Tape::<f32>::new();
/// let batch = (tensor![[1.0_f32, 2.0]], tensor![3_usize]);
/// let (x, index) = tape.input(batch).unpack();
/// assert_eq!(*x.shape(), [1, 2]);
/// assert_eq!(index.value()?, tensor![3]);
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a tensor nor several tensors together",
    note = "a model takes and returns tensors of floats, indices (`Tensor<usize>`) or masks (`Tensor<bool>`), and tuples and options of such"
)]
pub trait Tensors: Clone + 'static {
    /// The lines of a tape that hold them.
    type At: Copy + 'static;
    /// Their vars, apart: a [`Var`] for a tensor, a tuple of vars for a tuple.
    type Vars<'t, T: Float>: Copy;

    /// The number of samples: the size of the first axis of the first tensor.
    fn samples(&self) -> usize;

    /// These samples, in this order: rows of the first axis. A tensor whose first axis is not that of the samples, as a mask that
    /// all share, is left as it is.
    ///
    /// ```
    /// use wengert_autograd::Tensors;
    /// use wengert_tensor::tensor;
    ///
    /// let batch = (tensor![[1.0_f32], [2.0], [3.0]], tensor![7_usize, 8, 9]);
    /// assert_eq!(batch.samples(), 3);
    /// assert_eq!(batch.pick(&[2, 0])?, (tensor![[3.0], [1.0]], tensor![9, 7]));
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is no such sample.
    #[track_caller]
    fn pick(&self, rows: &[usize]) -> Result<Self>;

    /// Puts them on a tape, as data.
    #[doc(hidden)]
    #[track_caller]
    fn put<T: Float>(self, tape: &Tape<T>) -> Self::At;
    /// Reads them from a tape.
    #[doc(hidden)]
    #[track_caller]
    fn read<T: Float>(tape: &Tape<T>, at: Self::At) -> Result<Self>;
    /// The vars of these lines.
    #[doc(hidden)]
    fn vars<T: Float>(tape: &Tape<T>, at: Self::At) -> Self::Vars<'_, T>;
    /// The lines of vars. Notes their tapes.
    #[doc(hidden)]
    fn lines<'t, T: Float>(vars: &Self::Vars<'t, T>, tapes: &mut Tapes<'t, T>) -> Self::At;
    /// Calls `see` with each line.
    #[doc(hidden)]
    fn each(at: Self::At, see: &mut dyn FnMut(u32));
}

/// The tape of some vars, and whether there is another one among them.
#[doc(hidden)]
#[derive(Debug)]
pub struct Tapes<'t, T> {
    pub(crate) first: Option<&'t Tape<T>>,
    pub(crate) differ: bool,
}

/// The value as one of type `B`, if that is its type: known when the program is compiled.
fn same<A: 'static, B: 'static>(a: A) -> Result<B, A> {
    let mut a = Some(a);
    let b = (&mut a as &mut dyn Any).downcast_mut::<Option<B>>().and_then(Option::take);
    match (a, b) {
        (_, Some(b)) => Ok(b),
        (Some(a), None) => Err(a),
        (None, None) => unreachable!("it is taken as one or the other"),
    }
}

impl<E: Element> Tensors for Tensor<E> {
    type At = u32;
    type Vars<'t, T: Float> = Var<'t, T, Self>;

    fn samples(&self) -> usize {
        self.shape().first().copied().unwrap_or(1)
    }
    #[track_caller]
    fn pick(&self, rows: &[usize]) -> Result<Self> {
        if self.rank() == 0 {
            return Ok(self.clone());
        }
        Ok(self.index_select(0, &Tensor::from(rows.to_vec()))?)
    }
    fn put<T: Float>(self, tape: &Tape<T>) -> u32 {
        match same::<Self, Tensor<T>>(self) {
            Ok(floats) => tape.constant(floats).index,
            Err(data) => tape.data(data.into()),
        }
    }
    fn read<T: Float>(tape: &Tape<T>, at: u32) -> Result<Self> {
        if std::any::TypeId::of::<E>() == std::any::TypeId::of::<T>() {
            let floats = Var::<T> { tape, index: at }.floats()?;
            match same::<Tensor<T>, Self>(floats) {
                Ok(value) => return Ok(value),
                Err(_) => unreachable!("one type"),
            }
        }
        if Var::<T>::is_fault(Var { tape, index: at }) {
            return Err(tape.fault_at(at));
        }
        match tape.lines().get(at as usize).and_then(|line| line.data()?.get::<E>().cloned()) {
            Some(value) => Ok(value),
            None => unreachable!("a var knows its element type"),
        }
    }
    fn vars<T: Float>(tape: &Tape<T>, at: u32) -> Var<'_, T, Self> {
        Var { tape, index: at }
    }
    fn lines<'t, T: Float>(var: &Var<'t, T, Self>, tapes: &mut Tapes<'t, T>) -> u32 {
        match tapes.first {
            Some(first) => tapes.differ |= !std::ptr::eq(first, var.tape),
            None => tapes.first = Some(var.tape),
        }
        var.index
    }
    fn each(at: u32, see: &mut dyn FnMut(u32)) {
        see(at);
    }
}

impl<K: Tensors> Tensors for Option<K> {
    type At = Option<K::At>;
    type Vars<'t, T: Float> = Option<K::Vars<'t, T>>;

    fn samples(&self) -> usize {
        self.as_ref().map_or(1, K::samples)
    }
    #[track_caller]
    fn pick(&self, rows: &[usize]) -> Result<Self> {
        self.as_ref().map(|tensors| tensors.pick(rows)).transpose()
    }
    #[track_caller]
    fn put<T: Float>(self, tape: &Tape<T>) -> Self::At {
        match self {
            Some(tensors) => Some(tensors.put(tape)),
            None => None,
        }
    }
    #[track_caller]
    fn read<T: Float>(tape: &Tape<T>, at: Self::At) -> Result<Self> {
        match at {
            Some(at) => Ok(Some(K::read(tape, at)?)),
            None => Ok(None),
        }
    }
    fn vars<T: Float>(tape: &Tape<T>, at: Self::At) -> Self::Vars<'_, T> {
        at.map(|at| K::vars(tape, at))
    }
    fn lines<'t, T: Float>(vars: &Self::Vars<'t, T>, tapes: &mut Tapes<'t, T>) -> Self::At {
        vars.as_ref().map(|vars| K::lines(vars, tapes))
    }
    fn each(at: Self::At, see: &mut dyn FnMut(u32)) {
        if let Some(at) = at {
            K::each(at, see);
        }
    }
}

macro_rules! tuples {
    ($(($($K:ident $i:tt),+))*) => {$(
        impl<$($K: Tensors),+> Tensors for ($($K,)+) {
            type At = ($($K::At,)+);
            type Vars<'t, T: Float> = ($($K::Vars<'t, T>,)+);

            fn samples(&self) -> usize {
                self.0.samples()
            }
            #[track_caller]
            fn pick(&self, rows: &[usize]) -> Result<Self> {
                let all = self.samples();
                Ok(($(if self.$i.samples() == all { self.$i.pick(rows)? } else { self.$i.clone() },)+))
            }
            #[track_caller]
            fn put<T: Float>(self, tape: &Tape<T>) -> Self::At {
                ($(self.$i.put(tape),)+)
            }
            #[track_caller]
            fn read<T: Float>(tape: &Tape<T>, at: Self::At) -> Result<Self> {
                Ok(($($K::read(tape, at.$i)?,)+))
            }
            fn vars<T: Float>(tape: &Tape<T>, at: Self::At) -> Self::Vars<'_, T> {
                ($($K::vars(tape, at.$i),)+)
            }
            fn lines<'t, T: Float>(vars: &Self::Vars<'t, T>, tapes: &mut Tapes<'t, T>) -> Self::At {
                ($($K::lines(&vars.$i, tapes),)+)
            }
            fn each(at: Self::At, see: &mut dyn FnMut(u32)) {
                $($K::each(at.$i, see);)+
            }
        }
    )*};
}
tuples! { (A 0) (A 0, B 1) (A 0, B 1, C 2) (A 0, B 1, C 2, D 3) (A 0, B 1, C 2, D 3, E 4) }
