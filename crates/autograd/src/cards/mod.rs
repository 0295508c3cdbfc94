//! Cards: what is worth knowing of an op, on one page. Formulas come from the op itself, domains and kinks are measured, and
//! examples are run, so that no card can differ from its op.

use std::fmt;
use std::panic::Location;

use wengert_tensor::pointwise::{BinaryOp, UnaryOp};

use crate::{Error, Result, Tape, TapeLine, Var, digest, nearest};

mod measured;
mod pointwise;
mod structural;

/// The card of an op; see [`cards`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Card {
    /// The name on the tape.
    pub name: &'static str,
    /// The value in a few words, as the documentation of the op has it.
    pub about: &'static str,
    /// The value as a formula.
    pub formula: String,
    /// For each operand, the contribution to its gradient: g is the gradient of the result y, and a, b, c (or x, if there is one) are the operands.
    pub derivative: Vec<String>,
    /// The operands for which there is a value.
    pub domain: String,
    /// The slopes at kinks, ties and edges.
    pub kinks: String,
    /// The operands for which nothing overflows in `f32`.
    pub safe_range: String,
    /// The values that the reverse sweep reads.
    pub keeps: String,
    /// The shapes of operands and result.
    pub shapes: &'static str,
    /// The work, forward and back.
    pub cost: &'static str,
    /// Three lines of a program, with the numbers that they give.
    pub example: String,
}

/// The card of the op of this name: formula, derivative, domain, conventions, cost, and an example with its numbers.
///
/// ```
/// let card = wengert_autograd::cards("tanh")?;
/// assert_eq!(card.derivative, ["g·(1 - y·y)"]);
/// assert!(card.to_string().contains("let y = x.tanh();"));
///
/// let error = wengert_autograd::cards("tahn").unwrap_err().to_string();
/// assert!(error.contains("did you mean") && error.contains("`tanh`"), "{error}");
/// # Ok::<(), wengert_autograd::Error>(())
/// ```
///
/// # Errors
/// If there is no such op; the error names those that are nearest.
#[track_caller]
pub fn cards(name: &str) -> Result<Card> {
    let at = Location::caller();
    let asked = name.strip_prefix("try_").unwrap_or(name);
    if let Some(made) = pointwise::card(asked).or_else(|| structural::card(asked)) {
        return made;
    }
    let near: Vec<String> =
        nearest(asked, card_names()).into_iter().map(|name| format!("`{name}`")).collect();
    let help = match near[..] {
        [] => "`card_names()` lists the names".to_string(),
        _ => format!("did you mean {}?", near.join(" or ")),
    };
    Err(Error::Use(format!("cards: there is no op `{name}`: {help}"), at))
}

/// The names of all ops that have a card: those of the table of derivatives first.
///
/// ```
/// assert!(wengert_autograd::card_names().contains(&"softmax"));
/// ```
pub fn card_names() -> Vec<&'static str> {
    let unary = UnaryOp::ALL.iter().map(|op| op.name());
    let binary = BinaryOp::ALL.iter().map(|op| op.name());
    unary.chain(binary).chain(structural::names()).collect()
}

impl fmt::Display for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}\n", self.name, self.about)?;
        let derivative = match self.derivative[..] {
            [] => "none: it is a leaf".to_string(),
            _ => self.derivative.join(", "),
        };
        for (what, says) in [
            ("formula", &*self.formula),
            ("gradient", &derivative),
            ("domain", &self.domain),
            ("kinks", &self.kinks),
            ("safe range", &self.safe_range),
            ("keeps", &self.keeps),
            ("shapes", self.shapes),
            ("cost", self.cost),
        ] {
            writeln!(f, "{what:<12}{says}")?;
        }
        writeln!(f)?;
        self.example.lines().try_for_each(|line| writeln!(f, "    {line}"))
    }
}

/// The things that a recorded line tells of its op.
struct Told {
    derivative: Vec<String>,
    keeps: String,
}

fn told(line: &TapeLine<'_, f64>) -> Told {
    let arity = line.arity();
    let derivative = (0..arity).map(|k| line.op().formula(k).into_owned()).collect();
    let name = |j: usize| match arity {
        1 => "x".to_string(),
        _ => char::from(b'a' + (j % 26) as u8).to_string(),
    };
    let reads = |j: &usize| (0..arity).any(|k| line.op().reads(k).reads_operand(*j));
    let mut kept: Vec<String> = (0..arity).filter(reads).map(name).collect();
    kept.extend((0..arity).any(|k| line.op().reads(k).reads_result()).then(|| "y".to_string()));
    let keeps = match kept[..] {
        [] => "no value, only shapes".to_string(),
        _ => kept.join(" and "),
    };
    Told { derivative, keeps }
}

