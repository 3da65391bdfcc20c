use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Serialize;
use serde_json::Value;

use super::*;

fn read(json: &str) -> Option<Value> {
    from_str(json).ok()
}

#[test]
fn an_object_is_read_as_serde_json_reads_it() {
    for json in [
        "{}",
        " {\t\"a\" :\r\n1 } ",
        r#"{"a":[],"b":{},"c":[[1],[2,{"d":null}]]}"#,
        r#"{"n":[0,-0,1,-1,18446744073709551615,-9223372036854775808,1.5,-2.5e-3,1E5,1e+2]}"#,
        r#"{"big":[18446744073709551616,-9223372036854775809,1e308,5e-324,1e-400]}"#,
        r#"{"s":"\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00é😀","\u0061b":true,"f":false}"#,
        r#"{"12345678":"1234567","123456789":"12345678\n9"}"#,
    ] {
        assert_eq!(read(json), serde_json::from_str(json).unwrap(), "{json}");
    }
}

#[test]
fn duplicates_are_found_at_any_depth_and_behind_escapes() {
    let many: Vec<_> = (0..50).map(|n| format!("\"m{n}\":1")).collect();
    let unique = format!("{{{}}}", many.join(","));
    assert!(read(&unique).is_some());
    for json in [
        r#"{"a":1,"a":1}"#.to_owned(),
        r#"{"a":1,"\u0061":2}"#.to_owned(),
        r#"{"\u0061":1,"a":2}"#.to_owned(),
        r#"{"x":[{"b":1,"b":2}]}"#.to_owned(),
        format!("{{{},\"m0\":1}}", many.join(",")),
        format!("{{{},\"m49\":1}}", many.join(",")),
    ] {
        assert_eq!(read(&json), None, "{json}");
        // Even if the type ignores the members.
        assert!(from_str::<de::IgnoredAny>(&json).is_err(), "{json}");
    }
}

#[test]
fn anything_but_one_object_is_refused() {
    for json in [
        "",
        "[]",
        "1",
        "\"a\"",
        "null",
        "{}{}",
        "{} x",
        "{",
        "}",
        "{]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1,,\"b\":2}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":[1,]}",
        "{\"a\":[,1]}",
        "{\"a\":[1 2]}",
        "{\"a\":[1}",
        "{1:1}",
        "\u{feff}{}",
        "{\"a\":tru}",
        "{\"a\":nul}",
        "{\"a\":True}",
        "{\"a\":NaN}",
        "{\"a\":Infinity}",
        "{\"a\":/**/1}",
    ] {
        assert_eq!(read(json), None, "{json}");
    }
}

#[test]
fn numbers_and_strings_that_json_does_not_have_are_refused() {
    for number in [
        "01", "-", "-01", "+1", ".5", "1.", "1.e5", "1e", "1e+", "0x10", "1_000", "1e400",
        "-1e400", "١",
    ] {
        assert_eq!(read(&format!("{{\"a\":{number}}}")), None, "{number}");
    }
    for string in [
        "\u{1f}",
        "\n",
        "\\x41",
        "\\u12",
        "\\u12g4",
        "\\ud800",
        "\\udc00",
        "\\ud800\\u0041",
        "\\",
        "\\u+123",
    ] {
        assert_eq!(read(&format!("{{\"a\":\"{string}\"}}")), None, "{string:?}");
    }
    assert_eq!(read("{\"a\":\"abc"), None);
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    assert!(read(&nested(15)).is_some());
    assert_eq!(read(&nested(16)), None);
    assert_eq!(read(&nested(100_000)), None);
}

#[derive(Debug, PartialEq, Serialize, serde::Deserialize)]
enum Shape {
    Unit,
    Newtype(u8),
    Tuple(u8, String),
    Struct { x: i64 },
}

#[derive(Debug, PartialEq, Serialize, serde::Deserialize)]
struct Everything {
    shapes: Vec<Shape>,
    option: Option<f64>,
    none: Option<bool>,
    pair: (char, u16),
    map: BTreeMap<String, Option<i8>>,
    unit: (),
}

#[test]
fn every_kind_of_type_comes_back() {
    let everything = Everything {
        shapes: vec![
            Shape::Unit,
            Shape::Newtype(7),
            Shape::Tuple(1, "a".into()),
            Shape::Struct { x: -5 },
        ],
        option: Some(1.25),
        none: None,
        pair: ('ж', 65_535),
        map: [("a".to_owned(), Some(-1)), ("b".to_owned(), None)].into(),
        unit: (),
    };
    let json = serde_json::to_string(&everything).unwrap();
    assert_eq!(from_str::<Everything>(&json), Ok(everything));
}

#[test]
fn who_stops_early_gets_nothing() {
    #[derive(Debug, serde::Deserialize)]
    struct Two {
        #[allow(dead_code)]
        pair: (u8, u8),
    }
    assert!(from_str::<Two>(r#"{"pair":[1,2]}"#).is_ok());
    assert!(from_str::<Two>(r#"{"pair":[1,2,3]}"#).is_err());
}

/// serde_json may round the last digit of a float; this parser is exact.
fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.keys().eq(b.keys()) && a.values().zip(b.values()).all(|(a, b)| same(a, b))
        }
        (Value::Number(a), Value::Number(b)) if a.is_f64() && b.is_f64() => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= a.abs() * 1e-15
        }
        (a, b) => a == b,
    }
}

/// Texts that are almost JSON.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|b| b.to_string()),
        any::<i64>().prop_map(|n| n.to_string()),
        any::<u64>().prop_map(|n| n.to_string()),
        "-?[0-9]{1,3}(\\.[0-9]{0,3})?([eE][+-]?[0-9]{0,3})?",
        any::<String>().prop_map(|s| serde_json::to_string(&s).unwrap()),
        "\"([a-z]|\\\\[\"\\\\/bfnrtu]|\\\\u[0-9a-fD]{4}){0,12}\"",
    ];
    let value = leaf.prop_recursive(4, 24, 5, |inner| {
        let name = "[a-c]|\\\\u006[1-3]";
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5)
                .prop_map(|elements| format!("[{}]", elements.join(" , "))),
            proptest::collection::vec((name, inner), 0..5).prop_map(|members| {
                let members = members
                    .iter()
                    .map(|(name, value)| format!("\"{name}\":{value}"));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }),
        ]
    });
    value.prop_map(|value| format!("{{\"v\":{value}}}"))
}

proptest! {
    /// Whatever serde_json rejects is rejected; whatever both accept is read the same way.
    #[test]
    fn it_reads_no_more_than_serde_json_and_nothing_else(
        json in json(), at: prop::sample::Index, byte in 0u8..128, change: bool
    ) {
        let mut bytes = json.into_bytes();
        if change {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(json) = String::from_utf8(bytes) {
            match (read(&json), serde_json::from_str::<Value>(&json)) {
                (Some(ours), Ok(theirs)) => prop_assert!(same(&ours, &theirs), "{}", json),
                (Some(ours), Err(error)) => prop_assert!(false, "{} {:?} {}", json, ours, error),
                (None, _) => {}
            }
        }
    }

    /// Any object that serde_json writes can be read.
    #[test]
    fn it_reads_what_serde_json_writes(members: BTreeMap<String, (i64, String, Option<bool>)>) {
        let json = serde_json::to_string(&members).unwrap();
        prop_assert_eq!(from_str(&json), Ok(members));
    }
}
