//! How a case's call is read: its arguments and attributes by name, each as the type that the table asks for.

use std::collections::HashMap;

use wengert::autograd::{Operand, Tape, Var};
use wengert::tensor::{Float, Tensor};

use super::support::{Json, Stored};

/// Why a call gives no answer.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// The table has no line for this op, or none for these options.
    Missing(String),
    /// This line of the table is for other arguments.
    Mismatch,
    /// Our types have no way to say it: a negative class number, a reduction of an unknown name.
    Inexpressible(String),
    /// We refused it, in these words.
    Refused(String),
}

impl Refusal {
    pub fn inexpressible(what: impl Into<String>) -> Self {
        Self::Inexpressible(what.into())
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing(what) => write!(f, "missing: {what}"),
            Self::Mismatch => f.write_str("no line of the table takes these arguments"),
            Self::Inexpressible(what) => write!(f, "inexpressible: {what}"),
            Self::Refused(words) => write!(f, "refused: {words}"),
        }
    }
}

macro_rules! refusals {
    ($($error:ty)*) => {$(
        impl From<$error> for Refusal {
            fn from(error: $error) -> Self {
                Self::Refused(error.to_string())
            }
        }
    )*};
}
refusals!(wengert::autograd::Error wengert::tensor::Error);

/// A value in a call: recorded floats, or integers or booleans beside them.
#[derive(Clone, Debug)]
pub enum Value<'t, T: Float> {
    Float(Var<'t, T>),
    Int(Tensor<i64>),
    Bool(Tensor<bool>),
}

impl<'t, T: Float> Value<'t, T> {
    /// A stored tensor on a tape: as a var that wants a gradient, or as data.
    pub fn new(tape: &'t Tape<T>, stored: &Stored, wanted: bool) -> Self {
        match stored {
            Stored::Float(x) if wanted => Self::Float(tape.var(x.cast::<T>())),
            Stored::Float(x) => Self::Float(tape.constant(x.cast::<T>())),
            Stored::Int(x) => Self::Int(x.clone()),
            Stored::Bool(x) => Self::Bool(x.clone()),
        }
    }

    /// Widened, as the files are.
    pub fn stored(&self) -> Stored {
        match self {
            Self::Float(x) => Stored::Float(x.value().cast()),
            Self::Int(x) => Stored::Int(x.clone()),
            Self::Bool(x) => Stored::Bool(x.clone()),
        }
    }
}

/// What an op gave: one value or several.
pub type Answer<'t, T> = Vec<Value<'t, T>>;

/// A call: an op's name, and what it is called with.
#[derive(Debug)]
pub struct Call<'c, 't, T: Float> {
    pub tape: &'t Tape<T>,
    pub op: &'c str,
    pub args: HashMap<String, Value<'t, T>>,
    pub attrs: &'c Json,
}

impl<'t, T: Float> Call<'_, 't, T> {
    /// Whether these parameters are all that the call has. An attribute that is null may go unread.
    pub fn has_only(&self, parameters: &[&str]) -> bool {
        let known = |name: &str| {
            // A list `xs` of tensors is written `xs0`, `xs1`, ….
            parameters.contains(&name) || (parameters.contains(&"xs") && name.starts_with("xs"))
        };
        self.args.keys().all(|name| known(name))
            && self.attrs.fields().iter().all(|(name, x)| x.is_null() || known(name))
    }

    pub fn get<P: Parameter<'t, T>>(&self, name: &str) -> Result<P, Refusal> {
        P::read(self, name)
    }

    /// The attribute, unless there is an argument of this name.
    fn attr(&self, name: &str) -> Result<&Json, Refusal> {
        if self.args.contains_key(name) {
            return Err(Refusal::Mismatch);
        }
        Ok(self.attrs.get(name))
    }

    /// A number as a constant of the call's type.
    fn constant(&self, x: f64) -> Var<'t, T> {
        self.tape.constant(Tensor::scalar(T::from_f64(x)))
    }
}

