//! The tables in the docs of `contract` name tests: each of them exists.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Every test there is, as `file::name` without the folders before: `shutdown::no_answer`.
fn tests(root: &Path) -> BTreeSet<String> {
    let (mut folders, mut names) = (vec![root.to_owned()], BTreeSet::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                let name = path.file_name().unwrap().to_str().unwrap();
                if name != "target" && !name.starts_with('.') {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                of_file(&path, &mut names);
            }
        }
    }
    names
}

fn of_file(path: &PathBuf, names: &mut BTreeSet<String>) {
    let text = fs::read_to_string(path).unwrap();
    let stem = path.file_stem().unwrap().to_str().unwrap();
    let module = match stem {
        "main" | "tests" => path
            .parent()
            .unwrap()
            .file_name()
            .unwrap()
            .to_str()
            .unwrap(),
        stem => stem,
    };
    let (mut is_test, mut is_list, mut suite) = (false, false, String::new());
    for line in text.lines().map(str::trim) {
        if line.starts_with("wsstream_tests::on_") {
            is_list = line.ends_with('{');
        } else if is_list && line == "}" {
            is_list = false;
        } else if is_list {
            names.insert(format!("{module}::{line}"));
        } else if line == "#[test]" || line == "#[tokio::test]" {
            is_test = true;
        } else if let Some((_, rest)) = line.split_once("fn ").filter(|_| is_test) {
            let name = rest.split('(').next().unwrap();
            names.insert(format!("{module}::{name}"));
            is_test = false;
        } else if stem == "suite" && line.ends_with(" {") {
            suite = line.trim_end_matches(" {").to_owned();
        } else if stem == "suite" && !suite.is_empty() {
            names.insert(format!("{suite}::{line}"));
        }
    }
}

#[test]
fn every_test_that_the_tables_name_exists() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let names = tests(here.parent().unwrap());
    let docs = fs::read_to_string(here.join("src/contract.rs")).unwrap();
    let named = docs
        .lines()
        .filter(|line| line.starts_with("//! | "))
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .filter(|name| name.contains("::"));
    let mut count = 0;
    for name in named {
        assert!(names.contains(name), "there is no test {name}");
        count += 1;
    }
    assert!(count > 50, "{count}");
}
