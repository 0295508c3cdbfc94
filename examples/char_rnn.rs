//! The next letter of a text by a recurrent net: it reads a page again and again, and writes a line of its own as it goes.
//!
//! `cargo run --release --example char_rnn`, or with a text of yours: `-- FILE`
//!
//! The seed is 1. All of the page is for training, nothing is held back: the loss says how much of it is known by heart.
//! Baseline: a guess among the letters that occur.

#![allow(clippy::print_stdout)]

use std::error::Error;

use wengert::prelude::*;

/// A page of our own.
pub(crate) const TEXT: &str = include_str!("char_rnn.txt");
const WIDTH: usize = 64;
const TIME: usize = 48;
const BATCH: usize = 16;

/// A text as numbers: each letter by its place in the list of those that occur.
pub(crate) struct Letters {
    all: Vec<char>,
    pub(crate) text: Vec<usize>,
}

impl Letters {
    pub(crate) fn new(text: &str) -> Self {
        let text = text.replace('\n', " ");
        let mut all: Vec<char> = text.chars().collect();
        all.sort_unstable();
        all.dedup();
        let text = text.chars().filter_map(|c| all.binary_search(&c).ok()).collect();
        Self { all, text }
    }
}

/// Letters → vectors → states → scores of the next letter.
pub(crate) struct CharRnn {
    letters: Embedding,
    rnn: Gru,
    head: Linear,
}
parts!(CharRnn { letters, rnn, head });

impl CharRnn {
    pub(crate) fn new(letters: &Letters, rng: &mut Rng) -> Self {
        let n = letters.all.len();
        let rnn = Gru::new(WIDTH, WIDTH, rng).batch_first();
        Self { letters: Embedding::new(n, WIDTH, rng), rnn, head: Linear::new(WIDTH, n, rng) }
    }
}

/// It takes texts and the state before them, and gives scores and the state behind them: a text can be read in pieces.
impl Module<f32, (Indices, Tensor), (Tensor, Tensor)> for CharRnn {
    fn forward<'t>(&self, x: Var<'t, (Indices, Tensor)>) -> Result<Var<'t, (Tensor, Tensor)>> {
        let (text, state) = x.unpack();
        let (states, last) = self.rnn.call((self.letters.call(text)?, state))?;
        Var::pack((self.head.call(states)?, last))
    }
}

/// Reads the text in `BATCH` columns, `TIME` letters at a time, the state carried on from one piece to the next. Calls `see`
/// with the number and the loss of each step.
pub(crate) fn train(
    model: &CharRnn,
    letters: &Letters,
    steps: usize,
    mut see: impl FnMut(usize, f32) -> Result<()>,
) -> Result<(), Box<dyn Error>> {
    let mut optimizer = Adam::new(model.parameters(), 5e-3);
    let criterion = SequenceCrossEntropyLoss::unpadded();
    let column = letters.text.len() / BATCH;
    let (mut at, mut state) = (0, Tensor::zeros([1, BATCH, WIDTH]));
    for step in 0..steps {
        if at + TIME >= column {
            (at, state) = (0, state.zeros_like());
        }
        let piece = |from: usize| {
            Indices::from_fn([BATCH, TIME], |i| letters.text[i[0] * column + from + i[1]])
        };
        let tape = Tape::new();
        optimizer.zero_grad();
        let (scores, last) = model.call((tape.input(piece(at)), tape.input(state)))?;
        let loss = criterion.forward(scores, &piece(at + 1))?;
        // A value, and no var: the gradient does not go back beyond this piece.
        state = last.value()?;
        at += TIME;
        loss.backward()?;
        clip_grad_norm(&model.parameters(), 1.0)?;
        optimizer.step()?;
        see(step, loss.item()?)?;
    }
    Ok(())
}

/// So many letters, each drawn by its probability, after these.
pub(crate) fn sample(
    model: &CharRnn,
    letters: &Letters,
    start: &str,
    count: usize,
    rng: &mut Rng,
) -> Result<String> {
    let mut said = start.to_string();
    let mut read = Letters::numbers(letters, start);
    let mut state = Tensor::zeros([1, 1, WIDTH]);
    for _ in 0..count {
        let n = read.len();
        let (scores, next) = model.predict(&(Indices::from_vec(read, [1, n])?, state))?;
        state = next;
        let p = scores.select(0, 0)?.select(0, n - 1)?.div_scalar(0.6).softmax(0)?;
        let u = Tensor::rand([1], rng).item()?;
        let letter = p.cumsum(0)?.iter().position(|sum| u < sum).unwrap_or(0);
        said.push(letters.all[letter]);
        read = vec![letter];
    }
    Ok(said)
}

impl Letters {
    fn numbers(&self, text: &str) -> Vec<usize> {
        text.chars().filter_map(|c| self.all.binary_search(&c).ok()).collect()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let text = match std::env::args().nth(1) {
        Some(file) => std::fs::read_to_string(file)?,
        None => TEXT.to_string(),
    };
    let (letters, rng) = (Letters::new(&text), &mut Rng::new(1));
    let model = CharRnn::new(&letters, rng);
    println!("{} letters, {} different", letters.text.len(), letters.all.len());
    println!("a guess, loss {:.2}", (letters.all.len() as f32).ln());
    train(&model, &letters, 1500, |step, loss| {
        if step % 250 == 249 {
            println!(
                "step {:4}, loss {loss:.2}: {}",
                step + 1,
                sample(&model, &letters, "The ", 80, rng)?
            );
        }
        Ok(())
    })?;
    Ok(())
}
