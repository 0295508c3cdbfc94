//! The results of each layer in a forward pass: for summaries, and to look at activations.
//!
//! Neither a layer nor the tape knows the layer's path; the [`Parts`] of the model do. A call leaves a scope with the layer's
//! identity on the tape, and the paths are found from both.

use std::collections::HashMap;
use std::panic::Location;

use wengert_autograd::{Result, Scope, Tape, Tensors, Var, Who};
use wengert_tensor::{Float, compiled};

use crate::Module;
use crate::module::run;
use crate::parts::{Any, AnyParts, Part};

/// The results of a forward pass, layer by layer; see [`trace`].
#[derive(Clone)]
pub struct Trace<'t, T: Float, Out: Tensors = wengert_tensor::Tensor<T>> {
    /// The model's result.
    pub output: Out::Vars<'t, T>,
    /// The path of each layer that ran, in the order of the calls, with its results. A layer that ran twice is listed
    /// twice.
    pub layers: Vec<(String, Vec<Var<'t, T>>)>,
}

impl<T: Float, Out: Tensors> std::fmt::Debug for Trace<'_, T, Out> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shapes =
            |results: &[Var<'_, T>]| -> Vec<_> { results.iter().map(|y| y.shape()).collect() };
        f.debug_map().entries(self.layers.iter().map(|(path, ys)| (path, shapes(ys)))).finish()
    }
}

/// A forward pass with each layer's results by path, to look at activations and, with `gradients`, at their gradients.
///
/// ```
/// use wengert_autograd::Tape;
/// use wengert_nn::{Linear, Relu, Sequential, trace};
/// use wengert_tensor::{Rng, Tensor};
///
/// let rng = &mut Rng::new(0);
/// let net = Sequential::<f32>::new().with(Linear::new(3, 50, rng)).with(Relu).with(Linear::new(50, 1, rng));
/// let tape = Tape::new();
/// let found = trace(&net, tape.constant(Tensor::randn([20, 3], rng)))?;
/// let (path, active) = &found.layers[2];
/// let dead = active[0].value()?.greater_scalar(0.0).logical_not().all_over(0)?.count();
/// println!("layer {path}: {dead} of 50 units never fire");
/// # assert_eq!(path, "1");
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
///
/// # Errors
/// As the model's `call`.
#[track_caller]
pub fn trace<'t, T, In, Out, M>(model: &M, x: In::Vars<'t, T>) -> Result<Trace<'t, T, Out>>
where
    T: Float,
    In: Tensors,
    Out: Tensors,
    M: Module<T, In, Out> + ?Sized,
{
    let at = Location::caller();
    let x: Var<'t, T, In> = Var::pack(x)?;
    let tape = x.tape();
    let before = tape.scopes().len();
    let output = run(model, x, "", at)?.unpack();
    let scopes = tape.scopes();
    let mut layers = Vec::new();
    for (path, scope) in paths(&Any(model), &scopes).into_iter().zip(&scopes).skip(before) {
        let Some(who) = scope.who else { continue };
        let results = scope.results.iter().filter_map(|&line| tape.line(line)).collect();
        layers.push((path.unwrap_or_else(|| who.kind().to_string()), results));
    }
    Ok(Trace { output, layers })
}

/// The path of each scope in a model: the path of the scope around it with the name that a container gave, or the part
/// of that identity which lies within the layer around it. `None` for layers that are not named.
///
/// Layers without fields have size 0 and may have the same address: then they are taken to run in the order of their names.
#[inline(never)]
pub(crate) fn paths<T: Float>(model: &dyn AnyParts<T>, scopes: &[Scope]) -> Vec<Option<String>> {
    let mut known: HashMap<Who, Vec<String>> = HashMap::from([(model.who(), vec![String::new()])]);
    model.walk(&mut |path, part| {
        if let Part::Module(module) = part {
            known.entry(module.who()).or_default().push(path.to_string());
        }
    });
    let mut turns: HashMap<(Option<usize>, Who), usize> = HashMap::new();
    let mut found: Vec<Option<String>> = Vec::with_capacity(scopes.len());
    for scope in scopes {
        let around = scope.parent.map(|parent| found[parent].clone());
        let path = match (scope.who, &scope.name, around) {
            // A part of a program that a user named is within the layer around it.
            (None, _, around) => around.flatten(),
            (Some(_), Some(name), Some(Some(around))) => Some(joined(&around, name)),
            (Some(who), _, around) => {
                let prefix = match around.flatten() {
                    Some(path) if !path.is_empty() => format!("{path}."),
                    _ => String::new(),
                };
                known.get(&who).map(|names| {
                    let within: Vec<&String> =
                        names.iter().filter(|name| name.starts_with(&prefix)).collect();
                    let names = if within.is_empty() { names.iter().collect() } else { within };
                    let turn = turns.entry((scope.parent, who)).or_default();
                    *turn += 1;
                    names[(*turn - 1) % names.len()].clone()
                })
            }
        };
        found.push(path);
    }
    found
}

fn joined(around: &str, name: &str) -> String {
    if around.is_empty() { name.to_string() } else { format!("{around}.{name}") }
}

/// The name of a layer for an error: its path in the model that was called, begun with the path that the parameters of
/// that model know; its kind, if the model does not name it. Empty for the model itself.
#[inline(never)]
pub(crate) fn path_of<T: Float>(called: &dyn AnyParts<T>, tape: &Tape<T>, scope: usize) -> String {
    let scopes = tape.scopes();
    let path = paths(called, &scopes).swap_remove(scope);
    // A parameter of the layer that was called knows its whole path, of which the end is its path within the layer.
    let mut around = None;
    called.walk(&mut |within, part| {
        if let Part::Param(param) = part
            && around.is_none()
            && param.is_named()
        {
            let whole = param.path();
            around = whole.strip_suffix(within).map(|p| p.trim_end_matches('.').to_string());
        }
    });
    match path {
        Some(path) => match around {
            Some(around) if !around.is_empty() && !path.is_empty() => joined(&around, &path),
            Some(around) if path.is_empty() => around,
            _ => path,
        },
        None => scopes[scope].who.map_or("", Who::kind).to_string(),
    }
}

compiled!(f32 f64: { paths::<T>, path_of::<T> });
