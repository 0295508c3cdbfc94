//! Whether a model names all the parameters that it uses, and uses all that it names: a field that was left out of the
//! parts is never trained, and says nothing.

use std::fmt;
use std::panic::Location;

use wengert_autograd::{Line, Param, Tape, Tensors, Var};
use wengert_tensor::{Float, compiled};

use crate::module::run;
use crate::{Error, Module, Parts, Result};

/// The differences between the parameters that a forward pass used and those that the model names.
#[derive(Clone)]
pub struct ParameterMismatch {
    /// Shapes of parameters that were used and have no name, and the lines that used them.
    pub unnamed: Vec<(Vec<usize>, Line)>,
    /// Paths of parameters that have a name and were not used.
    pub unused: Vec<String>,
    /// Paths under which another parameter of the model goes too.
    pub doubled: Vec<String>,
}

/// Runs a model once, in evaluation mode, and compares what it used with what it names.
///
/// ```
/// use wengert_autograd::{Result, Var};
/// use wengert_nn::{Linear, Module, check_parameters, parts};
/// use wengert_tensor::{Rng, Tensor};
///
/// struct Mlp {
///     l1: Linear<f32>,
///     l2: Linear<f32>,
/// }
/// parts!(Mlp { l1 }); // l2 is forgotten
///
/// impl Module<f32> for Mlp {
///     fn forward<'t>(&self, x: Var<'t, f32>) -> Result<Var<'t, f32>> {
///         self.l2.call(self.l1.call(x)?.tanh())
///     }
/// }
///
/// let rng = &mut Rng::new(0);
/// let model = Mlp { l1: Linear::new(4, 3, rng), l2: Linear::new(3, 2, rng) };
/// let error = check_parameters(&model, &Tensor::ones([1, 4])).unwrap_err();
/// assert!(error.to_string().contains("used, but not named"));
/// ```
///
/// # Errors
/// [`Error::Parameters`] if they differ, and the errors of the forward pass.
#[track_caller]
pub fn check_parameters<T, In, Out, M>(model: &M, x: &In) -> Result<()>
where
    T: Float,
    In: Tensors,
    Out: Tensors,
    M: Module<T, In, Out> + ?Sized,
{
    let tape = Tape::no_grad();
    run(model, tape.input(x.clone()), "", Location::caller())?;
    check_parameters_on(model, &tape)
}

/// [`check_parameters`] of what a tape holds already: for parts that a function uses which is no [`Module`].
///
/// # Errors
/// [`Error::Parameters`] if the parameters on the tape are not those that the model names.
pub fn check_parameters_on<T: Float, P: Parts<T> + ?Sized>(
    model: &P,
    tape: &Tape<T>,
) -> Result<()> {
    compare(&model.named_parameters(), &tape.params())
}

/// Compares the parameters that a model names with those that a tape has read.
#[inline(never)]
fn compare<T: Float>(named: &[(String, Param<T>)], used: &[(Param<T>, Var<'_, T>)]) -> Result<()> {
    let unnamed = used.iter().filter(|(p, _)| !named.iter().any(|(_, q)| q.is(p)));
    let unused = named.iter().filter(|(_, p)| !used.iter().any(|(q, _)| q.is(p)));
    let mut paths: Vec<&String> = named.iter().map(|(path, _)| path).collect();
    paths.sort();
    let doubled = paths.windows(2).filter(|w| w[0] == w[1]);
    let mismatch = ParameterMismatch {
        unnamed: unnamed.map(|(p, v)| (p.shape(), v.recorded_at())).collect(),
        unused: unused.map(|(path, _)| path.clone()).collect(),
        doubled: doubled.map(|w| w[0].clone()).collect(),
    };
    let empty =
        mismatch.unnamed.is_empty() && mismatch.unused.is_empty() && mismatch.doubled.is_empty();
    if empty { Ok(()) } else { Err(Error::Parameters(Box::new(mismatch))) }
}

impl fmt::Display for ParameterMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "check_parameters: the forward pass and the names of the model's parts differ",
        )?;
        for (shape, at) in &self.unnamed {
            write!(f, "\n  used, but not named: a parameter of shape {shape:?}, read at {at}")?;
        }
        for path in &self.unused {
            write!(f, "\n  named, but not used: `{path}`")?;
        }
        for path in &self.doubled {
            write!(f, "\n  two parameters of one name: `{path}`")?;
        }
        if !self.unnamed.is_empty() {
            f.write_str(
                "\n  help: name the field in `parts!`: what is not named is not trained, not frozen and not saved",
            )?;
        }
        Ok(())
    }
}

compiled!(f32 f64: { compare::<T> });
