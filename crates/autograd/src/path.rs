//! Patterns of parameter paths: `backbone.*`, `*.bias`, `l?.weight`.

/// Whether a path fits a pattern. `*` stands for any characters, dots too, `?` for one. A pattern that names a module
/// fits all that is in it.
///
/// ```
/// use wengert_autograd::matches;
///
/// assert!(matches("backbone.*", "backbone.l1.weight"));
/// assert!(matches("backbone", "backbone.l1.weight"));
/// assert!(matches("*.bias", "head.bias"));
/// assert!(!matches("back", "backbone.l1.weight"));
/// ```
pub fn matches(pattern: &str, path: &str) -> bool {
    let inside = |(dot, _): (usize, char)| glob(pattern, &path[..dot]);
    glob(pattern, path) || path.char_indices().filter(|&(_, c)| c == '.').any(inside)
}

/// In time |pattern|·|text|: of several stars only the last need be tried again.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&c) if c == '?' || c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((at, taken)) = star else { return false };
                star = Some((at, taken + 1));
                p = at + 1;
                t = taken + 1;
            }
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        for (pattern, path, fits) in [
            ("*", "a.b", true),
            ("", "a", false),
            ("", "", true),
            ("l?.weight", "l1.weight", true),
            ("l?.weight", "l12.weight", false),
            ("*.l*.w*", "net.l1.weight", true),
            ("a*b*c", "a.b.b.c", true),
            ("a*b*c", "a.b.b.d", false),
            ("a*b*c", "a.c.b", false),
            ("a*a", "a", false),
            ("*.bias", "l1.biases", false),
            ("net.l1", "net.l1.weight", true),
            ("net.l1", "net.l10.weight", false),
            ("*.l1", "net.l1.weight", true),
        ] {
            assert_eq!(matches(pattern, path), fits, "{pattern} {path}");
        }
    }
}
