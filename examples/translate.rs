//! From number words to digits: an encoder reads, a decoder writes, and attention shows where it looks.
//!
//! `cargo run --release --example translate`, or with another seed than 0: `-- SEED`
//!
//! Data: numbers below 100,000 in English words; some are drawn for training, and 500 others are the test. The measure is
//! how often all digits are right, written by the net alone; training shows it the right digits so far (teacher forcing).
//! Baseline: the same net without attention, which has to carry the number in one vector.

#![allow(clippy::print_stdout)]

use std::error::Error;

use wengert::data::synth::{NUMBER_WORDS, number_in_words, spelled_numbers};
use wengert::prelude::*;
use wengert::viz::{self, Matrix};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The word that fills up a row.
const PAD: usize = NUMBER_WORDS.len();
/// After the digits 0 to 9, the sign that ends a number, and also begins one; what stands behind it is no class.
const END: usize = 10;
/// The longest number in digits, with its end.
const DIGITS: usize = 6;
const WIDTH: usize = 64;

/// Digits up to their end, as text.
fn text(digits: &[usize]) -> String {
    digits.iter().take_while(|digit| **digit != END).map(usize::to_string).collect()
}

/// Right digits with the beginning in front, as the decoder reads them in training.
fn shifted(digits: &Indices) -> Result<Indices> {
    let begin = Indices::full([digits.shape()[0], 1], END);
    Ok(Indices::cat(&[begin, digits.narrow(1, 0, DIGITS - 1)?.map(|digit| digit.min(END))], 1)?)
}

pub(crate) struct Translator {
    words: Embedding,
    encoder: Gru,
    digits: Embedding,
    decoder: Gru,
    query: Linear,
    head: Linear,
    attends: bool,
}
nn::parts!(Translator { words, encoder, digits, decoder, query, head });

impl Translator {
    fn new(attends: bool, rng: &mut Rng) -> Self {
        Self {
            words: Embedding::new(PAD + 1, WIDTH, rng),
            encoder: Gru::new(WIDTH, WIDTH / 2, rng).bidirectional(rng).batch_first(),
            digits: Embedding::new(END + 1, WIDTH, rng),
            decoder: Gru::new(WIDTH, WIDTH, rng).batch_first(),
            query: Linear::new(WIDTH, WIDTH, rng),
            head: Linear::new(2 * WIDTH, END + 1, rng),
            attends,
        }
    }

    /// Digits one after another, the likeliest each time; and the last weights.
    pub(crate) fn write(&self, source: &Indices) -> Outcome<(Indices, Tensor)> {
        let mut said = Indices::full([source.shape()[0], 1], END);
        loop {
            let (logits, weights) = self.predict(&(source.clone(), said.clone()))?;
            if said.shape()[1] > DIGITS {
                return Ok((said.narrow(1, 1, DIGITS)?.contiguous(), weights));
            }
            let next = logits.select(1, said.shape()[1] - 1)?.argmax_over(1)?;
            said = Indices::cat(&[said, next.unsqueeze(1)?], 1)?;
        }
    }
}

/// Words and the digits so far give the logits of the next digits, and the weights `[n, digits, words]` of each look at a word.
impl Module<f32, (Indices, Indices), (Tensor, Tensor)> for Translator {
    fn forward<'t>(&self, x: Var<'t, (Indices, Indices)>) -> Result<Var<'t, (Tensor, Tensor)>> {
        let (words, so_far) = x.unpack();
        let (states, last) = self.encoder.call(self.words.call(words)?)?;
        // Both directions' last states, side by side, begin the decoder.
        let last = last.transpose(0, 1)?.reshape([1, REST, WIDTH])?;
        let (said, _) = self.decoder.call((self.digits.call(so_far)?, last))?;
        let scores = self.query.call(said)?.matmul(states.transpose(1, 2)?)?;
        let padding =
            words.value()?.equal_scalar(PAD).unsqueeze(1)?.expand(scores.shape().sizes())?;
        let weights = scores.masked_fill(padding.contiguous(), -1e9)?.softmax(2)?;
        let looked = weights.matmul(states)? * f32::from(u8::from(self.attends));
        Var::pack((self.head.call(Var::cat(&[said, looked], 2)?)?, weights))
    }
}

/// On the test, without attention and with it: the fraction of numbers of which all digits are right, and the perplexity
/// of a digit, the right ones before it given.
pub(crate) struct Found {
    pub(crate) exact: [f64; 2],
    pub(crate) perplexity: [f64; 2],
    pub(crate) picture: String,
}

pub(crate) fn run(numbers: usize, epochs: usize, seed: u64) -> Outcome<Found> {
    let drawn = Indices::permutation(100_000, &mut Rng::new(seed)).to_vec();
    let (test, training) = drawn[..500 + numbers].split_at(500);
    let loader = DataLoader::new(spelled_numbers(training)?, 64)?.shuffle(seed);
    let (source, digits) = spelled_numbers(test)?.into_parts();
    let criterion = SequenceCrossEntropyLoss::new(END + 1);
    let mut found = Found { exact: [0.0; 2], perplexity: [0.0; 2], picture: String::new() };
    for (k, attends) in [false, true].into_iter().enumerate() {
        let model = Translator::new(attends, &mut Rng::new(seed));
        let mut optimizer = Adam::new(model.parameters(), 4e-3);
        Trainer::custom(&model, &mut optimizer, |tape, source: Indices, digits: &Indices| {
            let logits = model.call((tape.input(source), tape.input(shifted(digits)?)))?.0;
            Ok((logits, criterion.forward(logits, digits)?))
        })
        .schedule(schedule::OneCycleLr::new(4e-3, epochs * loader.batches()))
        .clip_norm(1.0)
        .silent()
        .fit(&loader, epochs)?;
        let said = model.write(&source)?.0.to_vec();
        let right = said.chunks(DIGITS).zip(test).filter(|(said, n)| text(said) == n.to_string());
        found.exact[k] = right.count() as f64 / test.len() as f64;
        let tape = Tape::no_grad();
        let logits = model.call((tape.input(source.clone()), tape.input(shifted(&digits)?)))?.0;
        found.perplexity[k] = wengert::loss::perplexity(criterion.forward(logits, &digits)?)?;
        found.picture = picture(&model, test[0])?;
    }
    Ok(found)
}

/// The places where the decoder looks, digit by digit, for a number of the test.
fn picture(model: &Translator, number: usize) -> Outcome<String> {
    let (said, weights) = model.write(spelled_numbers(&[number])?.features())?;
    let (words, digits) = (number_in_words(number), text(&said.to_vec()));
    let read: Vec<&str> = words.split(' ').collect();
    let written: Vec<String> = digits.chars().map(String::from).chain(["end".into()]).collect();
    let weights = weights.select(0, 0)?.narrow(0, 0, written.len())?.narrow(1, 0, read.len())?;
    Ok(Matrix::new("Where it looks", &weights.t().contiguous())?.names(read, written).to_svg())
}

fn main() -> Outcome<()> {
    let seed = std::env::args().nth(1).map_or(Ok(0), |seed| seed.parse())?;
    let found = run(3000, 20, seed)?;
    println!("numbers of the test        all digits right   perplexity of a digit");
    for (k, name) in ["without attention", "with attention"].iter().enumerate() {
        println!("{name:<26} {:14.1} % {:23.3}", 100.0 * found.exact[k], found.perplexity[k]);
    }
    viz::save("target/pictures/translate.svg", &found.picture)?;
    println!("\ntarget/pictures/translate.svg");
    Ok(())
}
