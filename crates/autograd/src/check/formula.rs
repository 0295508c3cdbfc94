//! The printed formulas of the reverse rules are mathematics: here they are read, evaluated and compared with the rules.
//! (Those of the table of derivatives are its own code.)

mod functions;
mod reader;

use std::collections::HashMap;

use wengert_tensor::{Axes, REST, Shape, Tensor};

use self::reader::Reader;
use super::row::Row;
use crate::algebra::{At, Incoming};
use crate::ops::{
    Cat, Conv, ConvInput, ConvWeight, CrossEntropy, CumProd, CumSum, Elementwise, Linear,
    LogCumSumExp, LogSoftmax, LogSumExp, Max, Mean, Min, Norm, Normalize, Op, Operation, Prod,
    Softmax, Std, Sum, Variance,
};
use crate::{Tape, Var};

/// An op, its operands and result, and a gradient of the result.
struct Place<'a> {
    op: &'a Op<f64>,
    x: Vec<Tensor<f64>>,
    y: Tensor<f64>,
    g: Tensor<f64>,
    /// The operand whose rule is read.
    k: usize,
}

/// The values that a rule declares to read; all others are NaN.
struct Told<'a> {
    place: &'a Place<'a>,
    everything: bool,
}

impl At<Tensor<f64>> for Told<'_> {
    fn x(&self, k: usize) -> Tensor<f64> {
        let reads = self.place.op.reads(self.place.k);
        let x = &self.place.x[k];
        if self.everything || reads.reads_operand(k) { x.clone() } else { x.full_like(f64::NAN) }
    }
    fn y(&self) -> Tensor<f64> {
        let reads = self.place.op.reads(self.place.k);
        let y = &self.place.y;
        if self.everything || reads.reads_result() { y.clone() } else { y.full_like(f64::NAN) }
    }
    fn operands(&self) -> usize {
        self.place.x.len()
    }
    fn shape(&self, k: usize) -> Shape {
        Shape::new(self.place.x[k].shape())
    }
    fn has_shape(&self, k: usize, g: &Tensor<f64>) -> bool {
        self.place.x[k].shape() == g.shape()
    }
}

impl Place<'_> {
    /// The answer of the rule, in the operand's shape.
    fn rule(&self, everything: bool) -> Tensor<f64> {
        let told = Told { place: self, everything };
        let part = self.op.pull(self.k, Incoming::Lent(&self.g), &told).unwrap();
        part.sum_to(self.x[self.k].shape()).unwrap()
    }

    /// The axes of the op.
    fn axes(&self) -> Axes {
        let op = self.op;
        let reduction = [
            op.get::<Sum>().map(|o| &o.0),
            op.get::<Mean>().map(|o| &o.0),
            op.get::<Prod>().map(|o| &o.0),
            op.get::<Max>().map(|o| &o.0),
            op.get::<Min>().map(|o| &o.0),
            op.get::<Variance>().map(|o| &o.0),
            op.get::<Std>().map(|o| &o.0),
            op.get::<LogSumExp>().map(|o| &o.0),
            op.get::<Norm>().map(|o| &o.0),
            op.get::<Normalize>().map(|o| &o.axes),
        ];
        let along = [
            op.get::<Softmax>().map(|o| o.0),
            op.get::<LogSoftmax>().map(|o| o.0),
            op.get::<CumSum>().map(|o| o.0),
            op.get::<CumProd>().map(|o| o.0),
            op.get::<LogCumSumExp>().map(|o| o.0),
            op.get::<Cat>().map(|o| o.0),
            // The classes.
            op.get::<CrossEntropy<f64>>().map(|_| 1),
        ];
        let reduction = reduction.into_iter().flatten().next().cloned();
        reduction
            .or_else(|| along.into_iter().flatten().next().map(Axes::from))
            .unwrap_or_else(|| panic!("{:?} has no axes", self.op))
    }

    /// The parameters of the op's convolution.
    fn conv(&self) -> &wengert_tensor::Conv {
        let of = self.op;
        let conv = of.get::<Conv>().map(|o| &o.0).or_else(|| of.get::<ConvInput>().map(|o| &o.0));
        conv.or_else(|| of.get::<ConvWeight>().map(|o| &o.0)).unwrap()
    }

    /// The axis of the op, from the front.
    fn axis(&self) -> usize {
        self.axes().flags("formula", self.x[0].shape()).unwrap().iter().position(|&f| f).unwrap()
    }

    /// A reduction's result, repeated to the operand's shape.
    fn spread(&self, g: &Tensor<f64>) -> Tensor<f64> {
        let shape = self.x[0].shape();
        g.reshape(self.axes().kept(shape).unwrap()).unwrap().expand(shape).unwrap()
    }

    fn name(&self, name: &str) -> Tensor<f64> {
        let number = |x: f64| Tensor::scalar(x);
        // A linear layer takes its rows from all axes but the last.
        let rows = |x: &Tensor<f64>| match self.op.is::<Linear>() {
            true => x.reshape([REST, *x.shape().last().unwrap()]).unwrap(),
            false => x.clone(),
        };
        match name {
            "g" => rows(&self.g),
            "x" | "a" => rows(&self.x[0]),
            "b" => self.x[1].clone(),
            "y" => self.y.clone(),
            "n" => number(self.axes().count(self.x[0].shape()).unwrap()),
            _ => match self.op.attributes().iter().find(|(n, _)| *n == name) {
                Some((_, value)) => number(value.parse().unwrap()),
                None => panic!("{:?} has no {name}", self.op),
            },
        }
    }
}

