//! Texts: numbers in words, and reviews by a small grammar.

use crate::rng::{For, Rng};

/// A number below a million in English words.
///
/// ```
/// use wengert_data::synth::number_in_words;
///
/// assert_eq!(number_in_words(342), "three hundred and forty two");
/// assert_eq!(number_in_words(12_005), "twelve thousand and five");
/// ```
pub fn number_in_words(n: usize) -> String {
    const SMALL: &str = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen \
        sixteen seventeen eighteen nineteen";
    const TENS: &str = "twenty thirty forty fifty sixty seventy eighty ninety";
    let pick = |words: &'static str, i: usize| words.split_whitespace().nth(i).unwrap_or("");
    let mut words = Vec::new();
    let (thousands, hundreds, rest) = (n / 1000, n % 1000 / 100, n % 100);
    if thousands > 0 {
        words.extend([number_in_words(thousands % 1000), "thousand".into()]);
    }
    if hundreds > 0 {
        words.extend([pick(SMALL, hundreds).into(), "hundred".into()]);
    }
    if n >= 100 && rest > 0 {
        words.push("and".into());
    }
    match rest {
        0 if n > 0 => {}
        0..20 => words.push(pick(SMALL, rest).into()),
        _ => {
            words.push(pick(TENS, rest / 10 - 2).into());
            words.extend((rest % 10 > 0).then(|| pick(SMALL, rest % 10).into()));
        }
    }
    words.join(" ")
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
