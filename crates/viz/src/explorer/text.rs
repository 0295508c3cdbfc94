//! JSON text that may stand in a page.

/// A string of JSON. No `<` is left in it, so that it cannot end the element that holds it.
pub(super) fn quoted(text: &str) -> String {
    let json = wengert_files::quoted(text).replace('<', "\\u003c");
    // Nor a character that ends a line of a script.
    json.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

/// A list of JSON.
pub(super) fn list(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().collect();
    format!("[{}]", items.join(","))
}

/// An object of JSON, without the members that are `null`, `[]` or 0: the page takes these for a member that is missing.
pub(super) fn object(members: &[(&str, String)]) -> String {
    let said = members.iter().filter(|(_, value)| !matches!(value.as_str(), "null" | "[]" | "0"));
    let members: Vec<String> = said.map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_can_end_the_script() {
        assert_eq!(quoted("a\"b\\</script>\n"), "\"a\\\"b\\\\\\u003c/script>\\n\"");
        assert_eq!(object(&[("a", "0".into()), ("b", list(["1".to_string()]))]), "{\"b\":[1]}");
    }
}
