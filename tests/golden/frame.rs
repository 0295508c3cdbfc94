//! What must hold of a case before it is run: every field is one that its kind reads, every list of names is one, and names
//! that belong together are there. A case that is read in part is unsupported or a failure, never a success.

use super::support::{Case, Json, Outcome};

/// The fields of every kind; those after `attrs` are for people.
const EVERY: &[&str] =
    &["id", "n", "op", "tier", "dtype", "source", "attrs", "note", "desc", "why", "onnx"];

/// The other fields that each kind reads. Of `hard`, `verdict`, `torch`, `jax` and `finite` are for people.
const KINDS: &[(&str, &[&str])] = &[
    ("op", &["inputs", "pre", "outputs", "diff", "grads", "grads_opt", "hvp", "tol", "program"]),
    (
        "graph",
        &[
            "inputs",
            "pre",
            "outputs",
            "diff",
            "grads",
            "grads_opt",
            "hvp",
            "tol",
            "program",
            "finals",
        ],
    ),
    (
        "hard",
        &[
            "inputs",
            "pre",
            "outputs",
            "diff",
            "grads",
            "grads_opt",
            "hvp",
            "tol",
            "program",
            "verdict",
            "torch",
            "jax",
            "finite",
            "differ",
            "exact",
            "range",
            "keep_sum",
            "keep_pair",
        ],
    ),
    (
        "layer",
        &[
            "inputs",
            "outputs",
            "diff",
            "grads",
            "grads_opt",
            "hvp",
            "tol",
            "args",
            "forward",
            "params",
            "buffers",
            "training",
        ],
    ),
    ("optim", &["inputs", "outputs", "tol", "given", "mode", "steps", "rows", "groups"]),
    ("sched", &["inputs", "outputs", "tol", "given", "base_lr", "base_momentum"]),
    ("clip", &["inputs", "outputs", "tol"]),
    ("init", &["shape", "expect", "check"]),
    ("train", &["inputs", "outputs", "tol"]),
    ("error", &["inputs", "pre", "expect"]),
    ("onnx_train", &["inputs", "outputs", "tol"]),
];

/// The fields that are lists of names.
const LISTS: &[&str] = &[
    "inputs",
    "outputs",
    "diff",
    "grads",
    "grads_opt",
    "hvp",
    "args",
    "params",
    "buffers",
    "differ",
    "exact",
    "range",
    "keep_pair",
    "finals",
];

/// Why this case may not be run, if it may not.
pub fn refusal(case: Case) -> Option<Outcome> {
    // Another kind is unsupported as a whole.
    let (_, own) = KINDS.iter().find(|(kind, _)| *kind == case.family.kind)?;
    let unread = |(key, x): &&(String, Json)| {
        !x.is_null() && !EVERY.contains(&&**key) && !own.contains(&&**key)
    };
    if let Some((key, _)) = case.json.fields().iter().find(unread) {
        return Some(Outcome::Unsupported(format!("the field `{key}`")));
    }
    broken(case).err().map(Outcome::Failed)
}

