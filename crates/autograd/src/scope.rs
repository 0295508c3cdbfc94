//! Scopes: the calls of layers, and named parts of a program. A scope knows its parent, the layer that ran, its name, the line
//! of the call and its results. The names of layers in prints, traces and errors are read from here.

use wengert_tensor::Float;

use crate::error::Line;
use crate::{Result, Tape, Tensors, Var};

/// A layer's identity: its address, and its type, since a struct has the address of its first field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Who {
    address: usize,
    kind: &'static str,
}

impl Who {
    /// The identity of this layer.
    pub fn of<M: ?Sized>(layer: &M) -> Self {
        let address = (&raw const *layer).cast::<()>().addr();
        Self { address, kind: std::any::type_name::<M>() }
    }

    /// The type's name without its path and its parameters: `Linear`.
    pub fn kind(self) -> &'static str {
        let plain = self.kind.split('<').next().unwrap_or(self.kind);
        plain.rsplit("::").next().unwrap_or(plain)
    }
}

/// The call of a layer, as a scope keeps it.
#[derive(Clone, Copy, Debug)]
struct Call {
    who: Who,
    at: Line,
    /// The directory of the library that called, whose own lines tell a user nothing.
    library: &'static str,
}

/// A scope, as the tape stores it: text and results lie in vectors of the tape, whose memory is reused from step to step.
#[derive(Clone, Copy, Debug)]
struct Kept {
    parent: u32,
    name: (u32, u32),
    call: Option<Call>,
    results: (u32, u32),
    open: bool,
}

/// The scopes of a tape.
#[derive(Debug, Default)]
pub(crate) struct Scopes {
    kept: Vec<Kept>,
    names: String,
    results: Vec<u32>,
    /// The current scope, counted from 1; 0 is none.
    now: u32,
}

/// A scope of a tape; see [`Tape::scopes`].
#[derive(Clone, Debug)]
pub struct Scope {
    /// The number of the scope around it.
    pub parent: Option<usize>,
    /// The layer that ran, if the scope is a call.
    pub who: Option<Who>,
    /// The name, if it has one: from [`Tape::scope`], or from the container of its layer.
    pub name: Option<String>,
    /// The line of the call.
    pub at: Option<Line>,
    /// The lines of the tape that hold the results of the call.
    pub results: Vec<usize>,
}

impl Scopes {
    pub(crate) fn now(&self) -> u32 {
        self.now
    }

    pub(crate) fn clear(&mut self) {
        self.kept.clear();
        self.names.clear();
        self.results.clear();
        self.now = 0;
    }

    #[inline]
    fn enter(&mut self, name: &str, call: Option<Call>) -> (u32, u32) {
        let start = self.names.len() as u32;
        self.names.push_str(name);
        let name = (start, self.names.len() as u32);
        self.kept.push(Kept { parent: self.now, name, call, results: (0, 0), open: true });
        let before = std::mem::replace(&mut self.now, self.kept.len() as u32);
        (self.now, before)
    }

    fn name(&self, kept: &Kept) -> &str {
        &self.names[kept.name.0 as usize..kept.name.1 as usize]
    }

    /// A scope and those around it, from inside out.
    fn around(&self, scope: u32) -> impl Iterator<Item = &Kept> {
        let get = |scope: u32| self.kept.get((scope as usize).checked_sub(1)?);
        std::iter::successors(get(scope), move |kept| get(kept.parent))
    }

    /// Ends a scope. Guards may be dropped in any order: what is recorded next belongs to the innermost scope that is open.
    #[inline]
    fn end(&mut self, scope: u32) {
        if let Some(kept) = self.kept.get_mut((scope as usize).wrapping_sub(1)) {
            kept.open = false;
        }
        while self.now != 0 && !self.kept[self.now as usize - 1].open {
            self.now = self.kept[self.now as usize - 1].parent;
        }
    }

    /// The names around a node, from outside in, joined by dots.
    pub(crate) fn path(&self, scope: u32) -> String {
        let mut names: Vec<&str> =
            self.around(scope).map(|kept| self.name(kept)).filter(|n| !n.is_empty()).collect();
        names.reverse();
        names.join(".")
    }

