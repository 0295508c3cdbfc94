//! Functions of each element: those of the table of derivatives, a user's own, and the choice between two.

use std::borrow::Cow;
use std::sync::Arc;

use smallvec::SmallVec;
use wengert_tensor::pointwise::{BinaryOp, UnaryOp};
use wengert_tensor::{Float, Tensor};

use super::{Given, Operation, Reads, family};
use crate::Result;
use crate::algebra::{Algebra, At, Incoming};
#[cfg(test)]
use crate::check::row::{M, Row, row};
use crate::pointwise::OwnFunction;

family! {
    [inline]
    /// Functions of each element.
    Elementwise<T> { Unary, Binary, Own<T>, Where }
}

/// A function of the table, of each element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unary(pub UnaryOp);

/// A function of the table, of each pair of elements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Binary(pub BinaryOp);

/// A user's function of the elements of each place.
#[derive(Clone, Debug)]
pub struct Own<T>(pub(crate) Arc<dyn OwnFunction<T>>);

/// The first operand where the mask is true, else the second.
#[derive(Clone, Debug)]
pub struct Where(pub Given<bool>);

impl<T: Float> Own<T> {
    /// The number of operands.
    pub fn operands(&self) -> usize {
        self.0.operands()
    }

    /// The function of these operands, which are broadcast against one another.
    ///
    /// # Errors
    /// If their shapes do not broadcast.
    pub fn value(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        self.0.value(x)
    }
}

impl Unary {
    /// The definition of the function as the table has it, in the signs of mathematics.
    ///
    /// ```
    /// use wengert_autograd::ops::Unary;
    /// use wengert_tensor::pointwise::UnaryOp;
    ///
    /// assert_eq!(Unary(UnaryOp::Softsign).definition(), "y = x / (x.abs() + 1)");
    /// ```
    pub fn definition(&self) -> String {
        format!("y = {}", readable(self.0.value_text()))
    }
}

impl Binary {
    /// The definition of the function as the table has it, in the signs of mathematics.
    ///
    /// ```
    /// use wengert_autograd::ops::Binary;
    /// use wengert_tensor::pointwise::BinaryOp;
    ///
    /// assert_eq!(Binary(BinaryOp::Mul).definition(), "y = a·b");
    /// ```
    pub fn definition(&self) -> String {
        format!("y = {}", readable(self.0.value_text()))
    }
}

impl<T: Float> Operation<T> for Unary {
    #[inline]
    fn name(&self) -> &'static str {
        self.0.name()
    }
    fn attributes(&self) -> Vec<(&'static str, String)> {
        named(self.0.parameters())
    }
    #[inline]
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        Ok(self.0.try_apply(x[0])?)
    }
    #[inline]
    fn pull<A: Algebra<T>>(&self, _: usize, g: Incoming<'_, A>, at: &impl At<A>) -> Result<A> {
        at.see(0, |x| at.see_y(|y| A::pull_unary(self.0, g.take(), x, y)))
    }
    fn push<A: Algebra<T>>(&self, _: usize, t: &A, x: &[A], y: &A) -> Result<A> {
        A::pull_unary(self.0, t.clone(), &x[0], y)
    }
    fn formula(&self, _: usize) -> Cow<'static, str> {
        times_g(&readable(self.0.slope_text())).into()
    }
    fn reads(&self, _: usize) -> Reads {
        names_in(self.0.slope_text(), &["x"], "y")
    }
    #[cfg(test)]
    fn rows() -> Vec<Row> {
        let each = UnaryOp::ALL.iter().map(|&op| {
            let (low, high) = crate::check::row::range(op);
            row(op.name(), &[(M, low, high)], move |x| x[0].apply(Unary(op)))
        });
        each.collect()
    }
}

impl<T: Float> Operation<T> for Binary {
    #[inline]
    fn name(&self) -> &'static str {
        self.0.name()
    }
    fn attributes(&self) -> Vec<(&'static str, String)> {
        named(self.0.parameters())
    }
    #[inline]
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        Ok(self.0.apply(x[0], x[1])?)
    }
    #[inline]
    fn pull<A: Algebra<T>>(&self, k: usize, g: Incoming<'_, A>, at: &impl At<A>) -> Result<A> {
        at.see(0, |a| at.see(1, |b| at.see_y(|y| A::pull_binary(self.0, k, g.take(), a, b, y))))
    }
    fn push<A: Algebra<T>>(&self, k: usize, t: &A, x: &[A], y: &A) -> Result<A> {
        let shape = y.shape();
        let (a, b) = (x[0].expand(&shape)?, x[1].expand(&shape)?);
        A::pull_binary(self.0, k, t.expand(&shape)?, &a, &b, y)
    }
    fn formula(&self, k: usize) -> Cow<'static, str> {
        times_g(&readable(self.0.slope_text(k))).into()
    }
    fn reads(&self, k: usize) -> Reads {
        names_in(self.0.slope_text(k), &["a", "b"], "y")
    }
    #[cfg(test)]
    fn rows() -> Vec<Row> {
        let each = BinaryOp::ALL.iter().flat_map(|&op| {
            let [(a, b), (c, d)] = crate::check::row::binary_ranges(op);
            [(M, M), (&[2, 1, 4][..], &[3, 1][..])].map(|(left, right)| {
                row(op.name(), &[(left, a, b), (right, c, d)], move |x| {
                    x[0].apply_with(Binary(op), x[1])
                })
            })
        });
        each.collect()
    }
}

