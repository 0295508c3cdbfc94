//! How a case's call is read: its arguments and attributes by name, each as the type that the table asks for.

use std::collections::HashMap;

use wengert::autograd::{Tape, Var};
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
    pub fn stored(&self) -> wengert::autograd::Result<Stored> {
        Ok(match self {
            Self::Float(x) => Stored::Float(x.value()?.cast()),
            Self::Int(x) => Stored::Int(x.clone()),
            Self::Bool(x) => Stored::Bool(x.clone()),
        })
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

    pub fn get<P: Parameter<'t, T>>(&self, name: &str) -> Result<P::Out, Refusal> {
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

/// What a parameter may be: how it is read, and as what.
pub trait Parameter<'t, T: Float> {
    type Out;
    fn read(call: &Call<'_, 't, T>, name: &str) -> Result<Self::Out, Refusal>;
}

/// A var.
impl<'t, T: Float> Parameter<'t, T> for Var<'t, T> {
    type Out = Self;
    fn read(call: &Call<'_, 't, T>, name: &str) -> Result<Self::Out, Refusal> {
        match call.args.get(name) {
            Some(Value::Float(x)) => Ok(*x),
            _ => Err(Refusal::Mismatch),
        }
    }
}

/// What may be missing or null.
impl<'t, T: Float, P: Parameter<'t, T>> Parameter<'t, T> for Option<P> {
    type Out = Option<P::Out>;
    fn read(call: &Call<'_, 't, T>, name: &str) -> Result<Self::Out, Refusal> {
        if !call.args.contains_key(name) && call.attrs.get(name).is_null() {
            return Ok(None);
        }
        P::read(call, name).map(Some)
    }
}

/// A var, or a number as one.
#[derive(Debug)]
pub struct Term;
impl<'t, T: Float> Parameter<'t, T> for Term {
    type Out = Var<'t, T>;
    fn read(call: &Call<'_, 't, T>, name: &str) -> Result<Self::Out, Refusal> {
        match call.args.get(name) {
            Some(Value::Float(x)) => Ok(*x),
            Some(_) => Err(Refusal::Mismatch),
            None => Ok(call.constant(f64::read(call, name)?)),
        }
    }
}

/// What a loss compares with: a var, or whole numbers taken as floats.
#[derive(Debug)]
pub struct Target;
impl<'t, T: Float> Parameter<'t, T> for Target {
    type Out = Var<'t, T>;
    fn read(call: &Call<'_, 't, T>, name: &str) -> Result<Self::Out, Refusal> {
        match call.args.get(name) {
            Some(Value::Float(x)) => Ok(*x),
            Some(Value::Int(x)) => Ok(call.tape.constant(x.cast::<T>())),
            _ => Err(Refusal::Mismatch),
        }
    }
}

/// A var's numbers alone: what is data here.
#[derive(Debug)]
pub struct Data;
impl<'t, T: Float> Parameter<'t, T> for Data {
    type Out = Tensor<T>;
    fn read(call: &Call<'_, 't, T>, name: &str) -> Result<Self::Out, Refusal> {
        Ok(Var::read(call, name)?.value()?)
    }
}

/// All of `xs0`, `xs1`, …: a list of vars.
impl<'t, T: Float> Parameter<'t, T> for Vec<Var<'t, T>> {
    type Out = Self;
    fn read(call: &Call<'_, 't, T>, name: &str) -> Result<Self::Out, Refusal> {
        let count = call.args.keys().filter(|k| k.starts_with(name)).count();
        (0..count).map(|i| Var::read(call, &format!("{name}{i}"))).collect()
    }
}

/// Integers.
impl<'t, T: Float> Parameter<'t, T> for Tensor<i64> {
    type Out = Self;
    fn read(call: &Call<'_, 't, T>, name: &str) -> Result<Self::Out, Refusal> {
        match call.args.get(name) {
            Some(Value::Int(x)) => Ok(x.clone()),
            _ => Err(Refusal::Mismatch),
        }
    }
}

