//! `Tape`: the list of what was computed, in order. Append order is the topological order, so the reverse sweep is a loop.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use smallvec::SmallVec;
use wengert_tensor::{AnyTensor, Float, Rng, Shape, Tensor};

use crate::compiled;
use crate::error::Line;
use crate::fault::Fault;
use crate::nodes::{Node, Nodes};
use crate::ops::{Constant, Data, Input, Op, Operation as _, Parameter, Untracked};
use crate::param::Reading;
use crate::scope::Scopes;
use crate::tensors::Tensors;
use crate::{Error, Param, Result, Var};

/// The contents of a tape. They pass from tape to tape of a thread, so that a training step reuses their memory.
pub(crate) struct Inner<T> {
    pub(crate) nodes: Nodes<T>,
    /// The lines of parameters, in order.
    pub(crate) params: Vec<u32>,
    /// Younger tapes have higher numbers; none has 0.
    number: u64,
    pub(crate) scopes: Scopes,
    pub(crate) notes: Vec<Note>,
    pub(crate) watchers: Vec<Watcher<T>>,
    pub(crate) spent: Option<Line>,
    pub(crate) grads: Vec<Option<Tensor<T>>>,
    /// NaN in the shape of each parameter, which stands in its place once the tape is spent; kept from tape to tape.
    pub(crate) gone: Vec<Tensor<T>>,
    /// Gradients kept for printing, by node.
    pub(crate) adjoints: Vec<Option<Tensor<T>>>,
    /// The time of each node's forward pass, on a tape that is timed.
    pub(crate) times: Vec<Duration>,
}

/// Something that left the tape at a node, so that no gradient comes back through it.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    pub(crate) node: u32,
    pub(crate) op: &'static str,
    pub(crate) at: Line,
}

/// Called with a node's gradient; may return another.
type See<T> = Box<dyn Fn(&Tensor<T>) -> Option<Tensor<T>>>;

/// A watcher of a node, and the line that set it.
pub(crate) struct Watcher<T> {
    pub(crate) node: u32,
    pub(crate) see: See<T>,
    pub(crate) at: Line,
}

/// The number of the next tape.
static NEXT: AtomicU64 = AtomicU64::new(1);

fn next_number() -> u64 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl<T> Default for Inner<T> {
    fn default() -> Self {
        Self {
            nodes: Nodes::default(),
            params: Vec::new(),
            number: 0,
            scopes: Scopes::default(),
            notes: Vec::new(),
            watchers: Vec::new(),
            spent: None,
            grads: Vec::new(),
            gone: Vec::new(),
            adjoints: Vec::new(),
            times: Vec::new(),
        }
    }
}

impl<T: Float> Inner<T> {
    /// The line on which a parameter was read.
    pub(crate) fn line_of(&self, param: &Param<T>) -> Option<u32> {
        let holds = |index: &&u32| {
            self.nodes.op(**index as usize).parameter().is_some_and(|p| p.param.is(param))
        };
        self.params.iter().find(holds).copied()
    }

    /// The line of the user's program that recorded a node: for an op within a layer of a library, the call of the layer.
    pub(crate) fn user_line(&self, node: Node<'_, T>) -> Line {
        self.scopes.line(node.scope, node.at)
    }

    /// A node's value. Of a parameter, `backward` lets go; it still has the value that was read if nobody has changed it.
    pub(crate) fn value_of(
        &self,
        node: Node<'_, T>,
        verb: &'static str,
        at: Line,
    ) -> Result<Tensor<T>> {
        let (Some(read), Some(spent)) = (node.op.parameter(), self.spent) else {
            return Ok(node.value.clone());
        };
        match read.param.read() {
            (value, now, _) if now == read.version => Ok(value),
            _ => Err(Error::ValueGone {
                verb,
                name: read.param.path(),
                read: self.user_line(node),
                spent,
                at,
            }),
        }
    }
}

impl<T> Inner<T> {
    #[inline]
    fn leaf(&mut self, op: impl Into<Op<T>>, value: Tensor<T>, wanted: bool, at: Line) {
        let scope = self.scopes.now();
        self.nodes.begin(op);
        self.nodes.finish(&[], value, wanted, scope, at);
    }

