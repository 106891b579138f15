//! Both adapters have the same public names, of the same features, and the same methods: who changes from one
//! to the other changes a name in `Cargo.toml` and what the runtimes differ in. Read from their sources.
#![expect(clippy::unwrap_used, reason = "these are tests, helpers included")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What only one has, and why.
const ONLY_IN_ONE: [&str; 2] = [
    // tokio has a clock that can be paused.
    "test_kit",
    // tokio's `AsyncWriteExt` has a method of this name.
    "stream::shutdown",
];

fn source(adapter: &str) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap().join(adapter).join("src")
}

/// The lines of a file that are no comments, up to its tests.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]").next().unwrap();
    let lines = text.lines().map(str::trim);
    let code = lines.filter(|line| !line.starts_with("//"));
    code.collect::<Vec<_>>().join(" ")
}

/// What a crate exports, each name with the condition that it stands under, if any.
fn exports(adapter: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for statement in code(&source(adapter).join("lib.rs")).split(';') {
        let (before, exported) = match statement.split_once("pub use ") {
            Some(parts) => parts,
            None => match statement.split_once("pub mod ") {
                Some(parts) => parts,
                None => continue,
            },
        };
        let list = match exported.split_once('{') {
            Some((_, list)) => list.trim_end_matches('}'),
            None => exported.rsplit("::").next().unwrap(),
        };
        for name in list
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
        {
            names.insert(format!("{} {name}", before.trim()).trim().to_owned());
        }
    }
    names
}

/// The public functions in each file, as `file::name`.
fn functions(adapter: &str) -> BTreeSet<String> {
    let (mut folders, mut names) = (vec![source(adapter)], BTreeSet::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let module = path.strip_prefix(source(adapter)).unwrap();
            let module = module.with_extension("");
            let code = code(&path);
            for public in code.split("pub ").skip(1) {
                let public = public
                    .trim_start_matches("const ")
                    .trim_start_matches("async ");
                if let Some(signature) = public.strip_prefix("fn ") {
                    let end = signature.find(|c: char| !(c.is_alphanumeric() || c == '_'));
                    let name = &signature[..end.unwrap()];
                    names.insert(format!("{}::{name}", module.display()));
                }
            }
        }
    }
    names
}

fn check(of_tokio: &BTreeSet<String>, of_async_std: &BTreeSet<String>, some: &str) {
    assert!(
        of_tokio.iter().any(|name| name.ends_with(some)),
        "{of_tokio:?}"
    );
    for name in of_tokio.symmetric_difference(of_async_std) {
        assert!(
            ONLY_IN_ONE.iter().any(|only| name.contains(only)),
            "only one adapter has {name}"
        );
    }
}

#[test]
fn the_same_exports() {
    let (of_tokio, of_async_std) = (exports("wsstream-tokio"), exports("wsstream-async-std"));
    check(&of_tokio, &of_async_std, "rustls\")] connect_with_tls");
    assert!(of_tokio.len() > 40, "{of_tokio:?}");
}

#[test]
fn the_same_functions() {
    let (of_tokio, of_async_std) = (functions("wsstream-tokio"), functions("wsstream-async-std"));
    check(&of_tokio, &of_async_std, "listener::max_connections");
    assert!(of_tokio.len() > 40, "{of_tokio:?}");
}