/// What a parameter may be.
pub trait Parameter<'t, T: Float>: Sized {
    fn read(call: &Call<'_, 't, T>, name: &str) -> Result<Self, Refusal>;
}

/// A var.
impl<'t, T: Float> Parameter<'t, T> for Var<'t, T> {
    fn read(call: &Call<'_, 't, T>, name: &str) -> Result<Self, Refusal> {
        match call.args.get(name) {
            Some(Value::Float(x)) => Ok(*x),
            _ => Err(Refusal::Mismatch),
        }
    }
}

/// What may be missing or null.
impl<'t, T: Float, P: Parameter<'t, T>> Parameter<'t, T> for Option<P> {
    fn read(call: &Call<'_, 't, T>, name: &str) -> Result<Self, Refusal> {
        if call.args.get(name).is_none() && call.attrs.get(name).is_null() {
            return Ok(None);
        }
        P::read(call, name).map(Some)
    }
}

/// A var, or a number as one.
#[derive(Clone, Copy)]
pub struct Term<'t, T>(pub Var<'t, T>);
impl<'t, T: Float> Parameter<'t, T> for Term<'t, T> {
    fn read(call: &Call<'_, 't, T>, name: &str) -> Result<Self, Refusal> {
        match call.args.get(name) {
            Some(Value::Float(x)) => Ok(Self(*x)),
            Some(_) => Err(Refusal::Mismatch),
            None => Ok(Self(call.constant(f64::read(call, name)?))),
        }
    }
}

impl<'t, T: Float> Operand<'t, T> for Term<'t, T> {
    fn on(self, _: Var<'t, T>) -> Var<'t, T> {
        self.0
    }
}

/// What a loss compares with: a var, or whole numbers taken as floats.
#[derive(Clone, Copy)]
pub struct Target<'t, T>(pub Var<'t, T>);
impl<'t, T: Float> Parameter<'t, T> for Target<'t, T> {
    fn read(call: &Call<'_, 't, T>, name: &str) -> Result<Self, Refusal> {
        match call.args.get(name) {
            Some(Value::Float(x)) => Ok(Self(*x)),
            Some(Value::Int(x)) => Ok(Self(call.tape.constant(x.cast::<T>()))),
            _ => Err(Refusal::Mismatch),
        }
    }
}

impl<'t, T: Float> Operand<'t, T> for Target<'t, T> {
    fn on(self, _: Var<'t, T>) -> Var<'t, T> {
        self.0
    }
}

/// A var's numbers alone: what is data here.
#[derive(Clone)]
pub struct Data<T>(pub Tensor<T>);
impl<'t, T: Float> Parameter<'t, T> for Data<T> {
    fn read(call: &Call<'_, 't, T>, name: &str) -> Result<Self, Refusal> {
        Ok(Self(Var::read(call, name)?.value()))
    }
}

/// All of `xs0`, `xs1`, …: a list of vars.
impl<'t, T: Float> Parameter<'t, T> for Vec<Var<'t, T>> {
    fn read(call: &Call<'_, 't, T>, name: &str) -> Result<Self, Refusal> {
        let count = call.args.keys().filter(|k| k.starts_with(name)).count();
        (0..count).map(|i| Var::read(call, &format!("{name}{i}"))).collect()
    }
}

/// Integers.
impl<'t, T: Float> Parameter<'t, T> for Tensor<i64> {
    fn read(call: &Call<'_, 't, T>, name: &str) -> Result<Self, Refusal> {
        match call.args.get(name) {
            Some(Value::Int(x)) => Ok(x.clone()),
            _ => Err(Refusal::Mismatch),
        }
    }
}

/// Places and class numbers: integers that are not negative.
impl<'t, T: Float> Parameter<'t, T> for Tensor<usize> {
    fn read(call: &Call<'_, 't, T>, name: &str) -> Result<Self, Refusal> {
        let x = Tensor::<i64>::read(call, name)?;
        if let Some(negative) = x.iter().find(|&x| x < 0) {
            let what = format!("`{name}` holds {negative}, and an index is a `usize`");
            return Err(Refusal::Inexpressible(what));
        }
        Ok(x.map(|x| x as usize))
    }
}

