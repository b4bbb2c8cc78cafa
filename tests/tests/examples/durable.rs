//! The quickstart on queues in a file: the same output, and in the next run what the first one left.

use event_tests::Folder;

use super::super::{examples_folder, normalise, run};

#[test]
fn the_quickstart_keeps_its_queues_in_a_folder() {
    let folder = Folder::new();
    // It need not exist.
    let data = folder.path().join("data");
    let quickstart = || normalise(&run("quickstart", &["--data", &data.display().to_string()]).unwrap());
    let in_memory = std::fs::read_to_string(examples_folder().join("quickstart/expected.txt")).unwrap();
    let in_memory = in_memory.replace("\r\n", "\n");
    assert_eq!(quickstart(), in_memory);
    // The dead letter of the first run is still there, before the second one's.
    let letter = in_memory.lines().last().unwrap();
    assert!(letter.starts_with("dead letter: "), "{letter}");
    assert_eq!(quickstart(), format!("{in_memory}{letter}\n"));
}
