//! Texts: numbers in words, and reviews by a small grammar.

use crate::rng::{For, Rng};
use crate::{Error, Result, TensorDataset, padded};

/// The words of [`number_in_words`]: 0 to 19, the tens from 20 on, and those between them.
pub const NUMBER_WORDS: [&str; 31] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "seventy",
    "eighty",
    "ninety",
    "hundred",
    "and",
    "thousand",
];

/// A number in English words; a million is a thousand thousand.
///
/// ```
/// use wengert_data::synth::{NUMBER_WORDS, number_in_words};
///
/// assert_eq!(number_in_words(342), "three hundred and forty two");
/// assert_eq!(number_in_words(12_005), "twelve thousand and five");
/// assert_eq!(number_in_words(1_000_000), "one thousand thousand");
/// assert!(number_in_words(987_654).split(' ').all(|word| NUMBER_WORDS.contains(&word)));
/// ```
pub fn number_in_words(n: usize) -> String {
    let mut words = Vec::new();
    let (thousands, hundreds, rest) = (n / 1000, n % 1000 / 100, n % 100);
    if thousands > 0 {
        words.extend([number_in_words(thousands), "thousand".into()]);
    }
    if hundreds > 0 {
        words.extend([NUMBER_WORDS[hundreds].into(), "hundred".into()]);
    }
    if n >= 100 && rest > 0 {
        words.push("and".into());
    }
    match rest {
        0 if n > 0 => {}
        0..20 => words.push(NUMBER_WORDS[rest].into()),
        _ => {
            words.push(NUMBER_WORDS[18 + rest / 10].into());
            words.extend((rest % 10 > 0).then(|| NUMBER_WORDS[rest % 10].into()));
        }
    }
    words.join(" ")
}

/// Numbers below 100,000 as pairs of texts: their words, and their digits. The features `[n, 8]` are the places of the words in
/// [`NUMBER_WORDS`], and 31 behind the last one; the targets `[n, 6]` are the digits, 10 for the end, and 11 behind it.
///
/// ```
/// use wengert_data::synth::spelled_numbers;
/// use wengert_tensor::tensor;
///
/// let (words, digits) = spelled_numbers(&[7, 12_005])?.into_parts();
/// assert_eq!(words.select(0, 1)?, tensor![12_usize, 30, 29, 5, 31, 31, 31, 31]);
/// assert_eq!(digits, tensor![[7_usize, 10, 11, 11, 11, 11], [1, 2, 0, 0, 5, 10]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::Value`] for a number of more than five digits.
#[track_caller]
pub fn spelled_numbers(numbers: &[usize]) -> Result<TensorDataset<usize, usize>> {
    const END: usize = 10;
    if let Some(n) = numbers.iter().find(|n| **n >= 100_000) {
        return Err(Error::value("spelled_numbers", format!("{n} has more than five digits")));
    }
    let pad = NUMBER_WORDS.len();
    let place = |word: &str| NUMBER_WORDS.iter().position(|w| *w == word).unwrap_or(pad);
    let (mut words, mut digits) = (Vec::new(), Vec::new());
    for n in numbers {
        words.push(number_in_words(*n).split(' ').map(place).collect());
        let text = n.to_string();
        digits.push(text.bytes().map(|digit| usize::from(digit - b'0')).chain([END]).collect());
    }
    Ok(TensorDataset::of(padded(&words, 8, pad)?, padded(&digits, 6, END + 1)?))
}

/// So many reviews, English and Chinese in turn, each with whether it is good. A review has three to eight opinions in
/// words of different strength, from "awful" to "superb", each after a word that has none; one opinion in eight is turned
/// round by a "not". It is good if its opinions add up to more than 0. Words are divided by spaces, the Chinese ones too.
///
/// ```
/// let reviews = wengert_data::synth::reviews(100, 0);
/// assert!(reviews.iter().any(|(text, good)| text.contains("superb") && *good));
/// ```
pub fn reviews(n: usize, seed: u64) -> Vec<(String, bool)> {
    const OPINIONS: [[&str; 10]; 2] = [
        ["awful", "bad", "poor", "slow", "dull", "fine", "decent", "good", "great", "superb"],
        ["糟透", "坏", "差", "慢", "无聊", "还行", "不错", "好", "很棒", "极好"],
    ];
    const STRENGTHS: [i32; 10] = [-5, -3, -2, -1, -1, 1, 1, 2, 3, 5];
    const THINGS: [[&str; 10]; 2] = [
        ["the", "room", "food", "film", "staff", "was", "and", "price", "today", "we"],
        ["房间", "饭菜", "电影", "服务", "价格", "是", "的", "我们", "觉得", "今天"],
    ];
    const NOT: [&str; 2] = ["not", "不"];
    let mut rng = Rng::new(For::Synthetic, seed, 0);
    let mut reviews = Vec::with_capacity(n);
    while reviews.len() < n {
        let language = reviews.len() % 2;
        let (mut words, mut sum) = (Vec::new(), 0);
        for _ in 0..3 + rng.below(6) {
            let (opinion, turned) = (rng.below(10), rng.below(8) == 0);
            words.push(THINGS[language][rng.below(10)]);
            words.extend(turned.then_some(NOT[language]));
            words.push(OPINIONS[language][opinion]);
            sum += if turned { -STRENGTHS[opinion] } else { STRENGTHS[opinion] };
        }
        if sum != 0 {
            reviews.push((words.join(" "), sum > 0));
        }
    }
    reviews
}