impl<T: Float> Operation<T> for Own<T> {
    fn name(&self) -> &'static str {
        self.0.name()
    }
    fn attributes(&self) -> Vec<(&'static str, String)> {
        named(self.0.options())
    }
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        self.0.value(x)
    }
    fn pull<A: Algebra<T>>(&self, k: usize, g: Incoming<'_, A>, at: &impl At<A>) -> Result<A> {
        let x: SmallVec<[A; 4]> = (0..at.operands()).map(|k| at.x(k)).collect();
        A::pull_own(&*self.0, k, g.take(), &x)
    }
    fn push<A: Algebra<T>>(&self, k: usize, t: &A, x: &[A], y: &A) -> Result<A> {
        A::pull_own(&*self.0, k, t.expand(&y.shape())?, x)
    }
    fn formula(&self, k: usize) -> Cow<'static, str> {
        match self.0.operands() {
            1 => format!("g·{}'(x)", self.0.name()).into(),
            _ => format!("g·∂{}/∂{}", self.0.name(), char::from(b'a' + k as u8)).into(),
        }
    }
    fn reads(&self, _: usize) -> Reads {
        let all = (0..self.0.operands()).map(Reads::operand);
        all.fold(Reads::NOTHING, Reads::and)
    }
    #[cfg(test)]
    fn rows() -> Vec<Row> {
        use wengert_tensor::pointwise::{ONE, Real};

        #[derive(Clone, Copy)]
        struct Swish;
        impl crate::Pointwise for Swish {
            const NAME: &'static str = "swish";
            fn value<R: Real>(self, [x]: [R; 1]) -> R {
                x / (ONE + (-x).exp())
            }
        }
        /// (a - b)·√(1 + c²)
        #[derive(Clone, Copy)]
        struct Mixed;
        impl crate::Pointwise<3> for Mixed {
            const NAME: &'static str = "mixed";
            fn value<R: Real>(self, [a, b, c]: [R; 3]) -> R {
                (a - b) * (c * c + ONE).sqrt()
            }
        }
        let three: &[_] = &[(M, -2.0, 2.0), (&[4], -2.0, 2.0), (&[3, 1], -2.0, 2.0)];
        vec![
            row("swish", crate::check::row::ANY, |x| Ok(x[0].pointwise(Swish))),
            row("mixed", three, |x| x[0].tape().pointwise(Mixed, [x[0], x[1], x[2]])),
        ]
    }
}

impl<T: Float> Operation<T> for Where {
    fn name(&self) -> &'static str {
        "where"
    }
    fn forward(&self, x: &[&Tensor<T>]) -> Result<Tensor<T>> {
        Ok(x[0].where_(&self.0.values, x[1])?)
    }
    fn pull<A: Algebra<T>>(&self, k: usize, g: Incoming<'_, A>, _: &impl At<A>) -> Result<A> {
        let mask = match k {
            0 => self.0.clone(),
            _ => Given { values: !&self.0.values, line: self.0.line },
        };
        g.masked(mask)
    }
    fn push<A: Algebra<T>>(&self, k: usize, t: &A, _: &[A], y: &A) -> Result<A> {
        let zero = t.fixed(Tensor::scalar(T::ZERO));
        let (yes, no) = if k == 0 { (t, &zero) } else { (&zero, t) };
        A::run(self.clone(), &[yes, no])?.expand(&y.shape())
    }
    fn data(&self) -> SmallVec<[u32; 2]> {
        self.0.line.into_iter().collect()
    }
    fn formula(&self, k: usize) -> Cow<'static, str> {
        if k == 0 { "where(mask, g, 0)".into() } else { "where(mask, 0, g)".into() }
    }
    fn reads(&self, _: usize) -> Reads {
        Reads::NOTHING
    }
    #[cfg(test)]
    fn rows() -> Vec<Row> {
        let mask = wengert_tensor::tensor![[true], [false], [true]];
        vec![row("where", &[(M, -2.0, 2.0), (&[4], -2.0, 2.0)], move |x| x[0].where_(&mask, x[1]))]
    }
}

/// Parameters of the table as attributes.
fn named(parameters: Vec<(&'static str, f64)>) -> Vec<(&'static str, String)> {
    parameters.into_iter().map(|(name, value)| (name, value.to_string())).collect()
}

/// The values that a formula of the table names.
fn names_in(formula: &str, operands: &[&str], result: &str) -> Reads {
    let mut words = formula.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'));
    let mut reads = Reads::NOTHING;
    for word in &mut words {
        let name = word.split('.').next().unwrap_or_default();
        if name == result {
            reads = reads.and(Reads::RESULT);
        } else if let Some(k) = operands.iter().position(|o| *o == name) {
            reads = reads.and(Reads::operand(k));
        }
    }
    reads
}

/// The gradient g times a slope.
fn times_g(slope: &str) -> String {
    match slope {
        "1" => "g".to_string(),
        "-1" => "-g".to_string(),
        name if name.chars().all(char::is_alphanumeric) => format!("g·{name}"),
        _ => format!("g·({slope})"),
    }
}

/// A formula of the table in the signs of mathematics.
fn readable(formula: &str) -> String {
    let mut text = formula.split_whitespace().collect::<Vec<_>>().join(" ");
    for (from, to) in
        [("ONE", "1"), ("TWO", "2"), ("HALF", "½"), ("ZERO", "0"), (".square()", "²"), (" * ", "·")]
    {
        text = text.replace(from, to);
    }
    text
}
