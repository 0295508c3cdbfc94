//! The book: both languages have the same chapters, with the same code; each chapter's code is run by `wengert-book`; and
//! links lead somewhere.

use std::fs;
use std::path::Path;

/// The Rust of a chapter, without comments and spaces at the ends of lines.
fn code(page: &str) -> Vec<String> {
    let blocks = page.split("```rust\n").skip(1).map(|rest| rest.split("\n```").next().unwrap());
    let bare = |line: &str| line.split("//").next().unwrap().trim_end().to_string();
    blocks.flat_map(|block| block.lines().map(bare).collect::<Vec<_>>()).collect()
}

fn chapters(language: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("book").join(language).join("src");
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = all.filter(|path| path.extension().is_some_and(|kind| kind == "md"));
    let mut pages: Vec<_> = files
        .map(|file| {
            let name = file.file_name().unwrap().to_str().unwrap().to_string();
            (name, fs::read_to_string(&file).unwrap())
        })
        .filter(|(name, _)| name != "SUMMARY.md")
        .collect();
    pages.sort();
    pages
}

#[test]
fn both_languages_show_the_same_code() {
    let (english, chinese) = (chapters("en"), chapters("zh"));
    let names = |pages: &[(String, String)]| pages.iter().map(|p| p.0.clone()).collect::<Vec<_>>();
    assert_eq!(names(&english), names(&chinese));
    for ((name, en), (_, zh)) in english.iter().zip(&chinese) {
        assert!(code(en).len() > 20, "{name}: little code was found");
        assert_eq!(code(en), code(zh), "{name}");
        assert_eq!(en.matches("\n## ").count(), zh.matches("\n## ").count(), "{name}: sections");
    }
}

#[test]
fn every_chapter_is_run_and_listed() {
    let run = include_str!("../../book/src/lib.rs");
    let lists = [
        include_str!("../../book/en/src/SUMMARY.md"),
        include_str!("../../book/zh/src/SUMMARY.md"),
    ];
    for (name, page) in chapters("en") {
        assert!(run.contains(&format!("\"{name}\"")), "{name} has no doc test");
        assert!(lists.iter().all(|list| list.contains(&format!("({name})"))), "{name}");
        assert!(!page.contains("```rust,"), "{name}: a block is not run as it stands");
    }
}

/// A heading as links name it: its letters, digits and hyphens in lower case, with hyphens for spaces.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -".contains(*c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// The links of a page, outside of its code: the file, and the heading or "".
fn links(page: &str) -> Vec<(&str, &str)> {
    let prose = page.split("```").step_by(2); // every second piece is code
    let targets = prose.flat_map(|piece| piece.split("](").skip(1));
    targets
        .map(|rest| rest.split(')').next().unwrap())
        .map(|link| link.split_once('#').unwrap_or((link, "")))
        .collect()
}

#[test]
fn links_lead_to_files_and_headings() {
    let mut followed = 0;
    for language in ["en", "zh"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("book").join(language).join("src");
        for (name, page) in chapters(language) {
            for (file, heading) in links(&page) {
                assert!(folder.join(file).exists(), "{language}/{name}: {file}");
                followed += 1;
                if !heading.is_empty() {
                    let text = fs::read_to_string(folder.join(file)).unwrap();
                    let mut headings = text.lines().filter_map(|line| line.strip_prefix('#'));
                    let found = headings.any(|h| anchor(h.trim_matches(['#', ' '])) == heading);
                    assert!(found, "{language}/{name}: {file}#{heading}");
                }
            }
        }
    }
    assert!(followed > 10, "{followed} links were found");
}

/// The course's README has a row for each chapter; the chapter names the same exercises at its end, for those who have read it.
#[test]
fn every_chapter_names_its_exercises() {
    let readme = include_str!("../../course/README.md");
    let rows = readme.lines().filter(|line| line.starts_with("| ") && line.contains('`'));
    let rows: Vec<&str> = rows.map(|row| row.rsplit(" | ").next().unwrap()).collect();
    for language in ["en", "zh"] {
        let chapters = chapters(language);
        assert_eq!(chapters.len(), rows.len());
        for ((name, page), row) in chapters.iter().zip(&rows) {
            let last = page.lines().last().unwrap();
            let named =
                |line: &str| line.split('`').skip(1).step_by(2).map(str::to_string).collect();
            let (told, listed): (Vec<String>, Vec<String>) = (named(last), named(row));
            assert!(told == listed && listed.len() >= 3, "{language}/{name}: {told:?}");
        }
    }
}