/// What is wrong with the case itself.
fn broken(case: Case) -> Result<(), String> {
    let one_of = |key: &str, words: &[&str]| match case.json.get(key).text() {
        Some(word) if words.contains(&word) => Ok(()),
        _ => Err(format!("`{key}` is {}, and not one of {words:?}", case.json.get(key))),
    };
    one_of("dtype", &["f64", "f32"])?;
    one_of("tier", &["core", "more", "quirk"])?;
    for key in LISTS {
        match case.json.get(key) {
            Json::Null => {}
            Json::List(list) if list.iter().all(|x| x.text().is_some()) => {}
            other => return Err(format!("`{key}` is {other}, and no list of names")),
        }
    }
    let kind = case.family.kind.as_str();
    match kind {
        "init" => {}
        "error" => one_of("expect", &["error"])?,
        _ if case.names("outputs").is_empty() => return Err("nothing is compared".into()),
        _ => {}
    }
    let among =
        |key: &str, names: &[&str], of: &[&str]| match names.iter().find(|n| !of.contains(n)) {
            Some(name) => Err(format!("`{key}` names `{name}`, which is not one of {of:?}")),
            None => Ok(()),
        };
    let (inputs, outputs) = (case.names("inputs"), case.names("outputs"));
    let mut grads = case.names("grads");
    grads.extend(case.names("grads_opt"));
    among("diff", &case.names("diff"), &outputs)?;
    among("grads", &grads, &inputs)?;
    if !grads.is_empty() && case.names("diff").is_empty() {
        return Err("there are gradients, and `diff` names no output that they are of".into());
    }
    among("hvp", &case.names("hvp"), &grads)?;
    let keys = |key: &str| -> Vec<&str> {
        case.json.get(key).fields().iter().map(|(name, _)| &**name).collect()
    };
    among("pre", &keys("pre"), &inputs)?;
    among("range", &case.names("range"), &grads)?;
    among("keep_sum", &keys("keep_sum"), &grads)?;
    among("keep_pair", &case.names("keep_pair"), &grads)?;
    if !matches!(case.names("keep_pair").len(), 0 | 2) {
        return Err("`keep_pair` is not of two names".into());
    }
    let answers: Vec<String> = outputs
        .iter()
        .map(|name| name.to_string())
        .chain(grads.iter().map(|name| format!("g.{name}")))
        .collect();
    let answers: Vec<&str> = answers.iter().map(|name| &**name).collect();
    among("differ", &case.names("differ"), &answers)?;
    among("exact", &case.names("exact"), &answers)?;
    if kind == "layer" {
        let stored = |key: &str, prefix: &str| -> Vec<String> {
            case.names(key).into_iter().map(|name| format!("{prefix}{name}")).collect()
        };
        let taken = [stored("args", ""), stored("params", "p."), stored("buffers", "b.")].concat();
        let taken: Vec<&str> = taken.iter().map(|name| &**name).collect();
        among("inputs", &inputs, &taken)?;
        if case.json.get("training").boolean().is_none() {
            return Err("`training` is neither true nor false".into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::support::case::Family;
    use super::*;

    fn judged(kind: &str, extra: &str) -> Option<Outcome> {
        let case = format!(
            r#"{{"id":"a","op":"exp","dtype":"f64","tier":"core","n":1,"inputs":["x"]{extra}}}"#
        );
        let family = Family::of(kind, Json::read(&case).unwrap(), Vec::new());
        refusal(Case { family: &family, json: &family.cases[0] })
    }

    #[test]
    fn a_field_that_the_kind_does_not_read_is_unsupported() {
        assert_eq!(judged("op", r#","outputs":["y"],"note":"for people""#), None);
        let other = Some(Outcome::Unsupported("the field `batch`".into()));
        assert_eq!(judged("op", r#","outputs":["y"],"batch":[0]"#), other);
        let range = Some(Outcome::Unsupported("the field `range`".into()));
        assert_eq!(judged("op", r#","outputs":["y"],"range":["x"]"#), range);
    }

    #[test]
    fn names_that_lead_nowhere_are_failures() {
        let said = |extra: &str, words: &str| {
            let outcome = judged("hard", extra);
            let right = matches!(&outcome, Some(Outcome::Failed(why)) if why.contains(words));
            assert!(right, "{extra}: {outcome:?}");
        };
        said("", "nothing is compared");
        said(r#","outputs":"y""#, "no list of names");
        said(r#","outputs":["y"],"diff":["z"]"#, "`diff` names `z`");
        said(r#","outputs":["y"],"grads":["x"]"#, "`diff` names no output");
        said(r#","outputs":["y"],"pre":{"other":[]}"#, "`pre` names `other`");
        said(r#","outputs":["y"],"diff":["y"],"grads":["x"],"keep_sum":{"w":[0]}"#, "`keep_sum`");
        said(r#","outputs":["y"],"diff":["y"],"grads":["x"],"keep_pair":["x"]"#, "two names");
        said(r#","outputs":["y"],"differ":["g.x"]"#, "`differ`");
        said(r#","outputs":["y"],"hvp":["x"]"#, "`hvp`");
    }

    #[test]
    fn another_type_or_tier_is_a_failure() {
        for (from, to) in [("f64", "f16"), ("core", "mine")] {
            let case = r#"{"id":"a","op":"exp","dtype":"f64","tier":"core","n":1,"outputs":["y"]}"#;
            let family = Family::of("op", Json::read(&case.replace(from, to)).unwrap(), Vec::new());
            let outcome = refusal(Case { family: &family, json: &family.cases[0] });
            assert!(
                matches!(&outcome, Some(Outcome::Failed(why)) if why.contains(to)),
                "{outcome:?}"
            );
        }
    }

    #[test]
    fn a_layer_takes_every_tensor_and_says_its_mode() {
        let said = |extra: &str, words: &str| {
            let outcome = judged("layer", extra);
            let right = matches!(&outcome, Some(Outcome::Failed(why)) if why.contains(words));
            assert!(right, "{extra}: {outcome:?}");
        };
        said(r#","outputs":["y"],"training":true"#, "`inputs` names `x`");
        said(r#","outputs":["y"],"args":["x"]"#, "`training`");
    }
}
