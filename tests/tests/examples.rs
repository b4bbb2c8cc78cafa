//! Runs every example and compares what it prints with the `expected.txt` beside it, so that no example lies.
//!
//! Ids and times are replaced first. `EVENT_EXAMPLES=update` writes the files instead of comparing them.

mod examples {
    mod durable;
    mod lambda;
    mod webhooks;
}

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

#[test]
fn every_example_prints_what_its_expected_file_says() {
    let update = std::env::var_os("EVENT_EXAMPLES").is_some_and(|value| value == "update");
    let examples = examples();
    assert!(!examples.is_empty(), "no example found below {}", examples_folder().display());
    let problems: Vec<String> = examples.iter().filter_map(|folder| compare(folder, update).err()).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

fn examples_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples")
}

fn examples() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(examples_folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("Cargo.toml").is_file())
        .collect();
    folders.sort();
    folders
}

fn compare(folder: &Path, update: bool) -> Result<(), String> {
    let name = folder.file_name().unwrap().to_string_lossy().into_owned();
    let printed = normalise(&run(&name, &[])?);
    let expected_file = folder.join("expected.txt");
    if update {
        std::fs::write(&expected_file, printed).unwrap();
        return Ok(());
    }
    let expected = std::fs::read_to_string(&expected_file)
        .map_err(|error| format!("example {name}: {}: {error}", expected_file.display()))?;
    // A checkout may have translated the line ends.
    let expected = expected.replace("\r\n", "\n");
    if printed == expected { Ok(()) } else { Err(difference(&name, &expected, &printed)) }
}

/// The program of an example, to be run from the workspace's root. All examples are built with the first, in one
/// go: cargo builds what they share once, and not once for each set of features.
fn program(name: &str) -> Command {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| {
        let packages = examples().into_iter().flat_map(|folder| {
            let name = folder.file_name().unwrap().to_string_lossy().into_owned();
            ["--package".to_owned(), format!("example-{name}")]
        });
        let status = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--locked"])
            .args(packages)
            .current_dir(workspace())
            .status()
            .expect("cargo starts");
        assert!(status.success(), "the examples do not build");
    });
    let program = format!("example-{name}{}", std::env::consts::EXE_SUFFIX);
    let mut command = Command::new(Path::new(env!("CARGO_TARGET_TMPDIR")).join("../debug").join(program));
    command.current_dir(workspace());
    command
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Runs the example with these arguments.
fn run(name: &str, arguments: &[&str]) -> Result<String, String> {
    let output = program(name)
        .args(arguments)
        // Examples use what is at hand by these; the expected output is the one without.
        .env_remove("DATABASE_URL")
        .env_remove("ADDRESS")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("example {name} did not start: {error}"))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        return Err(format!("example {name} ended with {}:\n{stderr}", output.status));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("example {name} printed something else than UTF-8"))
}

/// The first line that differs, with the whole output for whoever updates the file.
fn difference(name: &str, expected: &str, printed: &str) -> String {
    let (mut want, mut got) = (expected.lines(), printed.lines());
    let mut line = 1;
    loop {
        match (want.next(), got.next()) {
            (Some(want), Some(got)) if want == got => line += 1,
            (None, None) => {
                return format!(
                    "example {name}: its output and expected.txt differ in the last line end only"
                );
            }
            (want, got) => {
                let (want, got) = (want.unwrap_or("<end>"), got.unwrap_or("<end>"));
                return format!(
                    "example {name}, line {line}:\n  expected: {want}\n  printed:  {got}\nwhole output:\n{printed}"
                );
            }
        }
    }
}

/// Replaces what differs from run to run: UUIDs become `<uuid>`, RFC 3339 times `<time>`; line ends become `\n`.
fn normalise(printed: &str) -> String {
    let mut normal = String::with_capacity(printed.len());
    for line in printed.lines() {
        let mut rest = line.trim_end();
        while let Some(first) = rest.chars().next() {
            if let Some((placeholder, length)) = volatile(rest) {
                normal.push_str(placeholder);
                rest = &rest[length..];
            } else {
                normal.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
        normal.push('\n');
    }
    normal
}

/// The placeholder and byte length of the id or time that `text` starts with.
fn volatile(text: &str) -> Option<(&'static str, usize)> {
    const UUID: &str = "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh";
    const TIME: &str = "dddd-dd-ddTdd:dd:dd";
    if let Some(length) = shaped(text, UUID) {
        return Some(("<uuid>", length));
    }
    let mut length = shaped(text, TIME)?;
    if let Some(fraction) = text[length..].strip_prefix('.') {
        length += 1 + fraction.bytes().take_while(u8::is_ascii_digit).count();
    }
    if text[length..].starts_with('Z') {
        length += 1;
    } else if let Some(offset) = shaped(&text[length..], "sdd:dd") {
        length += offset;
    }
    Some(("<time>", length))
}

/// The length of `shape` when `text` starts with it: `h` is a hexadecimal digit, `d` a decimal one, `s` a sign.
fn shaped(text: &str, shape: &str) -> Option<usize> {
    let text = text.as_bytes().get(..shape.len())?;
    let fits = text.iter().zip(shape.bytes()).all(|(byte, shape)| match shape {
        b'h' => byte.is_ascii_hexdigit(),
        b'd' => byte.is_ascii_digit(),
        b's' => matches!(byte, b'+' | b'-'),
        other => *byte == other,
    });
    fits.then_some(shape.len())
}

#[test]
fn ids_and_times_are_replaced_and_nothing_else_is() {
    let printed = "id=01931f3c-8f5e-7a10-9b1d-2f0c5f9a7e11 at 2026-11-21T08:59:00.123456789Z, ü 2026-11-21 3 of 4  \r\n\
         now 2026-11-21T08:59:00+01:00\n";
    assert_eq!(normalise(printed), "id=<uuid> at <time>, ü 2026-11-21 3 of 4\nnow <time>\n");
}

#[test]
fn a_difference_names_the_line() {
    let text = difference("demo", "a\nb\n", "a\nc\n");
    assert!(
        text.contains("line 2") && text.contains("expected: b") && text.contains("printed:  c"),
        "{text}"
    );
    assert!(difference("demo", "a\nb\n", "a\n").contains("printed:  <end>"));
}
