//! Looking back along a tape: which op made the numbers of a var.

use wengert_tensor::Float;

use crate::Var;

impl<T: Float> Var<'_, T> {
    /// The var whose numbers these are, when ops that only move numbers (reshape, transpose, slice, gather, cat,
    /// clamp, a product with 1, …) are looked through: of several operands the first. A tape that records no ops shows none;
    /// itself, if none of them made it.
    ///
    /// ```
    /// use wengert_autograd::Tape;
    /// use wengert_tensor::tensor;
    ///
    /// let tape = Tape::new();
    /// let p = tape.var(tensor![[1.0_f32, 2.0]]).softmax(1)?;
    /// assert_eq!(p.reshape([2, 1])?.t().behind_views().op(), "softmax");
    /// assert_eq!((p.clamp(1e-7, 1.0) * 1.0).behind_views().op(), "softmax");
    /// # Ok::<(), wengert_autograd::Error>(())
    /// ```
    #[must_use]
    pub fn behind_views(self) -> Self {
        if self.is_fault() {
            return self;
        }
        let inner = self.tape.inner.borrow();
        let mut index = self.index;
        loop {
            let node = inner.nodes.at(index as usize);
            let moves = node.op.moves_numbers();
            match node.operands.first() {
                Some(&from) if moves => index = from,
                _ => return Self { tape: self.tape, index },
            }
        }
    }
}