/// Every rule at every operand of every row, with a gradient of its own.
fn each_rule(mut see: impl FnMut(&Row, &Place<'_>)) {
    let mut rng = wengert_tensor::Rng::new(11);
    for row in <Op<f64> as Operation<f64>>::rows() {
        let tape = Tape::new();
        let x: Vec<Var<'_, f64>> = row.inputs(3).into_iter().map(|x| tape.var(x)).collect();
        (row.f)(&x).unwrap();
        let inner = tape.inner.borrow();
        for node in inner.nodes.iter().filter(|n| n.op.name() == row.name) {
            let value = |&j: &u32| inner.nodes.value(j as usize).clone();
            let x: Vec<_> = node.operands.iter().map(value).collect();
            for k in (0..x.len()).filter(|_| node.wanted && !node.op.is_detach()) {
                let g = Tensor::uniform(node.value.shape(), 0.5, 1.5, &mut rng).unwrap();
                see(&row, &Place { op: node.op, x: x.clone(), y: node.value.clone(), g, k });
            }
        }
    }
}

#[test]
fn every_formula_says_what_its_rule_does() {
    let mut checked: HashMap<&str, usize> = HashMap::new();
    each_rule(|row, place| {
        let formula = place.op.formula(place.k);
        let of_the_table =
            matches!(place.op, Op::Elementwise(e) if !matches!(e, Elementwise::Where(_)));
        // A loop over steps is no formula either.
        let in_words = matches!(place.op, Op::Custom(_) | Op::Sequences(_));
        if of_the_table || place.op.is::<CrossEntropy<f64>>() || in_words {
            return assert!(!formula.is_empty());
        }
        let mut reader = Reader { signs: formula.chars().collect(), at: 0, place };
        let read = reader.sum();
        assert_eq!(reader.at, reader.signs.len(), "{}: {formula}", row.name);
        let (rule, shape) = (place.rule(true), place.x[place.k].shape());
        let read = match read.len() == rule.len() {
            true => read.reshape(shape).unwrap(),
            false => (&rule * 0.0 + read).sum_to(shape).unwrap(),
        };
        let apart = (&read - &rule).abs().max().unwrap().item().unwrap();
        assert!(
            apart < 1e-12,
            "{} operand {}: {formula} is {read}, the rule {rule}",
            row.name,
            place.k
        );
        *checked.entry(row.name).or_default() += 1;
    });
    assert!(checked.len() >= 28, "{checked:?}");
}

#[test]
fn no_rule_reads_a_value_that_it_does_not_name() {
    let mut checked = 0;
    each_rule(|row, place| {
        let (told, all) = (place.rule(false), place.rule(true));
        assert_eq!(told, all, "{} operand {} reads more than it says", row.name, place.k);
        checked += 1;
    });
    assert!(checked > 150, "{checked}");
}
