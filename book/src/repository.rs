//! Files of the repository as pages of the rendered book. A chapter links to a file by its place in the repository, where one
//! reads it as it stands; mdBook, which knows the chapters only, gets these files as pages at the end.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// The way from a chapter to the top of the repository, at the start of a link's target.
const UP: &str = "](../../../";

/// The book as mdBook hands it to a preprocessor, `[context, book]`, to the book with the pages that its links need.
///
/// # Errors
/// If the text is not of that form, or a file cannot be read.
pub fn with_pages(input: &str, top: &Path) -> Result<String, String> {
    let start = ["{\"items\":[", "{\"sections\":["].iter().find_map(|start| input.find(start));
    let (context, book) = input.split_at(start.ok_or("this is not the input of a preprocessor")?);
    let book = book.trim_end().strip_suffix(']').ok_or("the input ends early")?;
    let end = book.rfind(']').ok_or("the book has no list of chapters")?;

    let files: BTreeSet<&str> = book.split(UP).skip(1).filter_map(target).collect();
    let mut pieces = book[..end].split(UP);
    let mut out = pieces.next().unwrap_or_default().to_string();
    for piece in pieces {
        let file = target(piece).ok_or("a link has no end")?;
        let _ = write!(out, "]({}{}", page(file), &piece[file.len()..]);
    }
    let title = if context.contains("\"language\":\"zh") {
        "仓库中的文件"
    } else {
        "Files of the repository"
    };
    let _ = write!(out, ",{{\"PartTitle\":\"{title}\"}}");
    for file in &files {
        let text = fs::read_to_string(top.join(file)).map_err(|e| format!("{file}: {e}"))?;
        let content = if file.ends_with(".md") {
            with_known_links(&text, file, &files)
        } else {
            format!("# {file}\n\n`````rust,ignore\n{text}`````\n")
        };
        let _ = write!(
            out,
            ",{{\"Chapter\":{{\"name\":{},\"content\":{},\"number\":null,\"sub_items\":[],\"path\":\"{}\",\"source_path\":null,\"parent_names\":[]}}}}",
            quoted(file),
            quoted(&content),
            page(file)
        );
    }
    Ok(joined(&out) + &book[end..])
}

/// JSON whose lines of Chinese go on without the space that a browser makes of the end of a line.
fn joined(text: &str) -> String {
    let is_chinese = |c: char| c >= '\u{2e80}';
    let mut lines = text.split("\\n");
    let first = lines.next().unwrap_or_default().to_string();
    lines.fold(first, |text, line| {
        let within = text.ends_with(is_chinese) && line.starts_with(is_chinese);
        text + if within { "" } else { "\\n" } + line
    })
}

/// The file that a link leads to, without its heading.
fn target(rest: &str) -> Option<&str> {
    rest.split([')', '#']).next()
}

/// The page of a file.
fn page(file: &str) -> String {
    format!("repository/{}.md", file.trim_end_matches(".md").replace(['/', '.'], "-"))
}

/// The text of a file whose links lead to other pages, or are no links any more.
fn with_known_links(text: &str, file: &str, files: &BTreeSet<&str>) -> String {
    let mut pieces = text.split("](");
    let mut out = pieces.next().unwrap_or_default().to_string();
    for piece in pieces {
        let Some((link, rest)) = piece.split_once(')') else {
            out = out + "](" + piece;
            continue;
        };
        let (to, heading) = link.find('#').map_or((link, ""), |at| link.split_at(at));
        let there = resolved(file, to);
        if to.is_empty() || link.contains("://") {
            let _ = write!(out, "]({link}){rest}");
        } else if files.contains(there.as_str()) {
            let name = page(&there);
            let _ = write!(out, "]({}{heading}){rest}", name.trim_start_matches("repository/"));
        } else {
            // The words stay, without the bracket before them.
            let open = out.rfind('[').unwrap_or(0);
            let words = out.split_off(open);
            let _ = write!(out, "{}{rest}", words.trim_start_matches('['));
        }
    }
    out
}

/// A link of a file, from the top of the repository.
fn resolved(file: &str, link: &str) -> String {
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." => (),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// A string of JSON.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c < ' ' => _ = write!(out, "\\u{:04x}", c as u32),
            c => out.push(c),
        }
    }
    out + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both books, as mdBook hands them over.
    fn book(language: &str) -> String {
        let home = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = fs::read_dir(home.join(language).join("src")).unwrap();
        let pages = folder.map(|entry| entry.unwrap().path()).filter(|p| p.extension().is_some());
        let chapters: Vec<String> = pages
            .map(|p| {
                format!(
                    "{{\"Chapter\":{{\"content\":{}}}}}",
                    quoted(&fs::read_to_string(p).unwrap())
                )
            })
            .collect();
        format!("[{{\"language\":\"{language}\"}},{{\"items\":[{}]}}]\n", chapters.join(","))
    }

    #[test]
    fn every_link_leads_to_a_page_of_the_rendered_book() {
        let top = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        for language in ["en", "zh"] {
            let before = book(language);
            let links = before.matches(UP).count();
            let book = with_pages(&before, top).unwrap();
            assert!(links >= 10 && book.matches("](repository/").count() >= links, "{language}");
            assert!(book.starts_with("{\"items\":[") && book.ends_with("]}"), "{language}");
            // Programs have no links, even where their comments look like it.
            let prose = book.split("`````").step_by(2);
            for file in prose.flat_map(|piece| piece.split("](").skip(1)).filter_map(target) {
                let outside = file.starts_with("http") || file.is_empty();
                let chapter = top.join(format!("book/{language}/src/{file}")).is_file();
                let name = file.trim_start_matches("repository/");
                let page = book.contains(&format!("\"path\":\"repository/{name}\""));
                assert!(outside || chapter || page, "{language}: {file}");
            }
        }
    }

    #[test]
    fn a_link_to_what_is_no_page_becomes_its_words() {
        let files = BTreeSet::from(["docs/a.md", "src/b.rs"]);
        let text = "[a](a.md#x), [b](../src/b.rs), [none](c.md), [here](#y), [far](https://d.e)";
        assert_eq!(
            with_known_links(text, "docs/z.md", &files),
            "[a](docs-a.md#x), [b](src-b-rs.md), none, [here](#y), [far](https://d.e)"
        );
        assert_eq!(quoted("a\"\\\n\u{1}"), r#""a\"\\\n\u0001""#);
        assert_eq!(joined(r"一行，\n又一行。\n\n新段\n- a\nb"), r"一行，又一行。\n\n新段\n- a\nb");
        assert!(with_pages("[]", Path::new("")).is_err());
    }
}
