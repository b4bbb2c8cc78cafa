//! The numbers of arguments that handlers may have.

/// Calls `$implement` once for each list of extractors from none to seven, the arguments after a first one.
macro_rules! for_each_arity {
    ($implement:ident) => {
        $implement!();
        $implement!(A2);
        $implement!(A2, A3);
        $implement!(A2, A3, A4);
        $implement!(A2, A3, A4, A5);
        $implement!(A2, A3, A4, A5, A6);
        $implement!(A2, A3, A4, A5, A6, A7);
        $implement!(A2, A3, A4, A5, A6, A7, A8);
    };
}

pub(super) use for_each_arity;
