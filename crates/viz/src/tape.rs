//! A picture of a tape: each line is a box, from the data on the left to the loss on the right.

use wengert_autograd::ops::Leaf;
use wengert_autograd::{Op, Tape, TapeLine};
use wengert_tensor::{Float, Tensor, compiled};

use crate::chart::label;
use crate::field::rounded;
use crate::svg::{Anchor, Svg};

/// The most lines that are drawn; the picture says how many more there are.
const DRAWN: usize = 200;

/// The kinds of boxes, with colour and roundness.
const KINDS: [(&str, &str, u32); 4] = [
    ("data", "#e3eef8", 20),
    ("parameter", "#fdebd0", 20),
    ("op", "#e4f4ea", 4),
    ("op without a gradient", "#f2f2f2", 4),
];

/// The kind of a line.
fn kind<T: Float>(line: &TapeLine<'_, T>) -> usize {
    match line.op() {
        Op::Leaf(Leaf::Constant(_) | Leaf::Data(_) | Leaf::Input(_)) => 0,
        Op::Leaf(Leaf::Parameter(_)) => 1,
        _ if line.wants_gradient() => 2,
        _ => 3,
    }
}

/// The shape of a line, or the number that it is, with its gradient if the tape keeps it.
fn content<T: Float>(line: &TapeLine<'_, T>) -> String {
    let number = |t: Option<Tensor<T>>| t?.item().ok().map(|x| label(rounded(x.to_f64())));
    match (number(line.value()), number(line.adjoint().cloned())) {
        (Some(value), Some(gradient)) => format!("{value}, gradient {gradient}"),
        (Some(value), None) => format!("{} = {value}", line.shape()),
        _ => line.shape().to_string(),
    }
}

