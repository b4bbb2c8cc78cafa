//! Ordinary edits of types, as schemars writes them: every one gets the right verdict, both ways.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use event_runtime::schema::compat::{Options, Verdict, compare};
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Value, json};

/// The schema of a type as its readers see it.
fn reads<T: JsonSchema>() -> Value {
    let generator: SchemaGenerator = SchemaSettings::draft2020_12().for_deserialize().into_generator();
    generator.into_root_schema_for::<T>().to_value()
}

/// A type of one name in two versions, and the verdicts: new reads old, old reads new.
macro_rules! edits {
    ($($name:ident: $backward:literal $forward:literal { $($old:item)+ } => { $($new:item)+ })+) => {
        $(
            #[test]
            fn $name() {
                mod old {
                    #[allow(unused_imports)]
                    use super::*;
                    $(#[derive(JsonSchema)] #[allow(dead_code)] $old)+
                }
                mod new {
                    #[allow(unused_imports)]
                    use super::*;
                    $(#[derive(JsonSchema)] #[allow(dead_code)] $new)+
                }
                assert_verdicts(&reads::<old::E>(), &reads::<new::E>(), $backward, $forward);
            }
        )+
    };
}

fn assert_verdicts(old: &Value, new: &Value, backward: bool, forward: bool) {
    let report = compare(old, new, &Options::default());
    for (direction, verdict, expected) in
        [("backward", &report.backward, backward), ("forward", &report.forward, forward)]
    {
        let right = match verdict {
            Verdict::Compatible => expected,
            Verdict::Breaking { .. } => !expected,
            _ => false,
        };
        if std::env::var("COMPAT_SHOW").is_ok() {
            for change in &report.changes {
                println!(
                    "{} [{}] {:?}: {} / b {:?} f {:?}",
                    change.pointer,
                    change.place,
                    change.kind,
                    change.sentence,
                    change.backward,
                    change.forward
                );
            }
        }
        assert!(right, "{direction}: {verdict:?}\nold {old}\nnew {new}");
    }
}

edits! {
    unchanged: true true { pub struct E { pub a: String } } => { pub struct E { pub a: String } }
    reordered: true true { pub struct E { pub a: String, pub b: u8 } } => { pub struct E { pub b: u8, pub a: String } }
    described: true true { pub struct E { pub a: String } } => { /** Documented. */ pub struct E { /** Too. */ pub a: String } }
    add_optional: true true { pub struct E { pub a: String } } => { pub struct E { pub a: String, pub b: Option<u32> } }
    add_optional_struct: true true { pub struct E { pub a: String } } => { pub struct E { pub a: String, pub b: Option<B> } pub struct B { pub c: u32 } }
    add_defaulted: true true { pub struct E { pub a: String } } => { pub struct E { pub a: String, #[serde(default)] pub b: Vec<u32> } }
    add_required: false true { pub struct E { pub a: String } } => { pub struct E { pub a: String, pub b: u32 } }
    remove_optional: true true { pub struct E { pub a: String, pub b: Option<u32> } } => { pub struct E { pub a: String } }
    remove_required: true false { pub struct E { pub a: String, pub b: u32 } } => { pub struct E { pub a: String } }
    rename_required: false false { pub struct E { pub a: String } } => { pub struct E { #[serde(rename = "b")] pub a: String } }
    rename_optional: true true { pub struct E { pub a: Option<u32> } } => { pub struct E { pub b: Option<u32> } }
    required_to_option: true false { pub struct E { pub a: String } } => { pub struct E { pub a: Option<String> } }
    option_to_required: false true { pub struct E { pub a: Option<String> } } => { pub struct E { pub a: String } }
    option_ref_to_required: false true { pub struct E { pub a: Option<B> } pub struct B { pub c: u8 } } => { pub struct E { pub a: B } pub struct B { pub c: u8 } }
    i32_to_i64: true false { pub struct E { pub a: i32 } } => { pub struct E { pub a: i64 } }
    u64_to_u32: false true { pub struct E { pub a: u64 } } => { pub struct E { pub a: u32 } }
    u8_to_u16: true false { pub struct E { pub a: u8 } } => { pub struct E { pub a: u16 } }
    u64_to_i64: false false { pub struct E { pub a: u64 } } => { pub struct E { pub a: i64 } }
    u32_to_i64: true false { pub struct E { pub a: u32 } } => { pub struct E { pub a: i64 } }
    u64_to_i128: true false { pub struct E { pub a: u64 } } => { pub struct E { pub a: i128 } }
    f64_to_i64: false true { pub struct E { pub a: f64 } } => { pub struct E { pub a: i64 } }
    f64_to_f32: true true { pub struct E { pub a: f64 } } => { pub struct E { pub a: f32 } }
    usize_to_u64: true true { pub struct E { pub a: usize } } => { pub struct E { pub a: u64 } }
    nonzero: false true { pub struct E { pub a: u32, pub b: i32 } } => { pub struct E { pub a: std::num::NonZeroU32, pub b: std::num::NonZeroI32 } }
    string_to_number: false false { pub struct E { pub a: String } } => { pub struct E { pub a: u32 } }
    string_to_uuid: false true { pub struct E { pub a: String } } => { pub struct E { pub a: uuid::Uuid } }
    string_to_timestamp: false true { pub struct E { pub a: String } } => { pub struct E { pub a: jiff::Timestamp } }
    uuid_to_timestamp: false false { pub struct E { pub a: uuid::Uuid } } => { pub struct E { pub a: jiff::Timestamp } }
    same_formats: true true { pub struct E { pub a: uuid::Uuid, pub b: jiff::Timestamp, pub c: jiff::Zoned, pub d: jiff::civil::Date } }
        => { pub struct E { pub a: uuid::Uuid, pub b: jiff::Timestamp, pub c: jiff::Zoned, pub d: jiff::civil::Date } }
    unread_format_and_new_required: false true { pub struct E { pub c: u8, pub z: Option<jiff::Zoned> } } => { pub struct E { pub z: Option<jiff::Zoned>, pub c: u8, pub d: u8 } }
    ipv4_to_ip: true false { pub struct E { pub a: std::net::Ipv4Addr } } => { pub struct E { pub a: std::net::IpAddr } }
    char_to_string: true false { pub struct E { pub a: char } } => { pub struct E { pub a: String } }
    lengths_loosened: true false { pub struct E { #[schemars(length(min = 2, max = 5))] pub a: String } } => { pub struct E { #[schemars(length(min = 1, max = 9))] pub a: String } }
    lengths_shifted: false false { pub struct E { #[schemars(length(min = 2, max = 5))] pub a: String } } => { pub struct E { #[schemars(length(min = 3, max = 9))] pub a: String } }
    length_added_to_uuid: true true { pub struct E { pub a: uuid::Uuid } } => { pub struct E { #[schemars(length(min = 1))] pub a: uuid::Uuid } }
    range_tightened: false true { pub struct E { #[schemars(range(min = 0, max = 100))] pub a: i32 } } => { pub struct E { #[schemars(range(min = 0, max = 50))] pub a: i32 } }
    float_range: true false { pub struct E { #[schemars(range(min = 0.5, max = 1.5))] pub a: f64 } } => { pub struct E { #[schemars(range(min = 0.0, max = 2.0))] pub a: f64 } }
    pattern_added: false true { pub struct E { pub a: String } } => { pub struct E { #[schemars(regex(pattern = "^[a-z]+$"))] pub a: String } }
    pattern_widened: true false { pub struct E { #[schemars(regex(pattern = "^[a-z]{3}$"))] pub a: String } } => { pub struct E { #[schemars(regex(pattern = "^[a-z0-9]+$"))] pub a: String } }
    email_added: false true { pub struct E { pub a: String } } => { pub struct E { #[schemars(email)] pub a: String } }
    vec_length: true false { pub struct E { #[schemars(length(min = 1))] pub a: Vec<String> } } => { pub struct E { pub a: Vec<String> } }
    vec_to_set: false true { pub struct E { pub a: Vec<u8> } } => { pub struct E { pub a: BTreeSet<u8> } }
    vec_item: false true { pub struct E { pub a: Vec<i64> } } => { pub struct E { pub a: Vec<i32> } }
    vec_of_struct: true true { pub struct E { pub a: Vec<B> } pub struct B { pub c: u8 } } => { pub struct E { pub a: Vec<B> } pub struct B { pub c: u8, pub d: Option<u8> } }
    array_length: false false { pub struct E { pub a: [u8; 3] } } => { pub struct E { pub a: [u8; 4] } }
    tuple: false true { pub struct E { pub a: (String, i64) } } => { pub struct E { pub a: (String, i32) } }
    tuple_longer: false false { pub struct E { pub a: (u8, u8) } } => { pub struct E { pub a: (u8, u8, u8) } }
    map_value: true false { pub struct E { pub a: HashMap<String, u32> } } => { pub struct E { pub a: BTreeMap<String, u64> } }
    map_key: false true { pub struct E { pub a: HashMap<String, u32> } } => { pub struct E { pub a: HashMap<u32, u32> } }
    map_number_key: true false { pub struct E { pub a: HashMap<u32, u32> } } => { pub struct E { pub a: HashMap<i32, u32> } }
    map_enum_key: true false { pub struct E { pub a: HashMap<K, u8> } #[derive(PartialEq, Eq, Hash)] pub enum K { A, B } } => { pub struct E { pub a: HashMap<K, u8> } #[derive(PartialEq, Eq, Hash)] pub enum K { A, B, C } }
    map_to_struct: false false { pub struct E { pub a: HashMap<String, u8> } } => { pub struct E { pub a: B } pub struct B { pub c: u8, pub d: String } }
    any_value: true false { pub struct E { pub a: u8 } } => { pub struct E { pub a: Value } }
    unit_enum_wider: true false { pub struct E { pub a: K } pub enum K { A, B } } => { pub struct E { pub a: K } pub enum K { A, B, C } }
    unit_enum_narrower: false true { pub struct E { pub a: K } pub enum K { A, B } } => { pub struct E { pub a: K } pub enum K { A } }
    unit_enum_described: true false { pub struct E { pub a: K } pub enum K { A, B } } => { pub struct E { pub a: K } pub enum K { /** one */ A, /** two */ B, /** three */ C } }
    enum_to_string: true false { pub struct E { pub a: K } pub enum K { A, B } } => { pub struct E { pub a: String } }
    external_variant_added: true false { pub struct E { pub a: K } pub enum K { A, B(u8), C { d: u8 } } } => { pub struct E { pub a: K } pub enum K { A, B(u8), C { d: u8 }, D(String) } }
    external_variant_field: false true { pub struct E { pub a: K } pub enum K { B(u8), C { d: u8 } } } => { pub struct E { pub a: K } pub enum K { B(u8), C { d: u8, e: u8 } } }
    external_optional_field: true true { pub struct E { pub a: K } pub enum K { B(u8), C { d: u8 } } } => { pub struct E { pub a: K } pub enum K { B(u8), C { d: u8, e: Option<u8> } } }
    internal_variant_added: true false { #[serde(tag = "t")] pub enum E { A { x: u8 }, B(B) } pub struct B { pub c: u8 } } => { #[serde(tag = "t")] pub enum E { A { x: u8 }, B(B), C } pub struct B { pub c: u8 } }
    internal_variant_removed: false true { #[serde(tag = "t")] pub enum E { A { x: u8 }, B } } => { #[serde(tag = "t")] pub enum E { A { x: u8 } } }
    internal_optional_field: true true { #[serde(tag = "t")] pub enum E { A { x: u8 }, B { y: u8 } } } => { #[serde(tag = "t")] pub enum E { A { x: u8, z: Option<String> }, B { y: u8 } } }
    internal_required_field: false true { #[serde(tag = "t")] pub enum E { A { x: u8 }, B { y: u8 } } } => { #[serde(tag = "t")] pub enum E { A { x: u8, z: String }, B { y: u8 } } }
    tag_renamed: false false { #[serde(tag = "t")] pub enum E { A { x: u8 }, B { y: u8 } } } => { #[serde(tag = "kind")] pub enum E { A { x: u8 }, B { y: u8 } } }
    adjacent_variant_added: true false { #[serde(tag = "t", content = "c")] pub enum E { A(u8), B { y: u8 } } } => { #[serde(tag = "t", content = "c")] pub enum E { A(u8), B { y: u8 }, C(String) } }
    untagged_variant_added: true false { #[serde(untagged)] pub enum E { A(u8), B { y: u8 } } } => { #[serde(untagged)] pub enum E { A(u8), B { y: u8 }, C(String) } }
    untagged_field: true true { #[serde(untagged)] pub enum E { A { x: u8 }, B { y: u8 } } } => { #[serde(untagged)] pub enum E { A { x: u8, w: Option<u8> }, B { y: u8 } } }
    flatten_added_optional: true true { pub struct E { pub a: u8, #[serde(flatten)] pub b: B } pub struct B { pub c: u8 } } => { pub struct E { pub a: u8, #[serde(flatten)] pub b: B } pub struct B { pub c: u8, pub d: Option<u8> } }
    flatten_enum: true false { pub struct E { pub a: u8, #[serde(flatten)] pub b: B } #[serde(tag = "t")] pub enum B { X { x: u8 }, Y } } => { pub struct E { pub a: u8, #[serde(flatten)] pub b: B } #[serde(tag = "t")] pub enum B { X { x: u8 }, Y, Z } }
    flatten_option: true true { pub struct E { pub a: u8, #[serde(flatten)] pub b: Option<B> } pub struct B { pub c: u8 } } => { pub struct E { pub a: u8, pub z: Option<u8>, #[serde(flatten)] pub b: Option<B> } pub struct B { pub c: u8 } }
    flatten_map: true false { pub struct E { pub a: u8, #[serde(flatten)] pub b: HashMap<String, u8> } } => { pub struct E { pub a: u8, #[serde(flatten)] pub b: HashMap<String, u16> } }
    flattened_out: true true { pub struct E { pub a: u8, pub c: u8 } } => { pub struct E { pub a: u8, #[serde(flatten)] pub b: B } pub struct B { pub c: u8 } }
    deny_unknown_added_optional: true false { #[serde(deny_unknown_fields)] pub struct E { pub a: u8 } } => { #[serde(deny_unknown_fields)] pub struct E { pub a: u8, pub b: Option<u8> } }
    deny_unknown_removed: false true { #[serde(deny_unknown_fields)] pub struct E { pub a: u8, pub b: Option<u8> } } => { #[serde(deny_unknown_fields)] pub struct E { pub a: u8 } }
    deny_unknown_introduced: true true { pub struct E { pub a: u8 } } => { #[serde(deny_unknown_fields)] pub struct E { pub a: u8 } }
    recursion_unchanged: true true { pub struct E { pub a: u8, pub next: Option<Box<E>> } } => { pub struct E { pub a: u8, pub next: Option<Box<E>> } }
    recursion_optional: true true { pub struct E { pub a: u8, pub next: Vec<E> } } => { pub struct E { pub a: u8, pub b: Option<u8>, pub next: Vec<E> } }
    recursion_required: false true { pub struct E { pub a: u8, pub next: Vec<E> } } => { pub struct E { pub a: u8, pub b: u8, pub next: Vec<E> } }
    recursion_wider: true false { pub struct E { pub a: u8, pub next: Option<Box<E>> } } => { pub struct E { pub a: u16, pub next: Option<Box<E>> } }
    mutual_recursion: true false { pub struct E { pub l: Vec<B> } pub enum B { Leaf(u8), Node(Box<E>) } } => { pub struct E { pub l: Vec<B> } pub enum B { Leaf(u8), Node(Box<E>), Pair(Box<E>, Box<B>) } }
    nested_type_inlined: true true { pub struct E { pub a: B } pub struct B { pub c: u8 } } => { pub struct E { pub a: B } #[schemars(inline)] pub struct B { pub c: u8 } }
    nested_type_renamed: true true { pub struct E { pub a: B } pub struct B { pub c: u8 } } => { pub struct E { pub a: C } pub struct C { pub c: u8 } }
    newtype_introduced: true true { pub struct E { pub a: u8 } } => { pub struct E { pub a: Id } pub struct Id(pub u8); }
    bool_to_option_bool: true false { pub struct E { pub a: bool } } => { pub struct E { pub a: Option<bool> } }
    string_or_number: true false { pub struct E { pub a: String } } => { pub struct E { pub a: K } #[serde(untagged)] pub enum K { A(String), B(u32) } }
    duration: true true { pub struct E { pub a: std::time::Duration } } => { pub struct E { pub a: std::time::Duration, pub b: Option<std::time::Duration> } }
    many_variants: true false {
        #[serde(tag = "t")] pub enum E { A0 { a: u8 }, A1 { b: String }, A2 { c: Vec<u8> }, A3, A4 { d: Option<i64> }, A5 { e: f64 }, A6 { f: bool }, A7 { g: (u8, u8) }, A8 { h: u64 }, A9 { i: i8 } }
    } => {
        #[serde(tag = "t")] pub enum E { A0 { a: u8 }, A1 { b: String }, A2 { c: Vec<u8> }, A3, A4 { d: Option<i64>, n: Option<u8> }, A5 { e: f64 }, A6 { f: bool }, A7 { g: (u8, u8) }, A8 { h: u64 }, A9 { i: i16 }, B0 }
    }
}

#[test]
fn the_writer_contract_counts_where_it_is_given() {
    // A reader fills the default in; a writer always writes the field.
    let reader = json!({ "type": "object", "properties": { "a": { "type": "integer" } } });
    let mut both = reader.clone();
    both["x-writer"] =
        json!({ "type": "object", "properties": { "a": { "type": "integer" } }, "required": ["a"] });
    let strict = json!({ "type": "object", "properties": { "a": { "type": "integer" } }, "required": ["a"] });
    assert_verdicts(&reader, &strict, false, true);
    assert_verdicts(&both, &strict, true, true);
}
