//! `Visitor`: what a model names its parts to.

use wengert_autograd::Param;
use wengert_tensor::Float;

use super::Parts;
use crate::buffer::{Buffer, Counter};

/// A part, as a visitor sees it.
#[derive(Clone, Copy)]
pub enum Part<'a, T: Float> {
    /// A parameter, which is trained.
    Param(&'a Param<T>),
    /// A buffer, which is saved but not trained.
    Buffer(&'a Buffer<T>),
    /// A counter.
    Counter(&'a Counter),
    /// A module with parts of its own, which come next.
    Module(&'a dyn Parts<T>),
}

impl<T: Float> std::fmt::Debug for Part<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Param(p) => p.fmt(f),
            Self::Buffer(b) => b.fmt(f),
            Self::Counter(c) => c.fmt(f),
            Self::Module(m) => f.write_str(&m.describe().unwrap_or_default()),
        }
    }
}

/// Visits the parts of a model, and keeps track of the path.
pub struct Visitor<'a, T: Float> {
    pub(super) path: String,
    /// The number of modules around this place, and the largest so far.
    pub(super) depth: usize,
    pub(super) deepest: usize,
    pub(super) see: &'a mut dyn FnMut(&str, Part<'_, T>),
}

impl<T: Float> std::fmt::Debug for Visitor<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Visitor at `{}`", self.path)
    }
}

/// The most modules within one another that a container takes: a call, a walk and a drop go as deep into the stack, of which a thread
/// has 2 MB.
const DEEPEST: usize = 200;

/// The rule that a layer breaks which lies too deep for one more container around it.
pub(crate) fn too_deep<T: Float>(layer: &dyn Parts<T>) -> Option<String> {
    let see = &mut |_: &str, _: Part<'_, T>| {};
    let mut visitor = Visitor::new(see);
    layer.visit(&mut visitor);
    (visitor.deepest + 1 > DEEPEST).then(|| {
        format!("more than {DEEPEST} modules lie within one another\n  help: add the layers to one `Sequential`, by `push`")
    })
}

impl<'a, T: Float> Visitor<'a, T> {
    pub(super) fn new(see: &'a mut dyn FnMut(&str, Part<'_, T>)) -> Self {
        Self { path: String::new(), depth: 0, deepest: 0, see }
    }

    /// Names a parameter.
    pub fn param(&mut self, name: &str, param: &Param<T>) {
        self.within(name, |v| (v.see)(&v.path, Part::Param(param)));
    }

    /// Names a buffer.
    pub fn buffer(&mut self, name: &str, buffer: &Buffer<T>) {
        self.within(name, |v| (v.see)(&v.path, Part::Buffer(buffer)));
    }

    /// Names a counter.
    pub fn counter(&mut self, name: &str, counter: &Counter) {
        self.within(name, |v| (v.see)(&v.path, Part::Counter(counter)));
    }

    /// Names anything with parts: a module, a `Vec` or `Option` of modules, or a bare parameter, buffer or counter.
    pub fn module(&mut self, name: &str, module: &dyn Parts<T>) {
        self.within(name, |v| {
            (v.see)(&v.path, Part::Module(module));
            v.depth += 1;
            v.deepest = v.deepest.max(v.depth);
            module.visit(v);
            v.depth -= 1;
        });
    }

    /// With a name appended to the path. An empty name appends nothing, so a container with one unnamed part is that part.
    fn within(&mut self, name: &str, act: impl FnOnce(&mut Self)) {
        let before = self.path.len();
        if !name.is_empty() {
            if before > 0 {
                self.path.push('.');
            }
            self.path.push_str(name);
        }
        act(self);
        self.path.truncate(before);
    }
}