/// A tape as SVG text. Data and parameters are round and ops are square, each with its shape, and arrows lead from operands to
/// results. A number stands with its value, and with its gradient on a tape that is [keeping adjoints](Tape::keeping_adjoints).
/// When the pointer rests on a box, it shows the layer or the line of the program.
///
/// ```
/// use wengert_autograd::Tape;
/// let tape = Tape::<f32>::new();
/// let x = tape.scalar(2.0);
/// let y = (x * x).tanh();
/// # let _ = y;
/// let svg = wengert_viz::tape_svg(&tape);
/// assert!(svg.contains("tanh") && svg.contains("<path") && svg.contains(".rs:"));
/// ```
#[inline(never)]
pub fn tape_svg<T: Float>(tape: &Tape<T>) -> String {
    const WIDTH: f64 = 132.0;
    const HEIGHT: f64 = 46.0;
    const GAP: (f64, f64) = (46.0, 18.0);
    let lines = tape.lines();
    let nodes: Vec<TapeLine<'_, T>> = lines.iter().take(DRAWN).collect();
    // A node stands one column right of its rightmost operand; a leaf just left of where it is first used.
    let mut column = vec![0usize; nodes.len()];
    for (i, node) in nodes.iter().enumerate() {
        column[i] = node.operands().into_iter().map(|j| column[j] + 1).max().unwrap_or(0);
    }
    for i in 0..nodes.len() {
        if nodes[i].operands().is_empty() {
            let first = nodes.iter().position(|n| n.operands().contains(&i));
            column[i] = first.map_or(0, |user| column[user].saturating_sub(1));
        }
    }
    let columns = column.iter().max().map_or(0, |c| c + 1);
    let mut filled = vec![0usize; columns];
    let place: Vec<(f64, f64)> = column
        .iter()
        .map(|&c| {
            let row = filled[c];
            filled[c] += 1;
            (16.0 + c as f64 * (WIDTH + GAP.0), 44.0 + row as f64 * (HEIGHT + GAP.1))
        })
        .collect();
    let mut svg = Svg::new();
    let mut heads = Vec::new();
    for (i, node) in nodes.iter().enumerate() {
        let (x1, y1) = place[i];
        let operands = node.operands();
        for (k, &j) in operands.iter().enumerate() {
            // An operand that is used twice has two arrows, as its gradient has two parts.
            let uses = operands.iter().filter(|&&other| other == j).count();
            let earlier = operands[..k].iter().filter(|&&other| other == j).count();
            let distance = (32.0 / uses as f64).min(16.0);
            let aside = distance * (earlier as f64 - 0.5 * (uses - 1) as f64);
            let (x0, y0) = (place[j].0 + WIDTH, place[j].1 + HEIGHT / 2.0 + aside);
            let (y1, middle) = (y1 + HEIGHT / 2.0 + aside, (x0 + x1) / 2.0);
            let d = format!(
                "M{x0:.1} {y0:.1} C{middle:.1} {y0:.1} {middle:.1} {y1:.1} {x1:.1} {y1:.1}"
            );
            svg.path(&d, "stroke=\"#888\"");
            heads.push((x1, y1));
        }
    }
    heads.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    heads.dedup();
    for (x, y) in heads {
        let d =
            format!("M{:.1} {:.1} L{x:.1} {y:.1} L{:.1} {:.1}", x - 6.0, y - 4.0, x - 6.0, y + 4.0);
        svg.path(&d, "stroke=\"#888\"");
    }
    let mut used = [false; KINDS.len()];
    for (i, node) in nodes.iter().enumerate() {
        let (x, y) = place[i];
        let kind = kind(node);
        let (_, fill, round) = KINDS[kind];
        used[kind] = true;
        let place = match node.layer() {
            layer if layer.is_empty() => String::new(),
            layer => format!(" in layer {layer}"),
        };
        svg.begin(&format!("{}{place}, at {}", node.op().name(), node.at()));
        svg.rect(x, y, WIDTH, HEIGHT, &format!("rx=\"{round}\" fill=\"{fill}\" stroke=\"#777\""));
        // The boxes are pale in both themes, so their text is dark in both.
        let middle = x + WIDTH / 2.0;
        svg.text_in(middle, y + 19.0, 12.0, Anchor::Middle, "#1b1b1b", &node.name());
        svg.text_in(middle, y + 36.0, 10.0, Anchor::Middle, "#1b1b1b", &content(node));
        svg.end();
    }
    let rows = filled.iter().max().copied().unwrap_or(0);
    let title = match lines.len() - nodes.len() {
        0 => format!("a tape of {} lines", lines.len()),
        more => format!("the first {DRAWN} lines of a tape ({more} more)"),
    };
    svg.text(16.0, 24.0, 15.0, Anchor::Start, &title);
    // What the colours mean, of those that occur.
    let (mut x, y) = (16.0, 44.0 + rows as f64 * (HEIGHT + GAP.1));
    for (&(what, fill, round), _) in KINDS.iter().zip(used).filter(|(_, used)| *used) {
        let round = round.min(6);
        svg.rect(x, y, 18.0, 12.0, &format!("rx=\"{round}\" fill=\"{fill}\" stroke=\"#777\""));
        svg.text(x + 24.0, y + 10.0, 11.0, Anchor::Start, what);
        x += 44.0 + 6.2 * what.len() as f64;
    }
    let width = 32.0 + columns as f64 * (WIDTH + GAP.0) - GAP.0;
    svg.finish(width.max(280.0).max(x), y + 28.0)
}

compiled!(f32: { tape_svg::<T> });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operand_that_is_used_twice_has_two_arrows_and_a_number_its_gradient() {
        let tape = Tape::<f64>::new().keeping_adjoints();
        let a = tape.scalar(3.0);
        let b = a + a;
        (b * b).backward().unwrap();
        let svg = tape_svg(&tape);
        for text in ["3, gradient 24", "6, gradient 12", "36, gradient 1"] {
            assert!(svg.contains(text), "{text}: {svg}");
        }
        let mut curves: Vec<&str> = svg.split("<path d=\"").filter(|d| d.contains(" C")).collect();
        assert_eq!(curves.len(), 4);
        curves.sort_unstable();
        curves.dedup();
        assert_eq!(curves.len(), 4, "arrows cover one another: {curves:?}");
    }
}
