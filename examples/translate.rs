//! From number words to digits: an encoder reads, a decoder writes, and attention shows where it looks.
//!
//! `cargo run --release --example translate`, or with another seed than 0: `-- SEED`
//!
//! Data: numbers below 100,000 in English words; some are drawn for training, and 500 others are the test. The measure is
//! how often all digits are right, written by the net alone; training shows it the right digits so far (teacher forcing).
//! Baseline: the same net without attention, which has to carry the number in one vector.

#![allow(clippy::print_stdout)]

use std::error::Error;

use wengert::data::synth::number_in_words;
use wengert::loss::perplexity;
use wengert::prelude::*;
use wengert::viz::{self, Matrix};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The words; the one that fills up a row comes after them.
const WORDS: &str = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen \
    sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred and thousand";
const PAD: usize = 31;
/// After the digits 0 to 9, the sign that ends a number, and also begins one.
const END: usize = 10;
/// The longest number in words, and in digits with its end.
const LONGEST: usize = 8;
const DIGITS: usize = 6;
const WIDTH: usize = 64;

/// Numbers as rows of words, and of digits with their end; what is behind it is 11, which is no class.
fn batch(numbers: &[usize]) -> (Indices, Indices) {
    let place = |word: &str| WORDS.split_whitespace().position(|w| w == word).unwrap_or(PAD);
    let spelled = |n: &usize| number_in_words(*n).split(' ').map(place).collect();
    let said: Vec<Vec<usize>> = numbers.iter().map(spelled).collect();
    let written =
        |n: &usize| n.to_string().bytes().map(|b| usize::from(b - b'0')).chain([END]).collect();
    let digits: Vec<Vec<usize>> = numbers.iter().map(written).collect();
    let row = |of: &[Vec<usize>], at: &[usize], pad| of[at[0]].get(at[1]).copied().unwrap_or(pad);
    let n = numbers.len();
    let source = Indices::from_fn([n, LONGEST], |at| row(&said, at, PAD));
    (source, Indices::from_fn([n, DIGITS], |at| row(&digits, at, END + 1)))
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

    /// The logits of the digit after each of these, and the weights `[n, digits, words]` with which each looked at the words.
    fn read<'t>(
        &self,
        source: Var<'t, Indices>,
        so_far: Var<'t, Indices>,
    ) -> Result<(Var<'t>, Var<'t>)> {
        let words = source.value()?;
        let n = words.shape()[0];
        let (states, last) = self.encoder.call(self.words.call(source)?)?;
        // Both directions' last states, side by side, begin the decoder.
        let last = last.transpose(0, 1)?.reshape([1, n, WIDTH])?;
        let (said, _) = self.decoder.call((self.digits.call(so_far)?, last))?;
        let scores = self.query.call(said)?.matmul(states.transpose(1, 2)?)?;
        let padding = words.equal_scalar(PAD).unsqueeze(1)?.expand(scores.shape().sizes())?;
        let weights = scores.masked_fill(padding.contiguous(), -1e9)?.softmax(2)?;
        let looked = weights.matmul(states)?;
        let looked = if self.attends { looked } else { looked.mul_scalar(0.0) };
        Ok((self.head.call(Var::cat(&[said, looked], 2)?)?, weights))
    }

    /// Digits one after another, the likeliest each time; and the last weights.
    pub(crate) fn write(&self, source: &Indices) -> Outcome<(Indices, Tensor)> {
        let n = source.shape()[0];
        let mut said = Indices::full([n, 1], END);
        loop {
            let tape = Tape::no_grad();
            let (logits, weights) =
                self.read(tape.input(source.clone()), tape.input(said.clone()))?;
            if said.shape()[1] > DIGITS {
                return Ok((said.narrow(1, 1, DIGITS)?.contiguous(), weights.value()?));
            }
            let next = logits.select(1, said.shape()[1] - 1)?.argmax(1)?;
            said = Indices::cat(&[said, next.unsqueeze(1)?], 1)?;
        }
    }
}

