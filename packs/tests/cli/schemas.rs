//! `schema check | generate | diff | history`.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{folder, root, run};

/// A copy of the committed schemas, to be spoilt.
fn copy(name: &str) -> PathBuf {
    let folder = folder(name);
    std::fs::create_dir(folder.join("schemas")).unwrap();
    for entry in std::fs::read_dir(root().join("schemas")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, folder.join("schemas").join(path.file_name().unwrap())).unwrap();
    }
    folder
}

fn edit(folder: &std::path::Path, name: &str, change: impl FnOnce(&mut Value)) {
    let file = folder.join("schemas").join(name);
    let mut schema = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    change(&mut schema);
    std::fs::write(file, schema.to_string()).unwrap();
}

/// Makes the committed schema one that the code is not compatible with.
fn add_required(schema: &mut Value) {
    schema["properties"]["coupon"] = json!({ "type": "string" });
    schema["required"].as_array_mut().unwrap().push("coupon".into());
}

#[test]
fn the_committed_schemas_are_fresh() {
    let run = run(&["schema", "check"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
}

#[test]
fn check_tells_missing_stale_and_breaking_apart() {
    let folder = copy("check");
    std::fs::remove_file(folder.join("schemas/ChatMessageEvent.v1.json")).unwrap();
    edit(&folder, "OrderPaidEvent.v1.json", add_required);
    edit(&folder, "ChatRoomEvent.v1.json", |schema| schema["description"] = "another".into());
    let run = run(&["schema", "check", "--root", folder.to_str().unwrap(), "--format", "json"]);
    assert_eq!(run.code, 1, "{}", run.err);
    let lines = run.lines();
    let of = |kind: &str| lines.iter().find(|line| line["kind"] == kind).unwrap();
    assert!(of("missing")["file"].as_str().unwrap().contains("ChatMessageEvent"));
    assert!(of("stale")["file"].as_str().unwrap().contains("ChatRoomEvent"));
    let counterexample = &of("breaking")["changes"][0]["forward"]["counterexample"];
    assert!(counterexample.is_object() && counterexample.get("coupon").is_none(), "{lines:?}");
}

#[test]
fn generate_writes_what_breaks_nothing() {
    let folder = copy("generate");
    std::fs::remove_file(folder.join("schemas/ChatMessageEvent.v1.json")).unwrap();
    let root = folder.to_str().unwrap();
    let first = run(&["schema", "generate", "--root", root, "--format", "json"]);
    assert_eq!((first.code, first.lines().len()), (0, 1), "{}{}", first.out, first.err);
    assert_eq!(run(&["schema", "check", "--root", root]).code, 0);
    edit(&folder, "OrderPaidEvent.v1.json", add_required);
    let spoilt = std::fs::read_to_string(folder.join("schemas/OrderPaidEvent.v1.json")).unwrap();
    assert_eq!(run(&["schema", "generate", "--root", root]).code, 1);
    assert_eq!(std::fs::read_to_string(folder.join("schemas/OrderPaidEvent.v1.json")).unwrap(), spoilt);
}

#[test]
fn diff_shows_changes_new_versions_and_what_is_gone() {
    let folder = copy("diff");
    edit(&folder, "OrderPaidEvent.v1.json", add_required);
    std::fs::remove_file(folder.join("schemas/UserRegisteredEvent.v3.json")).unwrap();
    std::fs::write(folder.join("schemas/GoneEvent.v1.json"), "{}").unwrap();
    let run = run(&["schema", "diff", "--against", folder.to_str().unwrap(), "--format", "json"]);
    assert_eq!(run.code, 1, "{}", run.err);
    let lines = run.lines();
    assert_eq!(lines.len(), 3, "{lines:?}");
    let of = |status: &str| lines.iter().find(|line| line["status"] == status).unwrap();
    assert_eq!(of("changed")["backward"]["verdict"], "compatible");
    assert_eq!(of("changed")["forward"]["verdict"], "breaking");
    assert_eq!(of("changed")["allowed"], false);
    assert_eq!((&of("new")["reads"], &of("new")["allowed"]), (&json!([3, 2, 1]), &json!(true)));
    assert_eq!(of("removed")["file"], "GoneEvent.v1.json");
}

#[test]
fn diff_reads_git_refs() {
    let repository = copy("git");
    let git = |arguments: &[&str]| {
        let mut git = std::process::Command::new("git");
        git.arg("-C")
            .arg(&repository)
            .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
            .args(arguments);
        assert!(git.output().unwrap().status.success(), "git {arguments:?}");
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "first"]);
    edit(&repository, "OrderPaidEvent.v1.json", add_required);
    git(&["commit", "-q", "-a", "-m", "second"]);
    let root = repository.to_str().unwrap();
    let diff = |against: &str| run(&["schema", "diff", "--against", against, "--root", root]);
    let first = diff("HEAD~1");
    assert_eq!(first.code, 0, "{}{}", first.out, first.err);
    assert!(first.out.contains("nothing changed"), "{}", first.out);
    assert_eq!(diff("HEAD").code, 1);
    assert_eq!(diff("no-such-ref").code, 2);
    assert_eq!(diff("--output=x").code, 2);
}

#[test]
fn history_shows_which_code_reads_which_version() {
    let run = run(&["schema", "history", "UserRegisteredEvent", "--format", "json"]);
    let lines = run.lines();
    assert_eq!((run.code, lines.len()), (0, 3), "{}", run.err);
    assert_eq!((&lines[0]["reads"], &lines[2]["reads"]), (&json!([1]), &json!([3, 2, 1])));
    assert!(lines[2]["changes"].as_array().unwrap().len() >= 3);
}

#[test]
fn a_folder_without_schemas_is_a_wrong_question() {
    assert_eq!(run(&["schema", "check", "--root", folder("nothing").to_str().unwrap()]).code, 2);
    assert_eq!(run(&["schema", "check", "--pack", "NoPack"]).code, 2);
}