    fn clear(&mut self) {
        self.nodes.clear();
        self.params.clear();
        self.scopes.clear();
        self.notes.clear();
        self.watchers.clear();
        self.spent = None;
        self.adjoints.clear();
        self.times.clear();
    }
}

/// The insides of tapes that are gone, by element type.
#[derive(Default)]
struct Spare {
    f32: Vec<Inner<f32>>,
    f64: Vec<Inner<f64>>,
}

thread_local! {
    static SPARE: RefCell<Spare> = RefCell::default();
}

impl Spare {
    fn list<T: Float>(&mut self) -> Option<&mut Vec<Inner<T>>> {
        let (f32, f64): (&mut dyn Any, &mut dyn Any) = (&mut self.f32, &mut self.f64);
        match f32.downcast_mut() {
            Some(list) => Some(list),
            None => f64.downcast_mut(),
        }
    }
}

/// A list of all ops that were computed, in order and with their values, from which gradients are computed backwards.
///
/// A tape lives for one step: make one, record the forward pass, call `backward`, drop it. Vars are handles into it and
/// cannot outlive it, so no graph is kept alive by accident:
///
/// ```compile_fail
/// use wengert_autograd::{Tape, Var};
/// let kept: Var<f32>;
/// {
///     let tape = Tape::<f32>::new();
///     kept = tape.scalar(1.0);
/// }
/// println!("{kept}");
/// ```
pub struct Tape<T> {
    pub(crate) inner: RefCell<Inner<T>>,
    /// The function that takes the contents of a dropped tape. It is a pointer, so that dropping a tape needs no trait bound.
    recycle: fn(Inner<T>),
    pub(crate) recording: Cell<bool>,
    pub(crate) training: Cell<bool>,
    /// Whether layers change their running statistics, where that is not whether the tape records.
    pub(crate) updates: Cell<Option<bool>>,
    pub(crate) keep_adjoints: Cell<bool>,
    pub(crate) finite: Cell<bool>,
    pub(crate) timing: Cell<bool>,
    pub(crate) faults: RefCell<Vec<Fault>>,
    /// The generator of random numbers, once a seed was given.
    pub(crate) rng: RefCell<Option<Rng>>,
}

impl<T: Float> Default for Tape<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Drop for Tape<T> {
    fn drop(&mut self) {
        let mut inner = std::mem::take(self.inner.get_mut());
        inner.clear();
        (self.recycle)(inner);
    }
}

/// Keeps a few: more than one tape at a time is rare. A thread that ends has no list any more.
fn recycle<T: Float>(inner: Inner<T>) {
    let _ = SPARE.try_with(|spare| {
        if let Ok(mut spare) = spare.try_borrow_mut()
            && let Some(list) = spare.list::<T>()
            && list.len() < 4
        {
            list.push(inner);
        }
    });
}

impl<T: Float> Tape<T> {
    /// An empty tape that records, in training mode.
    pub fn new() -> Self {
        let spare = SPARE.try_with(|spare| spare.try_borrow_mut().ok()?.list::<T>()?.pop());
        let mut inner = spare.ok().flatten().unwrap_or_default();
        inner.number = next_number();
        Self {
            inner: RefCell::new(inner),
            recycle: recycle::<T>,
            recording: Cell::new(true),
            training: Cell::new(true),
            updates: Cell::new(None),
            keep_adjoints: Cell::new(false),
            finite: Cell::new(false),
            timing: Cell::new(false),
            faults: RefCell::default(),
            rng: RefCell::new(None),
        }
    }

    /// A tape that computes without recording ops, for evaluation. It is in evaluation mode.
    pub fn no_grad() -> Self {
        let tape = Self::new();
        tape.recording.set(false);
        tape.training.set(false);
        tape
    }

    /// In evaluation mode: dropout passes everything, batch normalisation uses its running statistics.
    #[must_use]
    pub fn evaluating(self) -> Self {
        self.training.set(false);
        self
    }

    /// In training mode.
    #[must_use]
    pub fn training(self) -> Self {
        self.training.set(true);
        self
    }