/// Right digits with the beginning in front, as the decoder reads them in training.
fn shifted(digits: &Indices) -> Indices {
    let all = digits.to_vec();
    Indices::from_fn(digits.shape(), |at| {
        if at[1] == 0 { END } else { all[at[0] * DIGITS + at[1] - 1].min(END) }
    })
}

pub(crate) struct Score {
    /// The fraction of numbers of which all digits are right.
    pub(crate) exact: f64,
    /// The perplexity of a digit, the right ones before it given.
    pub(crate) perplexity: f64,
}

pub(crate) struct Found {
    pub(crate) alone: Score,
    pub(crate) attending: Score,
    pub(crate) picture: String,
}

pub(crate) fn run(numbers: usize, epochs: usize, seed: u64) -> Outcome<Found> {
    let drawn = Indices::permutation(100_000, &mut Rng::new(seed)).to_vec();
    let (test, training) = drawn[..500 + numbers].split_at(500);
    let train = |attends| -> Outcome<(Translator, Score)> {
        let model = Translator::new(attends, &mut Rng::new(seed));
        let order = DataLoader::new(Indices::from(training.to_vec()), 64)?.shuffle(seed);
        let schedule = schedule::OneCycleLr::new(4e-3, epochs * order.batches());
        let criterion = SequenceCrossEntropyLoss::new(END + 1);
        let (mut optimizer, mut step) = (Adam::new(model.parameters(), 4e-3), 0);
        for numbers in (0..epochs).flat_map(|epoch| order.epoch(epoch)) {
            let (source, digits) = batch(&numbers.to_vec());
            let tape = Tape::new();
            optimizer.zero_grad();
            let (logits, _) = model.read(tape.input(source), tape.input(shifted(&digits)))?;
            criterion.forward(logits, &digits)?.backward()?;
            clip_grad_norm(&model.parameters(), 1.0)?;
            optimizer.set_learning_rate(schedule.rate(step));
            optimizer.step()?;
            step += 1;
        }
        let (source, digits) = batch(test);
        let (said, right) = (model.write(&source)?.0.to_vec(), digits.to_vec());
        let whole = said.chunks(DIGITS).zip(right.chunks(DIGITS)).filter(|(said, right)| {
            right.iter().zip(*said).all(|(right, said)| right == said || *right > END)
        });
        let exact = whole.count() as f64 / test.len() as f64;
        let tape = Tape::no_grad();
        let (logits, _) = model.read(tape.input(source), tape.input(shifted(&digits)))?;
        let perplexity = perplexity(criterion.forward(logits, &digits)?)?;
        Ok((model, Score { exact, perplexity }))
    };
    let ((_, alone), (model, attending)) = (train(false)?, train(true)?);
    Ok(Found { alone, attending, picture: picture(&model, test[0])? })
}

/// The places where the decoder looks, digit by digit, for a number of the test.
fn picture(model: &Translator, number: usize) -> Outcome<String> {
    let (source, _) = batch(&[number]);
    let (said, weights) = model.write(&source)?;
    let text = number_in_words(number);
    let read: Vec<&str> = text.split(' ').collect();
    let written: Vec<String> = (said.iter().take_while(|digit| *digit != END))
        .map(|digit| digit.to_string())
        .chain(["end".into()])
        .collect();
    let weights = weights.select(0, 0)?.narrow(0, 0, written.len())?.narrow(1, 0, read.len())?;
    Ok(Matrix::new("Where it looks", &weights.t().contiguous())?.names(read, written).to_svg())
}

fn main() -> Outcome<()> {
    let seed = std::env::args().nth(1).map_or(Ok(0), |seed| seed.parse())?;
    let found = run(3000, 20, seed)?;
    println!("numbers of the test        all digits right   perplexity of a digit");
    for (name, score) in [("without attention", found.alone), ("with attention", found.attending)] {
        println!("{name:<26} {:14.1} % {:23.3}", 100.0 * score.exact, score.perplexity);
    }
    viz::save("target/pictures/translate.svg", &found.picture)?;
    println!("\ntarget/pictures/translate.svg");
    Ok(())
}