/// A mask.
impl<'t, T: Float> Parameter<'t, T> for Tensor<bool> {
    fn read(call: &Call<'_, 't, T>, name: &str) -> Result<Self, Refusal> {
        match call.args.get(name) {
            Some(Value::Bool(x)) => Ok(x.clone()),
            _ => Err(Refusal::Mismatch),
        }
    }
}

macro_rules! attributes {
    ($($(#[$doc:meta])* $t:ty: |$x:ident| $read:expr;)*) => {$(
        $(#[$doc])*
        impl<'t, T: Float> Parameter<'t, T> for $t {
            fn read(call: &Call<'_, 't, T>, name: &str) -> Result<Self, Refusal> {
                let $x = call.attr(name)?;
                $read.ok_or(Refusal::Mismatch)
            }
        }
    )*};
}
attributes! {
    f64: |x| x.number();
    bool: |x| x.boolean();
    isize: |x| x.integer().map(|x| x as isize);
    usize: |x| x.integer().and_then(|x| usize::try_from(x).ok());
    String: |x| x.text().map(str::to_string);
    /// A list of whole numbers, or one of them.
    Vec<isize>: |x| match x {
        Json::List(list) => list.iter().map(|x| x.integer().map(|x| x as isize)).collect(),
        x => x.integer().map(|x| vec![x as isize]),
    };
    /// A list of sizes, or one size.
    Vec<usize>: |x| match x {
        Json::List(list) => list.iter().map(|x| usize::try_from(x.integer()?).ok()).collect(),
        x => x.integer().and_then(|x| Some(vec![usize::try_from(x).ok()?])),
    };
}

/// What the right side of a line of the table may be.
pub trait IntoAnswer<'t, T: Float> {
    fn into_answer(self) -> Result<Answer<'t, T>, Refusal>;
}

impl<'t, T: Float> IntoAnswer<'t, T> for Var<'t, T> {
    fn into_answer(self) -> Result<Answer<'t, T>, Refusal> {
        Ok(vec![Value::Float(self)])
    }
}

impl<'t, T: Float> IntoAnswer<'t, T> for Answer<'t, T> {
    fn into_answer(self) -> Result<Self, Refusal> {
        Ok(self)
    }
}

impl<'t, T: Float> IntoAnswer<'t, T> for Tensor<bool> {
    fn into_answer(self) -> Result<Answer<'t, T>, Refusal> {
        Ok(vec![Value::Bool(self)])
    }
}

impl<'t, T: Float> IntoAnswer<'t, T> for Tensor<i64> {
    fn into_answer(self) -> Result<Answer<'t, T>, Refusal> {
        Ok(vec![Value::Int(self)])
    }
}

impl<'t, T: Float> IntoAnswer<'t, T> for Tensor<usize> {
    fn into_answer(self) -> Result<Answer<'t, T>, Refusal> {
        Ok(vec![Value::Int(self.map(|x| x as i64))])
    }
}

impl<'t, T: Float> IntoAnswer<'t, T> for (Var<'t, T>, Tensor<usize>) {
    fn into_answer(self) -> Result<Answer<'t, T>, Refusal> {
        Ok(vec![Value::Float(self.0), Value::Int(self.1.map(|x| x as i64))])
    }
}

impl<'t, T: Float> IntoAnswer<'t, T> for Vec<Var<'t, T>> {
    fn into_answer(self) -> Result<Answer<'t, T>, Refusal> {
        Ok(self.into_iter().map(Value::Float).collect())
    }
}

impl<'t, T: Float, A: IntoAnswer<'t, T>, E: Into<Refusal>> IntoAnswer<'t, T> for Result<A, E> {
    fn into_answer(self) -> Result<Answer<'t, T>, Refusal> {
        self.map_err(Into::into)?.into_answer()
    }
}

/// A line of the table, for people.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// PyTorch's name, and its parameters.
    pub op: &'static str,
    pub parameters: &'static [(&'static str, &'static str)],
    /// What it is here.
    pub ours: &'static str,
}