    /// With this seed for random ops such as dropout. A draw depends only on the seed and on the earlier draws of this tape;
    /// without a seed it is an error. Give each step a seed of its own, or every step draws the same numbers.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    /// use wengert_tensor::{Rng, Tensor};
    ///
    /// let (run, step) = (7, 42);
    /// let draw = |rng: &mut Rng| Tensor::<f32>::rand([3], rng);
    /// let tape = Tape::<f32>::new().seeded(run << 32 | step);
    /// let again = Tape::<f32>::new().seeded(run << 32 | step);
    /// assert_eq!(tape.with_rng("noise", draw)?, again.with_rng("noise", draw)?);
    /// assert!(Tape::<f32>::new().with_rng("noise", draw).is_err());
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    #[must_use]
    pub fn seeded(self, seed: u64) -> Self {
        self.reseed(seed);
        self
    }

    /// [`seeded`](Self::seeded), of a tape that is in use.
    pub(crate) fn reseed(&self, seed: u64) {
        self.rng.replace(Some(Rng::new(seed)));
    }

    /// With the gradient of every node kept, so that printing the tape shows them.
    #[must_use]
    pub fn keeping_adjoints(self) -> Self {
        self.keep_adjoints.set(true);
        self
    }

    /// With `backward` rejecting a loss or a parameter's gradient that is not finite: the error names the op that produced
    /// it, and no gradient is written. A healthy step costs one read of each gradient more.
    ///
    /// ```
    /// use wengert_autograd::{Param, Tape};
    /// use wengert_tensor::tensor;
    ///
    /// let w = Param::new(tensor![0.0_f32, 4.0]);
    /// let tape = Tape::new().finite();
    /// let error = tape.param(&w).sqrt().sum().backward().unwrap_err().to_string();
    /// assert!(error.starts_with("the gradient through %1 sqrt is inf at [0], of [1.0, 0.0]"), "{error}");
    /// assert_eq!(w.grad(), None);
    /// ```
    #[must_use]
    pub fn finite(self) -> Self {
        self.finite.set(true);
        self
    }

    /// Whether it is in training mode.
    pub fn is_training(&self) -> bool {
        self.training.get()
    }

    /// Whether it records. A layer that keeps running statistics changes them if it does; in a part that is
    /// [run again](Self::recompute) for its gradients it does not say so, and the statistics stay.
    pub fn is_recording(&self) -> bool {
        self.updates.get().unwrap_or(self.recording.get())
    }

    /// The number of nodes.
    pub fn len(&self) -> usize {
        self.inner.borrow().nodes.len()
    }

    /// Whether nothing is on it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets all nodes, and is as new but for its modes. Vars cannot be alive: they borrow the tape.
    pub fn reset(&mut self) {
        let inner = self.inner.get_mut();
        inner.clear();
        self.faults.get_mut().clear();
        // Parameters that it has read it has not read any more.
        inner.number = next_number();
    }

    /// Lets `draw`, a part of the op `op`, draw random numbers from this tape's seed.
    ///
    /// # Errors
    /// If the tape has no seed, or this is called within a `draw`, which has the generator already.
    #[track_caller]
    pub fn with_rng<R>(&self, op: &'static str, draw: impl FnOnce(&mut Rng) -> R) -> Result<R> {
        let at = Location::caller();
        let Ok(mut rng) = self.rng.try_borrow_mut() else {
            let rule = format!(
                "{op}: `with_rng` was called within `with_rng`\n  help: draw from the generator that the closure was given"
            );
            return Err(Error::Use(rule, at));
        };
        match rng.as_mut() {
            Some(rng) => Ok(draw(rng)),
            None => Err(Error::Unseeded { op, at }),
        }
    }

