//! The contents of a tape, which pass from tape to tape of a thread.

use std::any::Any;
use std::cell::RefCell;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use wengert_tensor::{Float, Tensor, compiled};

use crate::error::Line;
use crate::nodes::{Node, Nodes};
use crate::ops::Op;
use crate::scope::Scopes;
use crate::{Error, Param, Result};

/// The contents of a tape. They pass from tape to tape of a thread, so that a training step reuses their memory.
pub(crate) struct Inner<T> {
    pub(crate) nodes: Nodes<T>,
    /// The lines of parameters, in order.
    pub(crate) params: Vec<u32>,
    /// Younger tapes have higher numbers; none has 0.
    pub(crate) number: u64,
    pub(crate) scopes: Scopes,
    pub(crate) notes: Vec<Note>,
    pub(crate) watchers: Vec<Watcher<T>>,
    pub(crate) spent: Option<Line>,
    pub(crate) grads: Vec<Option<Tensor<T>>>,
    /// NaN in the shape of each parameter, which stands in its place while the tape is spent; kept from tape to tape.
    pub(crate) gone: Vec<Option<Tensor<T>>>,
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

pub(crate) fn next_number() -> u64 {
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
    pub(crate) fn leaf(&mut self, op: impl Into<Op<T>>, value: Tensor<T>, wanted: bool, at: Line) {
        let scope = self.scopes.now();
        self.nodes.begin(op);
        self.nodes.finish(&[], value, wanted, scope, at);
    }

    pub(crate) fn clear(&mut self) {
        if self.spent.is_some() {
            self.nodes.take_values(&self.params, &mut self.gone);
        }
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

/// The contents of a tape, in its hands. They are too large to be moved for each step, so a tape has them in a box, which goes back
/// to the boxes of its thread when the tape goes.
pub(crate) struct Held<T> {
    /// There until the tape is dropped.
    contents: Option<Contents<T>>,
    /// A pointer, so that dropping a tape needs no trait bound.
    recycle: fn(Contents<T>),
}

type Contents<T> = Box<RefCell<Inner<T>>>;

impl<T: Float> Held<T> {
    /// Contents of a tape that is gone, or new ones.
    #[inline(never)]
    pub(crate) fn new() -> Self {
        let spare = SPARE.try_with(|spare| spare.try_borrow_mut().ok()?.list::<T>()?.pop());
        let mut contents: Contents<T> = spare.ok().flatten().unwrap_or_default();
        contents.get_mut().number = next_number();
        Self { contents: Some(contents), recycle }
    }
}

impl<T> Deref for Held<T> {
    type Target = RefCell<Inner<T>>;
    #[inline]
    fn deref(&self) -> &RefCell<Inner<T>> {
        match &self.contents {
            Some(contents) => contents,
            None => unreachable!("a tape that was dropped"),
        }
    }
}

impl<T> DerefMut for Held<T> {
    fn deref_mut(&mut self) -> &mut RefCell<Inner<T>> {
        match &mut self.contents {
            Some(contents) => contents,
            None => unreachable!("a tape that was dropped"),
        }
    }
}

impl<T> Drop for Held<T> {
    fn drop(&mut self) {
        if let Some(mut contents) = self.contents.take() {
            contents.get_mut().clear();
            (self.recycle)(contents);
        }
    }
}

/// The contents of tapes that are gone, by element type.
#[derive(Default)]
struct Spare {
    f32: Vec<Contents<f32>>,
    f64: Vec<Contents<f64>>,
}

thread_local! {
    static SPARE: RefCell<Spare> = RefCell::default();
}

impl Spare {
    fn list<T: Float>(&mut self) -> Option<&mut Vec<Contents<T>>> {
        let (f32, f64): (&mut dyn Any, &mut dyn Any) = (&mut self.f32, &mut self.f64);
        match f32.downcast_mut() {
            Some(list) => Some(list),
            None => f64.downcast_mut(),
        }
    }
}

/// Keeps a few: more than one tape at a time is rare. A thread that ends has no list any more.
fn recycle<T: Float>(contents: Contents<T>) {
    let _ = SPARE.try_with(|spare| {
        if let Ok(mut spare) = spare.try_borrow_mut()
            && let Some(list) = spare.list::<T>()
            && list.len() < 4
        {
            list.push(contents);
        }
    });
}

compiled!(f32 f64: { Held::<T>::new });
