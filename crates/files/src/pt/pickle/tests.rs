//! Pickles, and what is refused of them.

use super::*;

/// The value that a pickle stands for, in short.
fn told(pickle: &[u8]) -> Result<String, Refusal> {
    let (values, root) = run(pickle)?;
    Ok(match values.get(root) {
        Value::Tuple(members) => {
            format!("{:?}", members.iter().map(|&id| values.get(id)).collect::<Vec<_>>())
        }
        value => format!("{value:?}"),
    })
}

#[test]
fn numbers_texts_and_containers() {
    assert_eq!(
        told(b"\x80\x02K\x07M\x01\x02J\xff\xff\xff\xff\x87.").unwrap(),
        "[Int(7), Int(513), Int(-1)]"
    );
    assert_eq!(told(b"\x8a\x01\xff\x8a\x02\x00\x01\x86.").unwrap(), "[Int(-1), Int(256)]");
    assert_eq!(
        told(b"(X\x01\x00\x00\x00aq\x00\x88h\x00t.").unwrap(),
        "[Text(\"a\"), Other, Text(\"a\")]"
    );
    assert_eq!(told(b"}(K\x01K\x02u.").unwrap(), "Dict([(1, 2)])");
    assert_eq!(told(b"](K\x01K\x02e.").unwrap(), "List([1, 2])");
    assert_eq!(told(b"ccollections\nOrderedDict\n)R}(K\x01K\x02ub.").unwrap(), "Dict([])");
}

#[test]
fn nothing_is_called_that_is_not_on_the_list() {
    for (pickle, said) in [
        (&b"cos\nsystem\n(X\x02\x00\x00\x00lstR."[..], "os.system"),
        (b"cbuiltins\neval\n.", "builtins.eval"),
        (b"\x8c\x05posix\x8c\x06system\x93.", "posix.system"),
        (b"ctorch\nload\n.", "torch.load"),
        (b"K\x01)R.", "no function"),
        (b"ccollections\nOrderedDict\nK\x01R.", "no function"),
        (b"ccollections\nOrderedDict\nK\x01\x85R.", "OrderedDict"),
        (b"K\x01}b.", "attributes"),
        (b"i__main__\nNet\n.", "instruction 0x69"),
        (b"(K\x01o.", "instruction 0x6f"),
    ] {
        let refusal = told(pickle).unwrap_err();
        assert!(refusal.contains(said), "{refusal}");
    }
}

#[test]
fn broken_pickles() {
    let broken: [&[u8]; 12] = [
        b"",
        b".",
        b"t.",
        b"K",
        b"X\xff\xff\xff\xff",
        b"h\x00.",
        b"a.",
        b"K\x01a.",
        b"}K\x01K\x02(u",
        b"(K\x01K\x02s.",
        b"}(K\x01u.",
        b"(.",
    ];
    for pickle in broken {
        assert!(told(pickle).is_err(), "{}", pickle.escape_ascii());
    }
    // A tower of tuples is neither built nor taken down by calls within calls.
    let tower = [vec![b')'], vec![0x85; 200_000], vec![b'.']].concat();
    assert!(told(&tower).is_ok());
}