/// Places and class numbers: integers that are not negative.
impl<'t, T: Float> Parameter<'t, T> for Tensor<usize> {
    type Out = Self;
    fn read(call: &Call<'_, 't, T>, name: &str) -> Result<Self::Out, Refusal> {
        let x = Tensor::<i64>::read(call, name)?;
        if let Some(negative) = x.iter().find(|&x| x < 0) {
            let what = format!("`{name}` holds {negative}, and an index is a `usize`");
            return Err(Refusal::Inexpressible(what));
        }
        Ok(x.map(|x| x as usize))
    }
}

/// A whole number, as an attribute or as a tensor of one.
#[derive(Debug)]
pub struct Count;
impl<'t, T: Float> Parameter<'t, T> for Count {
    type Out = isize;
    fn read(call: &Call<'_, 't, T>, name: &str) -> Result<Self::Out, Refusal> {
        match call.args.get(name) {
            Some(Value::Int(x)) => Ok(x.item()? as isize),
            _ => isize::read(call, name),
        }
    }
}

/// A mask.
impl<'t, T: Float> Parameter<'t, T> for Tensor<bool> {
    type Out = Self;
    fn read(call: &Call<'_, 't, T>, name: &str) -> Result<Self::Out, Refusal> {
        match call.args.get(name) {
            Some(Value::Bool(x)) => Ok(x.clone()),
            _ => Err(Refusal::Mismatch),
        }
    }
}

/// Two numbers that are one setting.
#[derive(Debug)]
pub struct Pair;

/// A switch.
#[derive(Debug)]
pub struct Flag;

/// Sizes, of which null is the size that there is.
#[derive(Debug)]
pub struct SizesOrRest;

