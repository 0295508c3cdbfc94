//! Groups: parameters whose paths match a pattern have settings of their own.

use wengert_autograd::{Line, Param, matches};
use wengert_tensor::{Element, Float, compiled};

use crate::rule::Rule;
use crate::settings::{Bound, LEARNING_RATE};
use crate::{Error, Result};

/// A function from the common settings to those of a group.
pub(crate) type Change<R> = Box<dyn Fn(R) -> R + Send + Sync>;

/// Patterns, their changes of settings, and the resulting settings of each parameter.
pub(crate) struct Groups<R> {
    groups: Vec<(String, Change<R>)>,
    /// The sets of groups that apply to some parameter together, with the resulting settings. The first is the empty set.
    sets: Vec<(Vec<usize>, R)>,
}

impl<R: Rule> Groups<R> {
    pub(crate) fn new(settings: &R) -> Self {
        Self { groups: Vec::new(), sets: vec![(Vec::new(), settings.clone())] }
    }

    pub(crate) fn push(&mut self, pattern: &str, change: Change<R>) {
        self.groups.push((pattern.to_string(), change));
    }

    /// The number of each parameter's set of groups.
    pub(crate) fn sort(&mut self, names: &[String], at: Line) -> Result<Vec<usize>> {
        let patterns: Vec<&str> = self.groups.iter().map(|(pattern, _)| &pattern[..]).collect();
        let (sets, places) = sort(R::NAME, &patterns, names, at)?;
        let settings = self.sets[0].1.clone();
        self.sets = sets.into_iter().map(|set| (set, settings.clone())).collect();
        Ok(places)
    }

    /// Computes the settings of each set; a group's own rate is multiplied by `proportion`.
    pub(crate) fn resolve<T: Float>(
        &mut self,
        settings: &R,
        proportion: f64,
        at: Line,
    ) -> Result<()> {
        for (set, resolved) in &mut self.sets {
            *resolved = settings.clone();
            for &k in &*set {
                *resolved = self.groups[k].1(resolved.clone());
            }
            if std::mem::take(resolved.has_own_rate()) {
                resolved.set_rate(resolved.rate() * proportion);
            }
            let patterns = set.iter().map(|&k| &self.groups[k].0[..]);
            let broken = broken::<T>(resolved.conflict(), &|see| resolved.numbers(see));
            if let Some((setting, rule)) = broken {
                return Err(broken_setting(
                    R::NAME,
                    setting,
                    rule,
                    &patterns.collect::<Vec<_>>(),
                    at,
                ));
            }
        }
        Ok(())
    }

    /// The settings of a set.
    #[inline]
    pub(crate) fn of(&self, set: usize) -> &R {
        &self.sets[set].1
    }
}

/// The sets of patterns that match some name together, of which the first is the empty set, and the place of each name's.
fn sort(
    optimizer: &'static str,
    patterns: &[&str],
    names: &[String],
    at: Line,
) -> Result<(Vec<Vec<usize>>, Vec<usize>)> {
    for pattern in patterns {
        if !names.iter().any(|name| matches(pattern, name)) {
            let (pattern, names) = (pattern.to_string(), names.to_vec());
            return Err(Error::Group { optimizer, pattern, names, at });
        }
    }
    let mut sets = vec![Vec::new()];
    let set_of = |name: &String| {
        let set: Vec<usize> = (0..patterns.len()).filter(|&k| matches(patterns[k], name)).collect();
        sets.iter().position(|other| *other == set).unwrap_or_else(|| {
            sets.push(set);
            sets.len() - 1
        })
    };
    let places = names.iter().map(set_of).collect();
    Ok((sets, places))
}

/// Every number of some settings, with its name and bound.
type Numbers<'a> = &'a dyn Fn(&mut dyn FnMut(&'static str, f64, Bound));

/// The setting that breaks a rule, and the rule.
#[inline(never)]
fn broken<T: Float>(
    conflict: Option<(&'static str, String)>,
    numbers: Numbers<'_>,
) -> Option<(&'static str, String)> {
    let mut broken = conflict;
    numbers(&mut |name, x, bound| {
        if broken.is_none() {
            broken = bound.broken_for::<T>(name, x).map(|rule| (name, rule));
            if let Some((LEARNING_RATE, rule)) = &mut broken
                && x.is_nan()
            {
                rule.push_str(
                    "\n  help: if a schedule gave it, `schedule.check()` names the wrong option",
                );
            }
        }
    });
    broken
}

/// The error of a setting in the groups of these patterns.
fn broken_setting(
    optimizer: &'static str,
    setting: &'static str,
    mut rule: String,
    patterns: &[&str],
    at: Line,
) -> Error {
    if !patterns.is_empty() {
        rule = format!("{rule} (in the group `{}`)", patterns.join(", "));
    }
    Error::Setting { optimizer, setting, rule, at }
}

/// The parameters' names for people, patterns and states: their paths. A parameter without a path is named by its position.
/// If several have the same path, as in two models side by side, the later ones are numbered.
#[inline(never)]
pub(crate) fn names<T: Element>(parameters: &[Param<T>]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(parameters.len());
    let mut seen = std::collections::HashMap::<String, usize>::new();
    for (k, param) in parameters.iter().enumerate() {
        let path = if param.is_named() { param.path() } else { format!("{k}") };
        let times = seen.entry(path.clone()).or_default();
        *times += 1;
        names.push(if *times == 1 { path } else { format!("{path}#{times}") });
    }
    names
}

compiled!(f32 f64: { names::<T>, broken::<T> });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        let param = |path: &str| {
            let param = Param::<f32>::new(Default::default());
            if !path.is_empty() {
                param.set_path(path);
            }
            param
        };
        let names = names(&[param("w"), param(""), param("w"), param("w")]);
        assert_eq!(names, ["w", "1", "w#2", "w#3"]);
    }
}
