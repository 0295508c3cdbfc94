//! Is a review a good or a bad one? Each word gets a vector; their mean, and a line, decide.
//!
//! `cargo run --release --example sentiment`, or with another seed than 0: `-- SEED`
//!
//! Data: reviews by a small grammar, half of them English and half Chinese: three to eight opinions in words of different
//! strength, one in eight turned round by a "not" in front of it, which no bag of words can see, and words without an
//! opinion. A review is good if its opinions add up to more than 0. Training and test are drawn from two seeds. Baselines:
//! each word votes for the side on which it was counted more often; and the same with the logarithm of the counts' ratio
//! (naive Bayes).

#![allow(clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;

use wengert::data::{TensorDataset, padded, synth::reviews};
use wengert::prelude::*;
use wengert::viz::{self, bars_svg};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// A review, and whether it is good.
type Review = (String, bool);

/// The words that occur, by number; 0 is for padding and for what is not known.
struct Words(BTreeMap<String, usize>);

impl Words {
    fn of(reviews: &[Review]) -> Self {
        let all: BTreeSet<&str> = reviews.iter().flat_map(|(text, _)| text.split(' ')).collect();
        Self(all.into_iter().map(str::to_string).zip(1..).collect())
    }

    /// Reviews as rows of numbers, padded to 24 words, which the longest have.
    fn rows(&self, reviews: &[Review]) -> Outcome<(Indices, Labels)> {
        let number = |word: &str| self.0.get(word).copied().unwrap_or(0);
        let of = |(text, _): &Review| text.split(' ').map(number).collect();
        let texts: Vec<Vec<usize>> = reviews.iter().map(of).collect();
        let good: Vec<usize> = reviews.iter().map(|(_, good)| usize::from(*good)).collect();
        Ok((padded(&texts, 24, 0)?, Labels::from(good)))
    }
}

/// The fraction of reviews on whose side the sum of the words' pulls is.
fn accuracy(reviews: &[Review], pull: impl Fn(&str) -> f64) -> f64 {
    let right = reviews
        .iter()
        .filter(|(text, good)| (text.split(' ').map(&pull).sum::<f64>() > 0.0) == *good);
    right.count() as f64 / reviews.len() as f64
}

pub(crate) struct Found {
    pub(crate) votes: f64,
    pub(crate) bayes: f64,
    pub(crate) bag: f64,
    /// The part of each word in the logit of good, before the mean is taken; the strongest to each side first.
    pub(crate) pulls: Vec<(String, f64)>,
}

pub(crate) fn run(count: usize, epochs: usize, seed: u64) -> Outcome<Found> {
    let (training, test) = (reviews(count, 2 * seed), reviews(count, 2 * seed + 1));
    let words = Words::of(&training);
    // How often a word was seen in good reviews, and in bad ones; each once more than it was.
    let mut counts: BTreeMap<&str, [f64; 2]> = BTreeMap::new();
    for (text, good) in &training {
        for word in text.split(' ') {
            counts.entry(word).or_insert([1.0; 2])[usize::from(*good)] += 1.0;
        }
    }
    let ratio = |word: &str| counts.get(word).map_or(0.0, |[bad, good]| (good / bad).ln());
    let votes = accuracy(&test, |word| ratio(word).signum());
    let bayes = accuracy(&test, ratio);

    let rng = &mut Rng::new(seed);
    let model: Sequential<Indices> = sequential![
        EmbeddingBag::new(words.0.len() + 1, 8, rng).padding(0),
        Linear::new(8, 2, rng)
    ];
    let (rows, labels) = words.rows(&training)?;
    let mut optimizer = Adam::new(model.parameters(), 0.02);
    let loader = DataLoader::new(TensorDataset::new(rows, labels)?, 64)?.shuffle(seed);
    let criterion = CrossEntropyLoss::new();
    Trainer::new(&model, &criterion, &mut optimizer).silent().fit(&loader, epochs)?;
    let (rows, labels) = words.rows(&test)?;
    let bag = metrics::accuracy(&model.predict(&rows)?, &labels)?;
    // A review of one word is read with this word's pull.
    let mut pulls = Vec::new();
    for (word, &number) in &words.0 {
        let logits = model.predict(&Indices::full([1, 1], number))?.to_vec();
        pulls.push((word.clone(), f64::from(logits[1] - logits[0])));
    }
    pulls.sort_by(|a, b| b.1.total_cmp(&a.1));
    Ok(Found { votes, bayes, bag, pulls })
}

fn main() -> Outcome<()> {
    let seed = std::env::args().nth(1).map_or(Ok(0), |seed| seed.parse())?;
    let found = run(2000, 30, seed)?;
    println!("reviews of the test on their right side:\n");
    println!("votes of counted words   {:5.1} %", 100.0 * found.votes);
    println!("naive Bayes              {:5.1} %", 100.0 * found.bayes);
    println!("embedding bag, a line    {:5.1} %", 100.0 * found.bag);
    let strongest = || found.pulls.iter().take(6).chain(found.pulls.iter().rev().take(6));
    println!("\nthe words that pull most:");
    strongest().for_each(|(word, pull)| println!("{pull:+7.1}  {word}"));
    let picture = bars_svg("What a word adds to the logit of a good review", &found.pulls);
    viz::save("target/pictures/sentiment.svg", &picture)?;
    println!("\ntarget/pictures/sentiment.svg");
    Ok(())
}