    /// The kind of the innermost layer around a node.
    pub(crate) fn kind(&self, scope: u32) -> Option<&'static str> {
        self.around(scope).find_map(|kept| Some(kept.call?.who.kind()))
    }

    /// The line for a user: `at`, or the call around it that is not a library's own.
    pub(crate) fn line(&self, scope: u32, at: Line) -> Line {
        self.around(scope)
            .filter_map(|kept| kept.call)
            .fold(at, |at, call| if at.file().starts_with(call.library) { call.at } else { at })
    }

    fn read(&self) -> Vec<Scope> {
        let read = |kept: &Kept| Scope {
            parent: (kept.parent as usize).checked_sub(1),
            who: kept.call.map(|call| call.who),
            name: Some(self.name(kept).to_string()).filter(|name| !name.is_empty()),
            at: kept.call.map(|call| call.at),
            results: self.results[kept.results.0 as usize..kept.results.1 as usize]
                .iter()
                .map(|&line| line as usize)
                .collect(),
        };
        self.kept.iter().map(read).collect()
    }
}

impl<T: Float> Tape<T> {
    /// Names everything that is recorded until the guard is dropped: the path in prints and reports.
    ///
    /// ```
    /// # use wengert_autograd::Tape;
    /// let tape = Tape::<f32>::new();
    /// let x = tape.scalar(2.0);
    /// let y = {
    ///     let _in = tape.scope("encoder");
    ///     x.tanh()
    /// };
    /// assert_eq!(y.scope(), "encoder");
    /// ```
    #[must_use = "the scope ends when the guard is dropped"]
    pub fn scope(&self, name: impl AsRef<str>) -> ScopeGuard<'_, T> {
        self.open(name.as_ref(), None)
    }

    /// The scope of a layer's call, for `call` of modules: `library` is the directory of the files whose lines tell a user
    /// nothing.
    #[doc(hidden)]
    #[inline]
    pub fn enter(
        &self,
        who: Who,
        name: &str,
        at: Line,
        library: &'static str,
    ) -> ScopeGuard<'_, T> {
        self.open(name, Some(Call { who, at, library }))
    }

    #[inline]
    fn open(&self, name: &str, call: Option<Call>) -> ScopeGuard<'_, T> {
        // While a sweep goes over the tape nothing is recorded, so there is nothing to name.
        let (this, before) = match self.inner.try_borrow_mut() {
            Ok(mut inner) => inner.scopes.enter(name, call),
            Err(_) => (0, 0),
        };
        ScopeGuard { tape: self, this, before }
    }

    /// The scopes of this tape, in the order in which they were opened.
    ///
    /// ```
    /// # use wengert_autograd::Tape;
    /// let tape = Tape::<f32>::new();
    /// let outer = tape.scope("encoder");
    /// let inner = tape.scope("0");
    /// drop((inner, outer));
    /// let scopes = tape.scopes();
    /// assert_eq!((scopes[1].name.as_deref(), scopes[1].parent), (Some("0"), Some(0)));
    /// ```
    pub fn scopes(&self) -> Vec<Scope> {
        self.inner.borrow().scopes.read()
    }
}

/// Ends a scope when it is dropped.
#[derive(Debug)]
pub struct ScopeGuard<'t, T: Float> {
    tape: &'t Tape<T>,
    /// Counted from 1; 0 is none.
    this: u32,
    before: u32,
}

impl<T: Float> ScopeGuard<'_, T> {
    /// The number of this scope in [`Tape::scopes`].
    #[doc(hidden)]
    pub fn number(&self) -> Option<usize> {
        (self.this as usize).checked_sub(1)
    }

    /// Whether no scope is around this one.
    #[doc(hidden)]
    pub fn is_outermost(&self) -> bool {
        self.before == 0
    }

    /// Notes the results of the call.
    ///
    /// # Errors
    /// The error of the op that failed, if a result has no value: `relu` and other methods of a var return no `Result`.
    #[doc(hidden)]
    #[inline]
    pub fn gave<K: Tensors>(&self, y: Var<'_, T, K>) -> Result<()> {
        let mut fault = None;
        if let Ok(mut inner) = self.tape.inner.try_borrow_mut() {
            let lines = inner.nodes.len();
            let scopes = &mut inner.scopes;
            let start = scopes.results.len() as u32;
            K::each(y.index, &mut |line| {
                scopes.results.push(line);
                if line as usize >= lines {
                    fault = Some(line);
                }
            });
            let results = (start, scopes.results.len() as u32);
            if let Some(kept) = scopes.kept.get_mut((self.this as usize).wrapping_sub(1)) {
                kept.results = results;
            }
        }
        match fault {
            Some(line) => Err(self.tape.fault_at(line)),
            None => Ok(()),
        }
    }
}

impl<T: Float> Drop for ScopeGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if let Ok(mut inner) = self.tape.inner.try_borrow_mut() {
            inner.scopes.end(self.this);
        }
    }
}
