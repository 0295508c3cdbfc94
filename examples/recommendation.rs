//! Which item will a user like next? Users and items as vectors, learned from what was liked, by two losses.
//!
//! `cargo run --release --example recommendation`, or with another seed than 0: `-- SEED`
//!
//! Data: users with a taste and items with a character and a popularity. Of what a user likes, one item is the test and all
//! others are for training; nothing was chosen by the test. The measure is the hit rate: how often the item of the test is
//! among the ten items of the highest scores, without those that the user was trained on. Baselines: chance, and the ten
//! most popular items.

#![allow(clippy::print_stdout)]

use std::error::Error;

use wengert::data::synth;
use wengert::prelude::*;
use wengert::viz::{self, bars_svg};

type Outcome<T> = Result<T, Box<dyn Error>>;

const WIDTH: usize = 8;
const LIKES: usize = 16;

/// The score of a user and an item: the product of their vectors, and the popularity of the item.
struct Factors {
    users: Embedding,
    items: Embedding,
    popularity: Embedding,
}
nn::parts!(Factors { users, items, popularity });

impl Factors {
    fn new(users: usize, items: usize, rng: &mut Rng) -> Self {
        let mut small =
            |things, width| Embedding::from_weights(Tensor::randn([things, width], rng) * 0.1);
        Self { users: small(users, WIDTH), items: small(items, WIDTH), popularity: small(items, 1) }
    }

    /// The scores of all users for all items.
    fn all(&self) -> Result<Tensor> {
        let [users, items, popularity] =
            [&self.users, &self.items, &self.popularity].map(|table| table.weight.value());
        Ok(users.matmul(&items.t())?.try_add(&popularity.t())?)
    }
}

impl Module<f32, (Indices, Indices)> for Factors {
    fn forward<'t>(&self, x: Var<'t, (Indices, Indices)>) -> Result<Var<'t>> {
        let (user, item) = x.unpack();
        let fit = self.users.call(user)?.try_mul(self.items.call(item)?)?.sum_over(1)?;
        fit.try_add(self.popularity.call(item)?.squeeze(1)?)
    }
}

/// The loss of liked pairs and pairs that are drawn at random.
#[derive(Clone, Copy)]
enum By {
    /// A yes for what is liked and a no for what is drawn: binary cross-entropy.
    YesOrNo,
    /// Liked items above drawn ones: Bayesian personalised ranking, -ln σ(difference).
    Ranking,
}

/// The hit rates on the test.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) chance: f64,
    pub(crate) popular: f64,
    pub(crate) yes_or_no: f64,
    pub(crate) ranking: f64,
}

fn train(liked: &Indices, items: usize, epochs: usize, by: By, rng: &mut Rng) -> Outcome<Factors> {
    let &[users, each] = liked.shape() else { return Err("[users, likes] are needed".into()) };
    let model = Factors::new(users, items, rng);
    let mut optimizer = AdamW::new(model.parameters(), 0.01).weight_decay(0.1);
    let pairs = DataLoader::new(Indices::from((0..users * each).collect::<Vec<_>>()), 512)?;
    let (pairs, liked) = (pairs.shuffle(0), liked.to_vec());
    for epoch in 0..epochs {
        for pair in pairs.epoch(epoch) {
            let (user, item) = (pair.map(|p| p / each), pair.map(|p| liked[p]));
            let drawn = Indices::randint([pair.len()], 0, items, rng)?;
            let tape = Tape::new();
            optimizer.zero_grad();
            let user = tape.input(user);
            let yes = model.call((user, tape.input(item)))?;
            let no = model.call((user, tape.input(drawn)))?;
            let loss = match by {
                By::YesOrNo => {
                    let both = Var::cat(&[yes, no], 0)?;
                    let is_liked = Tensor::from_fn([2 * pair.len()], |at| {
                        if at[0] < pair.len() { 1.0 } else { 0.0 }
                    });
                    wengert::loss::bce_with_logits(both, &is_liked)?
                }
                By::Ranking => -yes.try_sub(no)?.log_sigmoid().mean(),
            };
            loss.backward()?;
            optimizer.step()?;
        }
    }
    Ok(model)
}

pub(crate) fn run(users: usize, items: usize, epochs: usize, seed: u64) -> Outcome<Found> {
    let liked = synth::tastes(users, items, LIKES, seed);
    let trained = liked.narrow(1, 0, LIKES - 1)?.contiguous();
    let last = liked.select(1, LIKES - 1)?.contiguous();
    // What a user was trained on is no answer.
    let mut known = Mask::full([users, items], false);
    let of = trained.to_vec();
    for (i, item) in of.iter().enumerate() {
        known.as_mut_slice()[i / (LIKES - 1) * items + item] = true;
    }
    let hits = |scores: &Tensor| -> Outcome<f64> {
        let scores = scores.masked_fill(&known, f32::NEG_INFINITY)?;
        Ok(metrics::top_k_accuracy(&scores, &last, 10)?)
    };
    let rng = &mut Rng::new(seed);
    let chance = hits(&Tensor::rand([users, items], rng))?;
    let mut counts = vec![0.0; items];
    of.iter().for_each(|item| counts[*item] += 1.0);
    let popular = hits(&Tensor::from(counts).expand([users, items])?.contiguous())?;
    let yes_or_no = hits(&train(&trained, items, epochs, By::YesOrNo, rng)?.all()?)?;
    let ranking = hits(&train(&trained, items, epochs, By::Ranking, rng)?.all()?)?;
    Ok(Found { chance, popular, yes_or_no, ranking })
}

pub(crate) fn rows(found: &Found) -> [(&'static str, f64); 4] {
    [
        ("chance", found.chance),
        ("the most popular", found.popular),
        ("factors, yes or no", found.yes_or_no),
        ("factors, ranking", found.ranking),
    ]
}

fn main() -> Outcome<()> {
    let seed = std::env::args().nth(1).map_or(Ok(0), |seed| seed.parse())?;
    let found = run(1000, 200, 40, seed)?;
    println!("how often the item of the test is among ten that are recommended:\n");
    for (name, rate) in rows(&found) {
        println!("{name:<20} {:5.1} %", 100.0 * rate);
    }
    let percent = rows(&found).map(|(name, rate)| (name, 100.0 * rate));
    let picture = bars_svg("Hit rate at 10, %, of items that were not trained on", &percent);
    viz::save("target/pictures/recommendation.svg", &picture)?;
    println!("\ntarget/pictures/recommendation.svg");
    Ok(())
}