    /// A batch on this tape, as data: a tensor of floats, indices or a mask, or several tensors together.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    /// use wengert_tensor::tensor;
    ///
    /// let tape = Tape::new();
    /// let table = tape.var(tensor![[1.0_f64, 2.0], [3.0, 4.0]]);
    /// let tokens = tape.input(tensor![1_usize, 1, 0]);
    /// let rows = table.index_select(0, tokens)?;
    /// // The tape shows where the rows come from.
    /// assert_eq!(tape.lines().of(rows).unwrap().operands()[..], [0, 1]);
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    #[track_caller]
    pub fn input<K: Tensors>(&self, batch: K) -> Var<'_, T, K> {
        Var { tape: self, index: batch.put(self) }
    }

    /// The line of a tensor whose elements are not this tape's floats.
    #[track_caller]
    pub(crate) fn data(&self, data: AnyTensor) -> u32 {
        self.leaf(Data(data), Tensor::scalar(T::ZERO), false).index
    }

    /// A constant: a value that wants no gradient.
    #[track_caller]
    pub fn constant(&self, value: impl Into<Tensor<T>>) -> Var<'_, T> {
        self.leaf(Constant, value.into(), false)
    }

    /// A var that wants a gradient.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    /// use wengert_tensor::tensor;
    ///
    /// let tape = Tape::new();
    /// let x = tape.var(tensor![1.0_f64, 2.0, 3.0]);
    /// let y = (x * x).sum();
    /// assert_eq!(y.gradients()?.wrt(x).value()?, tensor![2.0, 4.0, 6.0]);
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    #[track_caller]
    pub fn var(&self, value: impl Into<Tensor<T>>) -> Var<'_, T> {
        self.leaf(Input, value.into(), self.recording.get())
    }

    /// A number that wants a gradient.
    #[track_caller]
    pub fn scalar(&self, value: T) -> Var<'_, T> {
        self.leaf(Input, Tensor::scalar(value), self.recording.get())
    }

    /// A parameter: the same var each time on this tape.
    #[track_caller]
    pub fn param(&self, param: &Param<T>) -> Var<'_, T> {
        let Ok(mut inner) = self.inner.try_borrow_mut() else {
            let error = Self::busy("param", Location::caller());
            return self.fault("param", Shape::new(&param.shape()), error);
        };
        if let Some(spent) = inner.spent {
            if let Some(index) = inner.line_of(param) {
                return Var { tape: self, index };
            }
            let error = Error::Spent { verb: "param", spent, at: Location::caller() };
            return self.fault("param", Shape::new(&param.shape()), error);
        }
        let index = inner.nodes.len() as u32;
        let (value, version, frozen) = match param.read_by(inner.number, index) {
            Reading::First(value, version, frozen) => (value, version, frozen),
            Reading::Known(index) => return Var { tape: self, index },
            Reading::Unsure => match inner.line_of(param) {
                Some(index) => return Var { tape: self, index },
                None => param.read(),
            },
        };
        inner.params.push(index);
        let wanted = self.recording.get() && !frozen;
        let op = Parameter { param: param.clone(), version };
        inner.leaf(op, value, wanted, Location::caller());
        Var { tape: self, index }
    }

    /// The line of a parameter, with this value in place of its own.
    pub(crate) fn param_with(&self, param: &Param<T>, value: Tensor<T>, wanted: bool) -> u32 {
        let mut inner = self.inner.borrow_mut();
        let index = inner.nodes.len() as u32;
        // So that `param` finds this line.
        let _ = param.read_by(inner.number, index);
        inner.params.push(index);
        let op = Parameter { param: param.clone(), version: param.version() };
        inner.leaf(op, value, wanted, Location::caller());
        index
    }

    /// The parameters that were read on this tape, in order.
    ///
    /// ```
    /// use wengert_autograd::{Param, Tape};
    /// use wengert_tensor::tensor;
    ///
    /// let (used, other) = (Param::new(tensor![1.0_f32]), Param::new(tensor![2.0_f32]));
    /// let tape = Tape::new();
    /// let _ = tape.param(&used) * 2.0;
    /// let read = tape.params();
    /// assert!(read.len() == 1 && read[0].0.is(&used) && !read[0].0.is(&other));
    /// ```
    pub fn params(&self) -> Vec<(Param<T>, Var<'_, T>)> {
        let inner = self.inner.borrow();
        let params = inner.params.iter();
        params
            .filter_map(|&index| {
                let read = inner.nodes.op(index as usize).parameter()?;
                Some((read.param.clone(), Var { tape: self, index }))
            })
            .collect()
    }

    /// The var on this line of the tape; [`Var::index`] is its number. `None` for a line of indices or a mask.
    pub fn line(&self, index: usize) -> Option<Var<'_, T>> {
        let is_data = self.inner.borrow().nodes.get(index)?.op.is_data();
        (!is_data).then_some(Var { tape: self, index: index as u32 })
    }

    /// A constant, in the name of this line.
    pub(crate) fn leaf_at(&self, value: Tensor<T>, at: Line) -> Var<'_, T> {
        let var = self.constant(value);
        if !var.is_fault() {
            self.inner.borrow_mut().nodes.set_place(var.index(), at);
        }
        var
    }

    #[track_caller]
    fn leaf(&self, op: impl Into<Op<T>>, value: Tensor<T>, wanted: bool) -> Var<'_, T> {
        let Ok(mut inner) = self.inner.try_borrow_mut() else {
            let (name, shape) = (op.into().name(), Shape::new(value.shape()));
            return self.fault(name, shape, Self::busy(name, Location::caller()));
        };
        let index = inner.nodes.len() as u32;
        inner.leaf(op, value, wanted, Location::caller());
        Var { tape: self, index }
    }

    /// Runs an op on lines of this tape and records it. Inlined, so that the op is made in its place: if it were made
    /// elsewhere and moved, the move would wait for the stores that made it, 12 of 40 ns an op in all.
    #[track_caller]
    #[inline(always)]
    pub(crate) fn record(&self, op: impl Into<Op<T>>, operands: &[u32]) -> Result<Var<'_, T>> {
        let at = Location::caller();
        match self.inner.try_borrow_mut() {
            Ok(mut inner) => inner.nodes.begin(op),
            Err(_) => return Err(Self::busy(op.into().name(), at)),
        }
        Ok(Var { tape: self, index: compiled::record(self, operands, at)? })
    }

    /// [`record`](Self::record) of the op that was put down, compiled for each float type in this crate.
    pub(crate) fn record_here(&self, operands: &[u32], at: Line) -> Result<u32> {
        let inner = &mut *self.inner.borrow_mut();
        let recorded = self.run(inner, operands, at);
        if recorded.is_err() {
            inner.nodes.give_up();
        }
        recorded
    }

    /// Runs the op that was put down and completes its line.
    #[inline(always)]
    fn run(&self, inner: &mut Inner<T>, operands: &[u32], at: Line) -> Result<u32> {
        let nodes = &mut inner.nodes;
        let op = nodes.begun();
        if let Some(spent) = inner.spent {
            // The error of an operand tells more.
            let fault = operands.iter().find(|k| **k as usize >= nodes.len());
            return Err(match fault {
                Some(&k) => self.fault_at(k),
                None => Error::Spent { verb: op.name(), spent, at },
            });
        }
        let started = if self.timing.get() { Some(Instant::now()) } else { None };
        let mut wanted = false;
        let value = {
            let mut x: SmallVec<[&Tensor<T>; 4]> = SmallVec::new();
            for &k in operands {
                let Some(value) = nodes.values().get(k as usize) else {
                    return Err(self.fault_at(k));
                };
                wanted |= nodes.wanted(k as usize);
                x.push(value);
            }
            op.forward(&x).map_err(|error| error.on_line(at))?
        };
        let index = nodes.len();
        let scope = inner.scopes.now();
        let detached = op.is_detach();
        wanted &= self.recording.get() && !detached;
        if wanted || detached {
            nodes.finish(operands, value, wanted, scope, at);
        } else {
            // Nothing that wants a gradient leads here: the value stands for itself, and keeps nothing alive.
            nodes.replace(Untracked(op.name()).into());
            nodes.finish(&[], value, wanted, scope, at);
        }
        if let Some(started) = started {
            inner.times.resize(index, Duration::ZERO);
            inner.times.push(started.elapsed());
        }
        Ok(index as u32)
    }

    /// The line of the op that was put down, whose operand is `x`; a fault var if it fails. Compiled for each float type.
    pub(crate) fn record_or_fault_here(&self, x: u32, at: Line) -> u32 {
        let inner = &mut *self.inner.borrow_mut();
        match self.run(inner, &[x], at) {
            Ok(index) => index,
            Err(error) => {
                let name = inner.nodes.begun().name();
                inner.nodes.give_up();
                self.fault_of(name, x, &inner.nodes, error, at)
            }
        }
    }

    /// Notes that a value left the tape by an op that has no derivative.
    pub(crate) fn note(&self, node: u32, op: &'static str, at: Line) {
        if let Ok(mut inner) = self.inner.try_borrow_mut() {
            inner.notes.push(Note { node, op, at });
        }
    }
}

impl<T> std::fmt::Debug for Tape<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tape of {} nodes", self.inner.borrow().nodes.len())
    }
}
