//! What each layer gave in a forward pass: for summaries, and for whoever wants to look at activations.
//!
//! A layer does not know its own path, nor does the tape; the model's [`Parts`] do. So layers say that they ran
//! ([`seen`]), and where each stands in memory and of what type it is tells which of the parts it was.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use wengert_autograd::{Result, Var};
use wengert_tensor::Float;

use crate::parts::Part;
use crate::{Module, Parts};

/// Which layer: its address, and its type, since a struct has its first field's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Identity(usize, &'static str);

impl Identity {
    pub(crate) fn of<M: ?Sized>(module: &M) -> Self {
        Self((&raw const *module).cast::<()>().addr(), std::any::type_name::<M>())
    }
}

/// A layer ran, and this line of the tape is its result.
struct Call {
    layer: Identity,
    tape: usize,
    index: usize,
}

thread_local! {
    static LISTENING: Cell<bool> = const { Cell::new(false) };
    static CALLS: RefCell<Vec<Call>> = const { RefCell::new(Vec::new()) };
}

fn address<T>(y: Var<'_, T>) -> usize
where
    T: Float,
{
    std::ptr::from_ref(y.tape()).addr()
}

/// Says that a module gave this var, and gives it back. Layers end their `forward` so; in a module of your own it makes
/// [`summary`](Module::summary) and [`trace`] show the module's result, and costs next to nothing else.
///
/// ```
/// use wengert_autograd::{Result, Var};
/// use wengert_nn::{Module, parts, seen};
///
/// struct Double;
/// parts!(Double {});
/// impl Module<f32> for Double {
///     fn forward<'t>(&self, x: Var<'t, f32>) -> Result<Var<'t, f32>> {
///         Ok(seen(self, x * 2.0))
///     }
/// }
/// ```
#[inline]
pub fn seen<'t, T: Float, M: Parts<T> + ?Sized>(module: &M, y: Var<'t, T>) -> Var<'t, T> {
    if LISTENING.get() {
        let call = Call { layer: module.identity(), tape: address(y), index: y.index() };
        CALLS.with_borrow_mut(|calls| match calls.last() {
            // A container says it of its layers, and these of themselves.
            Some(last) if last.layer == call.layer && last.index == call.index => {}
            _ => calls.push(call),
        });
    }
    y
}

/// What a forward pass gave, layer by layer; see [`trace`].
#[derive(Clone)]
pub struct Trace<'t, T> {
    /// The model's result.
    pub output: Var<'t, T>,
    /// The path of each layer that ran, in order, and its result. A layer that ran twice is here twice.
    pub layers: Vec<(String, Var<'t, T>)>,
}

impl<T: Float> std::fmt::Debug for Trace<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.layers.iter().map(|(path, y)| (path, y.shape()))).finish()
    }
}

/// A forward pass with each layer's result by path: to look at activations, and with `gradients` at what comes back.
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
/// let (path, active) = &found.layers[1];
/// let dead = active.value()?.greater_scalar(0.0).logical_not().all_over(0)?.count();
/// println!("layer {path}: {dead} of 50 units never fire");
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
///
/// # Errors
/// As the model's `forward`.
pub fn trace<'t, T: Float, M: Module<T> + ?Sized>(
    model: &M,
    x: Var<'t, T>,
) -> Result<Trace<'t, T>> {
    /// Stops listening, also if `forward` panics, and puts back what an outer trace has heard.
    struct Listening(bool, Vec<Call>);
    impl Drop for Listening {
        fn drop(&mut self) {
            LISTENING.set(self.0);
            CALLS.set(std::mem::take(&mut self.1));
        }
    }
    let before = Listening(LISTENING.replace(true), CALLS.take());
    let output = seen(model, model.forward(x)?);
    let calls = CALLS.take();
    drop(before);

    let mut paths: HashMap<Identity, (Vec<String>, usize)> = HashMap::new();
    paths.entry(model.identity()).or_default().0.push(String::new());
    model.walk(&mut |path, part| {
        if let Part::Module(module) = part {
            paths.entry(module.identity()).or_default().0.push(path.to_string());
        }
    });
    let tape = x.tape();
    let mut layers = Vec::new();
    for call in calls.iter().filter(|c| c.tape == address(x)) {
        // Layers without a field take no room and share one address: then they ran in the order of their names.
        if let Some((names, turn)) = paths.get_mut(&call.layer)
            && let Some(y) = tape.line(call.index)
        {
            layers.push((names[*turn % names.len()].clone(), y));
            *turn += 1;
        }
    }
    Ok(Trace { output, layers })
}