/// A part of the table: `op(parameter: Type, …) => what it is here;`. The first line of an op that takes all that the call
/// has is run; an op may have several, for numbers and for tensors, say. The head says what the lines give, and how it is
/// wrapped: `fn call -> Answer<'t, T>, wrap;`.
#[macro_export]
macro_rules! table {
    (fn $name:ident -> $Answer:ty, $wrap:path;
     $($op:ident($($p:ident: $kind:ident),* $(,)?) => $ours:expr;)*) => {
        /// The lines, for people.
        pub const ROWS: &[$crate::golden::call::Row] = &[$($crate::golden::call::Row {
            op: stringify!($op),
            parameters: &[$((stringify!($p), stringify!($kind))),*],
            ours: stringify!($ours),
        }),*];

        /// Runs the line that takes this call, if this part has one.
        #[allow(unused_variables, clippy::redundant_closure_call)]
        pub fn $name<'t, T: wengert::tensor::Float>(
            c: &$crate::golden::call::Call<'_, 't, T>,
        ) -> Result<$Answer, $crate::golden::call::Refusal> {
            use $crate::golden::call::Refusal;
            let mut why = Refusal::Missing(String::new());
            $(if c.op == stringify!($op) && c.has_only(&[$(stringify!($p)),*]) {
                let read = || -> Result<_, Refusal> {
                    Ok(($(c.get::<$crate::kind!('t T $kind)>(stringify!($p))?,)*))
                };
                match read() {
                    Ok(($($p,)*)) => return (|| -> Result<_, Refusal> { $wrap($ours) })(),
                    Err(Refusal::Mismatch) if !matches!(why, Refusal::Missing(_)) => {}
                    Err(other) => why = other,
                }
            })*
            Err(why)
        }
    };
}

/// The types that a line of the table may ask for.
#[macro_export]
macro_rules! kind {
    ($t:lifetime $T:ident Var) => { wengert::autograd::Var<$t, $T> };
    ($t:lifetime $T:ident MaybeVar) => { Option<wengert::autograd::Var<$t, $T>> };
    ($t:lifetime $T:ident Vars) => { Vec<wengert::autograd::Var<$t, $T>> };
    ($t:lifetime $T:ident Term) => { $crate::golden::call::Term<$t, $T> };
    ($t:lifetime $T:ident MaybeTerm) => { Option<$crate::golden::call::Term<$t, $T>> };
    ($t:lifetime $T:ident Target) => { $crate::golden::call::Target<$t, $T> };
    ($t:lifetime $T:ident Data) => { $crate::golden::call::Data<$T> };
    ($t:lifetime $T:ident MaybeData) => { Option<$crate::golden::call::Data<$T>> };
    ($t:lifetime $T:ident Mask) => { wengert::tensor::Tensor<bool> };
    ($t:lifetime $T:ident Index) => { wengert::tensor::Tensor<usize> };
    ($t:lifetime $T:ident Ints) => { wengert::tensor::Tensor<i64> };
    ($t:lifetime $T:ident List) => { Vec<isize> };
    ($t:lifetime $T:ident Sizes) => { Vec<usize> };
    ($t:lifetime $T:ident MaybeIndex) => { Option<usize> };
    ($t:lifetime $T:ident MaybeList) => { Option<Vec<isize>> };
    ($t:lifetime $T:ident Text) => { String };
    ($t:lifetime $T:ident MaybeNumber) => { Option<f64> };
    ($t:lifetime $T:ident MaybeInt) => { Option<isize> };
    ($t:lifetime $T:ident MaybeBool) => { Option<bool> };
    ($t:lifetime $T:ident Fan) => { wengert::nn::init::Fan };
    ($t:lifetime $T:ident Reduction) => { wengert::loss::Reduction };
    ($t:lifetime $T:ident KlReduction) => { wengert::loss::KlReduction };
    ($t:lifetime $T:ident $plain:ident) => { $plain };
}
