//! Deep copies of models.

use std::sync::Arc;

use wengert_autograd::{Param, Result, Tape, Var};
use wengert_nn::*;
use wengert_tensor::{Rng, Tensor, tensor};

/// A model with a tied weight, running statistics, a stack of layers of any type, and a field that is no part.
#[derive(Clone)]
struct Net {
    words: Embedding<f32>,
    body: Sequential<f32>,
    sides: Parallel<f32>,
    head: Linear<f32>,
    scale: Param<f32>,
    name: String,
}
parts!(Net { words, body, sides, head, scale });

impl Module<f32, Tensor<usize>> for Net {
    fn forward<'t>(&self, x: Var<'t, f32, Tensor<usize>>) -> Result<Var<'t, f32>> {
        let x = self.sides.call(self.body.call(self.words.call(x)?)?)?;
        self.head.call(x.try_mul(x.tape().param(&self.scale))?)
    }
}

fn net() -> Net {
    let rng = &mut Rng::new(3);
    let words = Embedding::new(5, 4, rng);
    let head = Linear { weight: words.weight.clone(), bias: None };
    Net {
        words,
        body: sequential![fc: Linear::new(4, 4, rng), norm: BatchNorm1d::new(4), act: Tanh],
        sides: Parallel::new(-1).with(Linear::new(4, 2, rng)).with(Linear::new(4, 2, rng)),
        head,
        scale: Param::new(tensor![2.0]),
        name: "net".into(),
    }
}

/// One step of gradient descent on one batch.
fn step(net: &Net) -> Result<()> {
    let tape = Tape::new();
    net.call(tape.input(tensor![0_usize, 3, 1]))?.square().mean().backward()?;
    for param in net.parameters().into_iter().filter(|p| !p.is_frozen()) {
        param.update(|value, grad| {
            if let Some(g) = grad.take() {
                *value = &*value - g * 0.1;
            }
        });
    }
    Ok(())
}

#[test]
fn a_deep_copy_has_the_state_of_the_model_and_shares_nothing() -> wengert_nn::Result<()> {
    let net = net();
    net.freeze("scale")?;
    step(&net)?;
    net.parameters()[0].set_grad(Some(Tensor::ones([5, 4])));
    let copy = net.deep_copy()?;

    let (before, paths) = (net.state(), net.named_parameters().into_iter().map(|p| p.0));
    assert_eq!(copy.state(), before);
    assert!(paths.eq(copy.named_parameters().into_iter().map(|p| p.0)));
    assert!(copy.named_parameters().iter().all(|(path, p)| *path == p.path()));
    let frozen = |net: &Net| net.parameters().iter().map(Param::is_frozen).collect::<Vec<_>>();
    assert_eq!(frozen(&copy), frozen(&net));
    assert!(copy.parameters().iter().all(|p| p.grad().is_none()));
    assert_eq!((copy.name.as_str(), copy.tree()), ("net", net.tree()));

    // The tied weight is one parameter of the copy.
    assert!(copy.words.weight.is(&copy.head.weight) && !copy.head.weight.is(&net.head.weight));
    assert_eq!(copy.parameters().len(), net.parameters().len());

    // A step of either leaves the other as it was; running statistics and counters too.
    step(&copy)?;
    assert!(net.state() == before && copy.state() != before);
    let counts = |net: &Net| net.state().entry("body.norm.num_batches_tracked").cloned();
    assert_ne!(counts(&copy), counts(&net));
    let after = copy.state();
    net.zero_grad();
    step(&net)?;
    assert!(copy.state() == after && net.state() == after, "the same step from the same state");

    // A copy can be copied, and a clone is still a handle.
    let (again, clone) = (copy.deep_copy()?, copy.clone());
    step(&copy)?;
    assert!(again.state() == after && clone.state() == copy.state());
    Ok(())
}

#[test]
fn a_part_of_the_model_that_a_clone_does_not_copy_is_an_error() {
    let shared = Arc::new(Linear::<f32>::new(2, 2, &mut Rng::new(0)));
    let model = sequential![a: Tanh, b: shared.clone()];
    let text = model.deep_copy().unwrap_err().to_string();
    assert!(text.starts_with("deep_copy: `b.weight` would be shared with the model"), "{text}");
    assert!(text.contains("copies.rs:"), "{text}");
    let text = shared.deep_copy().map(|_| ()).unwrap_err().to_string();
    assert!(text.starts_with("deep_copy: `weight`"), "{text}");
}

/// A layer whose own `Clone` makes two handles of one.
struct Twice(Param<f32>, Param<f32>);
impl Clone for Twice {
    fn clone(&self) -> Self {
        let once = self.0.clone();
        Self(once.clone(), once)
    }
}
impl Parts<f32> for Twice {
    fn visit(&self, v: &mut Visitor<'_, f32>) {
        v.param("a", &self.0);
        v.param("b", &self.1);
    }
}

#[test]
fn a_clone_within_a_clone_is_of_the_same_copy() -> wengert_nn::Result<()> {
    let w = Param::new(tensor![1.0]);
    let twice = Twice(w.clone(), w.clone());
    let copy = twice.deep_copy()?;
    assert!(copy.0.is(&copy.1) && !copy.0.is(&w));
    // A deep copy within one is a part of it.
    let (a, b) = wengert_autograd::deep_copy(|| (twice.deep_copy(), twice.clone()));
    assert!(a?.0.is(&b.0));
    Ok(())
}

#[test]
fn copies_made_on_several_threads_at_once_keep_what_is_tied() {
    let net = net();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..20 {
                    let copy = net.deep_copy().unwrap();
                    assert!(copy.words.weight.is(&copy.head.weight));
                }
            });
        }
    });
}