macro_rules! attributes {
    ($($(#[$doc:meta])* $t:ty: $out:ty = |$x:ident| $read:expr;)*) => {$(
        $(#[$doc])*
        impl<'t, T: Float> Parameter<'t, T> for $t {
            type Out = $out;
            fn read(call: &Call<'_, 't, T>, name: &str) -> Result<Self::Out, Refusal> {
                let $x = call.attr(name)?;
                $read.ok_or(Refusal::Mismatch)
            }
        }
    )*};
}
attributes! {
    f64: f64 = |x| x.number();
    bool: bool = |x| x.boolean();
    isize: isize = |x| x.integer().map(|x| x as isize);
    usize: usize = |x| x.integer().and_then(|x| usize::try_from(x).ok());
    String: String = |x| x.text().map(str::to_string);
    /// A switch that is off where nothing is said.
    Flag: bool = |x| if x.is_null() { Some(false) } else { x.boolean() };
    /// Two numbers; null is 0.
    Pair: (f64, f64) = |x| match x.list() {
        [a, b] => Some((a.number().unwrap_or(0.0), b.number().unwrap_or(0.0))),
        _ => None,
    };
    /// A list of whole numbers, or one of them.
    Vec<isize>: Self = |x| match x {
        Json::List(list) => list.iter().map(|x| x.integer().map(|x| x as isize)).collect(),
        x => x.integer().map(|x| vec![x as isize]),
    };
    /// A list of sizes, or one size; null is `REST`.
    SizesOrRest: Vec<usize> = |x| match x {
        Json::List(list) => list.iter().map(|x| match x.is_null() {
            true => Some(wengert::tensor::REST),
            false => usize::try_from(x.integer()?).ok(),
        }).collect(),
        x => x.integer().and_then(|x| Some(vec![usize::try_from(x).ok()?])),
    };
    /// A list of sizes, or one size.
    Vec<usize>: Self = |x| match x {
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

impl<'t, T: Float> IntoAnswer<'t, T> for (Var<'t, T>, Var<'t, T>) {
    fn into_answer(self) -> Result<Answer<'t, T>, Refusal> {
        Ok([self.0, self.1].map(Value::Float).into())
    }
}

impl<'t, T: Float> IntoAnswer<'t, T> for (Var<'t, T>, (Var<'t, T>, Var<'t, T>)) {
    fn into_answer(self) -> Result<Answer<'t, T>, Refusal> {
        let (y, (h, c)) = self;
        Ok([y, h, c].map(Value::Float).into())
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

/// One number for each axis, of one for all or one for each.
pub fn each<const D: usize>(numbers: &[usize]) -> Result<[usize; D], Refusal> {
    match numbers {
        [all] => Ok([*all; D]),
        each => {
            each.try_into().map_err(|_| Refusal::inexpressible(format!("{each:?} for {D} axes")))
        }
    }
}

/// Settings that are made or not.
pub trait Options: Sized {
    /// Set, if this is so.
    fn when(self, wanted: bool, set: impl FnOnce(Self) -> Self) -> Self {
        if wanted { set(self) } else { self }
    }
    /// Set to this, if it is given.
    fn maybe<V>(self, value: Option<V>, set: impl FnOnce(Self, V) -> Self) -> Self {
        match value {
            Some(value) => set(self, value),
            None => self,
        }
    }
}
impl<S> Options for S {}

/// A line of the table, for people.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// PyTorch's name, and its parameters.
    pub op: &'static str,
    pub parameters: &'static [(&'static str, &'static str)],
    /// What it is here, as it runs.
    pub ours: &'static str,
    /// The same in other words, if the line needs the runner's help.
    pub text: &'static [&'static str],
}

/// A part of the table: `op(parameter: Type, …) => what it is here;`. The first line of an op that takes all that the call
/// has is run; an op may have several, for numbers and for tensors, say. The head says what the lines give, and how it is
/// wrapped: `fn call -> Answer<'t, T>, wrap;`.
#[macro_export]
macro_rules! table {
    (fn $name:ident -> $Answer:ty, $wrap:path;
     $($op:ident($($p:ident: $kind:ident),* $(,)?) => $ours:expr $(, as $text:literal)?;)*) => {
        /// The lines, for people.
        pub const ROWS: &[$crate::golden::call::Row] = &[$($crate::golden::call::Row {
            op: stringify!($op),
            parameters: &[$((stringify!($p), stringify!($kind))),*],
            ours: stringify!($ours),
            text: &[$($text)?],
        }),*];

        /// Runs the line that takes this call, if this part has one.
        // Names are PyTorch's.
        #[allow(unused_variables, non_snake_case, clippy::redundant_closure_call)]
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
    ($t:lifetime $T:ident Term) => { $crate::golden::call::Term };
    ($t:lifetime $T:ident MaybeTerm) => { Option<$crate::golden::call::Term> };
    ($t:lifetime $T:ident Target) => { $crate::golden::call::Target };
    ($t:lifetime $T:ident Data) => { $crate::golden::call::Data };
    ($t:lifetime $T:ident MaybeData) => { Option<$crate::golden::call::Data> };
    ($t:lifetime $T:ident Mask) => { wengert::tensor::Tensor<bool> };
    ($t:lifetime $T:ident Index) => { wengert::tensor::Tensor<usize> };
    ($t:lifetime $T:ident Ints) => { wengert::tensor::Tensor<i64> };
    ($t:lifetime $T:ident List) => { Vec<isize> };
    ($t:lifetime $T:ident Sizes) => { Vec<usize> };
    ($t:lifetime $T:ident MaybeSizes) => { Option<Vec<usize>> };
    ($t:lifetime $T:ident SizesOrRest) => { $crate::golden::call::SizesOrRest };
    ($t:lifetime $T:ident MaybeIndex) => { Option<usize> };
    ($t:lifetime $T:ident MaybeList) => { Option<Vec<isize>> };
    ($t:lifetime $T:ident Text) => { String };
    ($t:lifetime $T:ident MaybeText) => { Option<String> };
    ($t:lifetime $T:ident MaybeNumber) => { Option<f64> };
    ($t:lifetime $T:ident MaybeInt) => { Option<isize> };
    ($t:lifetime $T:ident MaybeBool) => { Option<bool> };
    ($t:lifetime $T:ident Fan) => { wengert::nn::init::Fan };
    ($t:lifetime $T:ident Reduction) => { wengert::loss::Reduction };
    ($t:lifetime $T:ident KlReduction) => { wengert::loss::KlReduction };
    ($t:lifetime $T:ident Count) => { $crate::golden::call::Count };
    ($t:lifetime $T:ident Pair) => { $crate::golden::call::Pair };
    ($t:lifetime $T:ident MaybePair) => { Option<$crate::golden::call::Pair> };
    ($t:lifetime $T:ident Flag) => { $crate::golden::call::Flag };
    ($t:lifetime $T:ident $plain:ident) => { $plain };
}
