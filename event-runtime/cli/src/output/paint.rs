//! Colours by what they mean.

/// What a piece of text means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Bad,
    Doubtful,
    Strong,
    Faint,
}

impl Tone {
    pub(crate) fn paint(self, text: &str, colors: bool) -> String {
        if !colors {
            return text.to_owned();
        }
        let code = match self {
            Self::Good => 32,
            Self::Bad => 31,
            Self::Doubtful => 33,
            Self::Strong => 1,
            Self::Faint => 2,
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}
