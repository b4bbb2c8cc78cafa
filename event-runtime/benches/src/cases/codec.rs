//! Envelopes to bytes and back.

use std::hint::black_box;

use bytes::Bytes;
use event_runtime::{Codec, Envelope, Event};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::floor::FlatEnvelope;
use crate::measure::measure;
use crate::sample::{envelope, imported, placed};

const TIMES: usize = 100;

pub(super) fn run() {
    encode();
    decode("1k", placed());
    decode("17k", imported());
}

fn encode() {
    let envelope = envelope(placed());
    let flat = FlatEnvelope::from(envelope.clone());
    let message = Codec::Native.encode(&envelope).unwrap();
    assert_eq!(message.body().as_bytes(), &flat.encode(), "floor and framework write the same");
    eprintln!("an envelope of {} bytes, payload {} bytes", message.body().len(), message.payload().len());

    measure(
        "encode.floor",
        TIMES,
        || vec![flat.clone(); TIMES],
        |flats| {
            for flat in flats {
                black_box(black_box(flat).encode());
            }
        },
    );
    measure(
        "encode",
        TIMES,
        || vec![envelope.clone(); TIMES],
        |envelopes| {
            for envelope in envelopes {
                black_box(Codec::Native.encode_owned(black_box(envelope)).unwrap());
            }
        },
    );
    measure(
        "encode.borrowed",
        TIMES,
        || vec![envelope.clone(); TIMES],
        |envelopes| {
            for envelope in envelopes {
                black_box(Codec::Native.encode(black_box(&envelope)).unwrap());
            }
        },
    );
}

/// Decoding an envelope of `event` in three ways.
pub(super) fn decode<E: Event + Serialize + DeserializeOwned>(size: &str, event: E) {
    let body: Bytes = Codec::Native.encode_owned(envelope(event)).unwrap().body().as_bytes().clone();
    eprintln!("decode {size}: {} bytes", body.len());
    let bodies = || vec![body.clone(); TIMES];
    measure(&format!("decode.{size}.floor"), TIMES, bodies, |bodies| {
        for body in bodies {
            black_box(FlatEnvelope::<E>::decode(&black_box(body)));
        }
    });
    measure(&format!("decode.{size}"), TIMES, bodies, |bodies| {
        for body in bodies {
            let envelope: Envelope<E> = Codec::decode(black_box(body)).unwrap().into_envelope().unwrap();
            black_box(envelope);
        }
    });
    measure(&format!("decode.{size}.routed"), TIMES, bodies, |bodies| {
        for body in bodies {
            black_box(Codec::decode(black_box(body)).unwrap());
        }
    });
}
