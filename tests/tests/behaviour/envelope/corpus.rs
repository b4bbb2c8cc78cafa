//! The committed corpus of the fuzz target, replayed.

#[path = "../../../../fuzz/checks/envelope.rs"]
mod envelope;

#[test]
fn the_corpus_of_envelopes_holds() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/envelope");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        envelope::check(&std::fs::read(&path).unwrap());
        files += 1;
    }
    assert!(files >= 20, "{files} files in {folder}");
}

#[test]
fn every_cut_of_the_corpus_holds() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/envelope");
    for entry in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for length in (0..bytes.len()).step_by(bytes.len() / 64 + 1) {
            envelope::check(&bytes[..length]);
        }
    }
}