/// The code of an example: its input and its result.
type Recording<'a> = &'a dyn for<'t> Fn(&'t Tape<f64>) -> Result<[Var<'t, f64>; 2]>;

/// Runs an example on a tape, reads the line of the op, and writes the numbers behind the code.
fn example(name: &'static str, code: [&str; 2], run: Recording<'_>) -> Result<(Told, String)> {
    let tape = Tape::new();
    let [x, y] = run(&tape)?;
    let told = {
        let lines = tape.lines();
        let line = lines.iter().rev().find(|line| line.op().name() == name);
        line.map(|line| told(&line)).ok_or_else(|| {
            Error::Use(format!("cards: the example records no `{name}`"), Location::caller())
        })?
    };
    let gradient = y.sum().gradients()?.wrt(x).value();
    let rows = [
        (format!("let x = {};", code[0]), String::new()),
        (format!("let y = {};", code[1]), digest(&y.value()?)),
        (
            "let dx = y.sum().gradients()?.wrt(x).value()?;".to_string(),
            gradient
                .map_or_else(|_| "an error: x wants no gradient from here".into(), |g| digest(&g)),
        ),
    ];
    let wide = rows.iter().map(|row| row.0.chars().count()).max().unwrap_or(0);
    let lines = rows.iter().map(|(code, result)| match result.is_empty() {
        true => format!("{code}\n"),
        false => format!("{code}{}  // {result}\n", " ".repeat(wide - code.chars().count())),
    });
    Ok((told, lines.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::Operation;

    /// Ops of a test's own, or of a name that is another op's.
    const OWN: &[&str] = &["swish", "mixed"];

    #[test]
    fn every_op_has_a_complete_card() {
        let mut names: Vec<&str> = crate::Op::<f64>::rows().iter().map(|row| row.name).collect();
        names.sort_unstable();
        names.dedup();
        let custom: Vec<&str> =
            crate::ops::Custom::<f64>::rows().iter().map(|row| row.name).collect();
        names.retain(|name| !OWN.contains(name) && !custom.contains(name));
        assert!(names.len() > 110, "{}", names.len());
        for name in names {
            let card = cards(name).unwrap_or_else(|e| panic!("{name}: {e}"));
            let texts = [
                card.about,
                &card.formula,
                &card.domain,
                &card.kinks,
                &card.safe_range,
                &card.keeps,
                card.shapes,
                card.cost,
            ];
            assert!(texts.iter().all(|text| !text.is_empty()), "{card:?}");
            assert_eq!(card.example.lines().count(), 3, "{card}");
            assert!(card.example.lines().nth(1).unwrap().contains("//"), "{card}");
        }
        let all = card_names();
        let mut once = all.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), all.len(), "a name has two cards");
    }

    /// The words of a card are those of the documentation of its op.
    #[test]
    fn cards_say_what_the_documentation_says() {
        let sources = [
            include_str!("../ops/attention.rs"),
            include_str!("../ops/conv.rs"),
            include_str!("../ops/index.rs"),
            include_str!("../ops/leaf.rs"),
            include_str!("../ops/norm.rs"),
            include_str!("../ops/normalize.rs"),
            include_str!("../ops/pointwise.rs"),
            include_str!("../ops/product.rs"),
            include_str!("../ops/recurrent.rs"),
            include_str!("../ops/reduce.rs"),
            include_str!("../ops/scan.rs"),
            include_str!("../ops/variance.rs"),
            include_str!("../ops/shape.rs"),
            include_str!("../ops/softmax.rs"),
            include_str!("../ops/window.rs"),
        ]
        .concat();
        for name in structural::names() {
            let about = cards(name).unwrap().about;
            assert!(sources.contains(&format!("/// {about}\n")), "{name}: {about}");
        }
    }

    #[test]
    fn domains_kinks_and_ranges_are_those_of_the_mathematics() {
        let card = |name| cards(name).unwrap();
        assert_eq!(card("tanh").domain, "every x");
        assert_eq!(card("sqrt").domain, "x ≥ 0");
        assert_eq!(card("ln").domain, "x ≥ 0, infinite at x = 0");
        assert_eq!(card("asin").domain, "-1 ≤ x ≤ 1");
        assert!(
            card("relu").kinks.contains("x = 0: slope 0, 0 to the left, 1 to the right"),
            "{}",
            card("relu").kinks
        );
        assert!(
            card("hardtanh").kinks.contains("x = -1: ")
                && card("hardtanh").kinks.contains("x = 1: ")
        );
        assert_eq!(card("tanh").kinks, "none");
        assert!(card("floor").kinks.contains("jumps"), "{}", card("floor").kinks);
        assert!(card("sqrt").kinks.contains("slope ∞"), "{}", card("sqrt").kinks);
        assert!(card("exp").safe_range.contains("88.7"), "{}", card("exp").safe_range);
        assert_eq!(card("tanh").safe_range, "every x of f32");
        assert!(card("maximum").kinks.contains("½"), "{}", card("maximum").kinks);
        assert!(card("pow").domain.contains("NaN"), "{}", card("pow").domain);
        assert_eq!(card("add").kinks, "none");
        assert_eq!(card("softmax").keeps, "y");
    }
}
