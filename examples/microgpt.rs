//! A transformer that makes up names, whole: `cargo run --release --example microgpt`
//!
//! The seed is 1. All names are for training, none is held back. Baseline: a guess among 27 signs.

#![allow(clippy::print_stdout)]

use wengert::nn::functional::{Attention, self_attention};
use wengert::prelude::*;

type Outcome<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const NAMES: &str = include_str!("names.txt");
/// a to z, and the end of a name, which stands before its beginning too.
const LETTERS: usize = 27;
const END: usize = 26;
const LONGEST: usize = 16;
const WIDTH: usize = 16;
const HEADS: usize = 4;

/// One layer: attention to the letters so far, then a net for each letter by itself.
pub(crate) struct MicroGpt {
    letters: Embedding,
    places: LearnedPositions,
    norm: RmsNorm,
    qkv: Linear,
    out: Linear,
    up: Linear,
    down: Linear,
    head: Linear,
}
parts!(MicroGpt { letters, places, norm, qkv, out, up, down, head });

impl MicroGpt {
    pub(crate) fn new(rng: &mut Rng) -> Self {
        let mut linear = |from, to| Linear::new(from, to, rng).without_bias();
        let (qkv, out) = (linear(WIDTH, 3 * WIDTH), linear(WIDTH, WIDTH));
        let (up, down, head) = (linear(WIDTH, 64), linear(64, WIDTH), linear(WIDTH, LETTERS));
        let letters = Embedding::new(LETTERS, WIDTH, rng);
        let (places, norm) = (LearnedPositions::new(LONGEST, WIDTH, rng), RmsNorm::new([WIDTH]));
        Self { letters, places, norm, qkv, out, up, down, head }
    }
}

impl Module<f32, Indices> for MicroGpt {
    fn forward<'t>(&self, text: Var<'t, Indices>) -> Result<Var<'t>> {
        let x = self.places.call(self.letters.call(text)?)?;
        let qkv = self.qkv.call(self.norm.call(x)?)?;
        let x = x + self.out.call(self_attention(qkv, HEADS, Attention::new().causal())?)?;
        let x = x + self.down.call(self.up.call(self.norm.call(x)?)?.relu())?;
        self.head.call(self.norm.call(x)?)
    }
}

/// So many names, drawn and padded: what the net reads, and what it should say next.
fn batch(size: usize, rng: &mut Rng) -> (Indices, Indices) {
    let names: Vec<&str> = NAMES.lines().collect();
    let drawn: Vec<f32> = Tensor::rand([size], rng).to_vec();
    // Letter i of name n; after its end, what does not count.
    let letter = |n: usize, i: usize| {
        let name = names[(drawn[n] * names.len() as f32) as usize].as_bytes();
        name.get(i).map_or(if i == name.len() { END } else { LETTERS }, |c| usize::from(c - b'a'))
    };
    let before = |n, i: usize| if i == 0 { END } else { letter(n, i - 1).min(END) };
    let read = Indices::from_fn([size, 12], |at| before(at[0], at[1]));
    (read, Indices::from_fn([size, 12], |at| letter(at[0], at[1])))
}

/// Trains for so many steps; gives the losses.
pub(crate) fn train(model: &MicroGpt, steps: usize, rng: &mut Rng) -> Outcome<Vec<f32>> {
    let mut optimizer = Adam::new(model.parameters(), 0.01).betas(0.85, 0.99);
    let criterion = SequenceCrossEntropyLoss::new(LETTERS);
    let mut losses = Vec::new();
    for step in 0..steps {
        let (read, said) = batch(16, rng);
        let tape = Tape::new();
        optimizer.zero_grad();
        let loss = criterion.forward(model.call(tape.input(read))?, &said)?;
        loss.backward()?;
        optimizer.set_learning_rate(0.01 * (1.0 - step as f64 / steps as f64));
        optimizer.step()?;
        losses.push(loss.item()?);
    }
    Ok(losses)
}

/// A name, letter by letter, each drawn by its probability.
pub(crate) fn sample(model: &MicroGpt, rng: &mut Rng) -> Result<String> {
    let mut text = vec![END];
    while text.len() < LONGEST {
        let logits = model.predict(&Indices::from_vec(text.clone(), [1, text.len()])?)?;
        let p = logits.select(0, 0)?.select(0, text.len() - 1)?.div_scalar(0.7).softmax(0)?;
        let u = Tensor::rand([1], rng).item()?;
        let next = p.cumsum(0)?.iter().position(|sum| u < sum).unwrap_or(END);
        text.push(next);
        if next == END {
            break;
        }
    }
    Ok(text.iter().filter(|&&i| i != END).map(|&i| char::from(b'a' + i as u8)).collect())
}

fn main() -> Outcome<()> {
    let rng = &mut Rng::new(1);
    let model = MicroGpt::new(rng);
    println!("{} parameters", model.num_parameters());
    println!("loss {:.3} of a guess", (LETTERS as f32).ln());
    for losses in train(&model, 2000, rng)?.chunks(400) {
        println!("loss {:.3}", losses.iter().sum::<f32>() / losses.len() as f32);
    }
    let names: Vec<String> = (0..20).map(|_| sample(&model, rng)).collect::<Result<_>>()?;
    println!("{}", names.join(" "));
    Ok(())
}
