//! The pictures beside the chapters are those that the command makes, and each stands in a chapter of either language with words
//! that say what it shows.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

/// A picture as its words, and its numbers.
fn parts(svg: &str) -> (String, Vec<f64>) {
    let (mut words, mut numbers, mut digits) = (String::new(), Vec::new(), String::new());
    for c in svg.chars().chain(['\n']) {
        if c.is_ascii_digit() || c == '.' {
            digits.push(c);
            continue;
        }
        if let Ok(number) = digits.parse() {
            numbers.push(number);
            words.push('#');
        } else {
            words += &digits;
        }
        digits.clear();
        words.push(c);
    }
    (words, numbers)
}

/// Kernels of another processor may round a coordinate to the other side: a twentieth of a pixel is nothing.
#[test]
fn pictures_are_those_that_the_command_makes() {
    let made = wengert_book::pictures::all().unwrap();
    assert!(made.len() >= 22, "{}", made.len());
    for (file, svg) in &made {
        let kept = fs::read_to_string(home().join(file)).unwrap_or_default();
        let ((words, numbers), (kept_words, kept_numbers)) = (parts(svg), parts(&kept));
        let near = numbers.iter().zip(&kept_numbers).all(|(a, b)| (a - b).abs() <= 0.05);
        let again = "`cargo run -p wengert-book --bin pictures` makes it again";
        assert!(words == kept_words && near, "{file} is not what the command makes: {again}");
        assert!(svg.contains("prefers-color-scheme: dark"), "{file} has no dark colours");
    }
    for language in ["en", "zh"] {
        let folder = format!("{language}/src/pictures");
        let kept = fs::read_dir(home().join(&folder)).unwrap();
        let kept: BTreeSet<String> =
            kept.map(|e| format!("{folder}/{}", e.unwrap().file_name().display())).collect();
        let made = made.iter().map(|p| p.0.clone()).filter(|p| p.starts_with(language)).collect();
        assert_eq!(kept, made, "a picture that no command makes, or none of one that it makes");
    }
}

/// The pictures of the chapters of a language, each with its text.
fn shown(language: &str) -> Vec<(String, String)> {
    let mut shown = Vec::new();
    for chapter in fs::read_dir(home().join(language).join("src")).unwrap() {
        let chapter = chapter.unwrap().path();
        if chapter.extension().is_some_and(|e| e == "md") {
            let page = fs::read_to_string(&chapter).unwrap();
            let prose: String = page.split("```").step_by(2).collect(); // code has `vec![` and the like
            for piece in prose.split("\n![").skip(1) {
                let (text, rest) = piece.split_once("](").unwrap();
                let file = rest.split_once(')').unwrap().0;
                let chapter = chapter.file_name().unwrap().display();
                shown.push((format!("{chapter}: {file}"), text.to_string()));
            }
        }
    }
    shown.sort();
    shown
}

#[test]
fn each_picture_stands_in_one_chapter_of_either_language_and_says_what_it_shows() {
    let (english, chinese) = (shown("en"), shown("zh"));
    let names = |pictures: &[(String, String)]| -> Vec<String> {
        pictures.iter().map(|p| p.0.clone()).collect()
    };
    assert_eq!(names(&english), names(&chinese));
    let files: BTreeSet<&str> =
        english.iter().filter_map(|p| p.0.split_once(": pictures/")).map(|p| p.1).collect();
    let made = wengert_book::pictures::all().unwrap();
    for (file, _) in &made {
        assert!(files.contains(file.rsplit('/').next().unwrap()), "no chapter shows {file}");
    }
    for ((file, english), (_, chinese)) in english.iter().zip(&chinese) {
        assert!(english.split_whitespace().count() >= 8, "{file}: {english}");
        let ideographs = |text: &str| text.chars().filter(|c| *c > '\u{2e80}').count();
        assert!(ideographs(chinese) >= 10 && ideographs(english) == 0, "{file}: {chinese}");
    }
}
