//! Users and the items that they like.

use wengert_tensor::Tensor;

use super::fits;
use crate::rng::{For, Rng};

/// `likes` different items for each user, `[users, likes]`, in random order. A user has a taste and an item a character, both
/// vectors of four normal numbers; the items that a user likes are those of the greatest product of both, plus the item's
/// popularity (normal, of deviation 1) and chance.
///
/// ```
/// let liked = wengert_data::synth::tastes(50, 200, 12, 0);
/// assert_eq!(liked.shape(), [50, 12]);
/// assert!(liked.iter().all(|item| item < 200));
/// ```
#[track_caller]
pub fn tastes(users: usize, items: usize, likes: usize, seed: u64) -> Tensor<usize> {
    const SIZE: usize = 4;
    let likes = likes.min(items);
    fits("tastes", &[users, items.max(SIZE)]);
    let mut rng = Rng::new(For::Synthetic, seed, 0);
    let mut vector = || -> [f64; SIZE] { [(); SIZE].map(|()| rng.normal()) };
    let tastes: Vec<_> = (0..users).map(|_| vector()).collect();
    let characters: Vec<_> = (0..items).map(|_| vector()).collect();
    let popularity: Vec<f64> = (0..items).map(|_| rng.normal()).collect();
    let mut liked = Tensor::full([users, likes], 0);
    for (taste, row) in tastes.iter().zip(liked.as_mut_slice().chunks_mut(likes.max(1))) {
        let mut scores: Vec<(f64, usize)> = (0..items)
            .map(|item| {
                let fit: f64 = taste.iter().zip(&characters[item]).map(|(a, b)| a * b).sum();
                (fit + popularity[item] + rng.normal(), item)
            })
            .collect();
        scores.sort_by(|a, b| b.0.total_cmp(&a.0));
        row.iter_mut().zip(scores).for_each(|(place, (_, item))| *place = item);
        rng.shuffle(row);
    }
    liked
}
