//! Files that other tools wrote (NumPy, Python's zip and gzip), and what is written here read back.

use std::path::PathBuf;

use wengert_data::npz::{self, Npz};
use wengert_data::{Array, Csv, Error, Table, idx, npy};
use wengert_tensor::{Element, Tensor, tensor};

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn npy<T: Element>(name: &str) -> Tensor<T> {
    npy::read(fixture(name)).unwrap()
}

#[test]
fn arrays_from_numpy() {
    let halves = tensor![[-1.0_f32, -0.5, 0.0], [0.5, 1.0, 1.5]];
    assert_eq!(npy::<f32>("f4.npy"), halves);
    assert_eq!(npy::<f32>("f4_big.npy"), halves);
    assert_eq!(npy::<f64>("f4.npy"), halves.cast());
    assert_eq!(npy::<f64>("f8_fortran.npy"), tensor![[0.0, 0.25, 0.5], [0.75, 1.0, 1.25]]);
    assert_eq!(npy::<i64>("i8.npy"), tensor![[-2, -1, 0], [1, 2, 3]]);
    assert_eq!(npy::<i64>("i2_big.npy"), tensor![[-300, -299, -298], [-297, -296, -295]]);
    let steps = tensor![[0_i64, 10_000, 20_000], [30_000, 40_000, 50_000]];
    assert_eq!(npy::<i64>("u2.npy"), steps);
    assert_eq!(npy::<usize>("u2.npy"), steps.cast());
    assert_eq!(npy::<usize>("u8.npy"), tensor![[0, 1, 2], [3, 4, 5]]);
    assert_eq!(npy::<u8>("u1.npy"), tensor![[0, 1, 2], [3, 4, 5]]);
    assert_eq!(npy::<bool>("bool.npy"), tensor![[true, false, true], [false, true, false]]);
    assert_eq!(npy::<f64>("scalar.npy"), Tensor::scalar(2.5));
    assert_eq!(npy::<f32>("empty.npy").shape(), [0, 3]);
    assert_eq!(npy::<f64>("vector.npy"), tensor![0.0, 1.0, 2.0, 3.0]);
    for version in ["v2.npy", "v3.npy"] {
        assert_eq!(npy::<f64>(version), tensor![[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]);
    }
}

#[test]
fn arrays_that_are_refused() {
    for (name, why) in [
        ("complex.npy", r#"elements of type "<c8""#),
        ("struct.npy", "should come here"),
        ("object.npy", r#"elements of type "|O""#),
    ] {
        let error = npy::read_any(fixture(name)).unwrap_err();
        assert!(matches!(error, Error::Format(_)));
        assert!(error.to_string().contains(why) && error.to_string().contains(name), "{error}");
        assert!(error.to_string().contains("at crates/data/tests/data/files.rs:"), "{error}");
    }
    // Never a silent loss.
    let error = npy::read::<f32>(fixture("vector.npy")).unwrap_err().to_string();
    assert!(error.contains("holds f64, and f32 may lose some of it"), "{error}");
    let error = npy::read::<usize>(fixture("i8.npy")).unwrap_err().to_string();
    assert!(error.contains("place 0 holds -2"), "{error}");
    let error = npy::read_any("no/such/file.npy").unwrap_err();
    assert!(matches!(error, Error::Io { .. }));
    assert!(std::error::Error::source(&error).is_some());
}

#[test]
fn what_is_written_is_read() {
    fn round<T: Element>(x: &Tensor<T>) {
        let mut file = Vec::new();
        npy::write_to(&mut file, x).unwrap();
        assert_eq!((file.len() - x.bytes()) % 64, 0);
        assert_eq!(&npy::read_from(&file[..]).unwrap().tensor::<T>().unwrap(), x);
    }
    round(&tensor![[1.5_f32, -0.0], [f32::INFINITY, f32::MIN_POSITIVE]]);
    round(&tensor![1.0_f64, f64::MAX]);
    round(&tensor![i64::MIN, i64::MAX]);
    round(&tensor![usize::MAX, 0]);
    round(&tensor![[[0_u8, 255]]]);
    round(&tensor![true, false]);
    round(&Tensor::scalar(7_i64));
    round(&Tensor::<f32>::zeros([3, 0, 2]));
    round(&tensor![[1.0_f32, 2.0, 3.0], [4.0, 5.0, 6.0]].t());
    round(&Tensor::<u8>::zeros([1; 64]));
    assert!(npy::write_to(Vec::new(), &Tensor::<u8>::zeros([1; 65])).is_err());
    // Two in one stream.
    let mut file = Vec::new();
    npy::write_to(&mut file, &tensor![1_u8]).unwrap();
    npy::write_to(&mut file, &tensor![2_u8]).unwrap();
    let mut rest = &file[..];
    assert_eq!(npy::read_from(&mut rest).unwrap(), Array::from(tensor![1_u8]));
    assert_eq!(npy::read_from(&mut rest).unwrap(), Array::from(tensor![2_u8]));
    assert!(rest.is_empty());
}

#[test]
fn several_arrays() {
    let stored = Npz::read(fixture("stored.npz")).unwrap();
    assert_eq!(stored.names().collect::<Vec<_>>(), ["x", "labels"]);
    assert_eq!(stored.get::<f32>("x").unwrap(), tensor![[0.0, 0.5, 1.0], [1.5, 2.0, 2.5]]);
    assert_eq!(stored.get::<usize>("labels").unwrap(), tensor![1, 0]);
    let error = stored.get::<f32>("y").unwrap_err().to_string();
    assert!(error.contains(r#"array "y": is not there; there are ["x", "labels"]"#), "{error}");

    let x: Tensor<f64> = tensor![[1.0, 2.0]];
    let arrays = || [("x", x.clone().into()), ("größe", tensor![true].into())];
    let mut file = Vec::new();
    npz::write_to(&mut file, arrays()).unwrap();
    let back = Npz::read_from(&file[..]).unwrap();
    assert_eq!(back.get::<f64>("x").unwrap(), x);
    assert_eq!(back.get_any("größe").unwrap(), tensor![true].into());
    let mut again = Vec::new();
    npz::write_to(&mut again, arrays()).unwrap();
    assert_eq!(file, again);
    assert!(npz::write_to(Vec::new(), [("x", x.clone().into()), ("x", x.clone().into())]).is_err());
    let none: [(&str, Array); 0] = [];
    file.clear();
    npz::write_to(&mut file, none).unwrap();
    assert_eq!(Npz::read_from(&file[..]).unwrap().names().count(), 0);
}

#[cfg(feature = "gz")]
#[test]
fn compressed_files() {
    let deflated = Npz::read(fixture("deflated.npz")).unwrap();
    assert_eq!(deflated.get::<f32>("x").unwrap(), Tensor::zeros([40, 50]));
    assert_eq!(deflated.get::<usize>("labels").unwrap().to_vec(), (0..40).collect::<Vec<_>>());
    let images: Tensor<u8> = idx::read(fixture("images.idx.gz")).unwrap();
    assert_eq!(images, Tensor::from_fn([2, 3, 4], |i| (i[0] * 12 + i[1] * 4 + i[2]) as u8));
    let table = Csv::new().read(fixture("table.csv.gz")).unwrap();
    assert_eq!(table.tensor::<f32>(["a", "b"]).unwrap(), tensor![[1.0, 2.0], [3.0, 4.0]]);
}

#[test]
fn idx_files() {
    let x: Tensor<u8> = Tensor::from_fn([2, 3], |i| (i[0] * 3 + i[1]) as u8);
    let mut file = Vec::new();
    idx::write_to(&mut file, &x).unwrap();
    assert_eq!(file, [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 0, 1, 2, 3, 4, 5]);
    assert_eq!(idx::read_from(&file[..]).unwrap().tensor::<u8>().unwrap(), x);
    let ints = [0, 0, 0x0c, 1, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xfe];
    assert_eq!(idx::read_from(&ints[..]).unwrap().tensor::<i64>().unwrap().to_vec(), [-2]);
    let floats = [0, 0, 0x0d, 1, 0, 0, 0, 1, 0x3f, 0x80, 0, 0];
    assert_eq!(idx::read_from(&floats[..]).unwrap().tensor::<f32>().unwrap().to_vec(), [1.0]);
    let scalar = [0, 0, 8, 0, 7];
    assert_eq!(idx::read_from(&scalar[..]).unwrap().shape(), [0; 0]);
}

#[test]
fn mnist_from_a_directory() {
    let directory = std::env::temp_dir().join(format!("wengert-mnist-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let save = |name: &str, x: &Tensor<u8>| {
        let mut file = Vec::new();
        idx::write_to(&mut file, x).unwrap();
        std::fs::write(directory.join(name), file).unwrap();
    };
    save("train-images-idx3-ubyte", &Tensor::full([3, 28, 28], 255));
    save("train-labels-idx1-ubyte", &tensor![7, 0, 9]);
    save("t10k-images.idx3-ubyte", &Tensor::full([2, 28, 28], 0));
    let error = idx::mnist::<f32>(&directory).unwrap_err().to_string();
    assert!(error.contains("there is no t10k-labels-idx1-ubyte"), "{error}");
    save("t10k-labels.idx1-ubyte", &tensor![1, 2]);
    let (train, test) = idx::mnist::<f32>(&directory).unwrap();
    assert_eq!(train.features(), &Tensor::ones([3, 784]));
    assert_eq!(train.labels().to_vec(), [7, 0, 9]);
    assert_eq!(test.features(), &Tensor::zeros([2, 784]));
    save("t10k-labels.idx1-ubyte", &tensor![1]);
    assert!(matches!(idx::mnist::<f32>(&directory), Err(Error::Shape(_))));
    std::fs::remove_dir_all(&directory).unwrap();
}

fn cells(table: &Table) -> Vec<Vec<String>> {
    (0..table.rows()).map(|row| table.row(row).map(str::to_string).collect()).collect()
}

#[test]
fn csv_as_tools_write_it() {
    let csv = Csv::new();
    let text =
        "\u{feff}name, \"a,b\" ,\"c \"\"d\"\"\"\r\n\"x\ny\",1,  2.5  \r\n\r\n \n z z ,,\"\"\r\n";
    let table = csv.parse(text).unwrap();
    assert_eq!(table.names().collect::<Vec<_>>(), ["name", "a,b", "c \"d\""]);
    assert_eq!(cells(&table), [["x\ny", "1", "2.5"], ["z z", "", ""]]);
    // The line is that of the file, where a cell spans two and two are blank.
    let error = table.tensor::<f32>(["a,b"]).unwrap_err().to_string();
    let wanted = "csv: line 6, column a,b: \"\" is empty where a number should stand";
    assert!(error.starts_with(wanted), "{error}");

    // Whether there is a header.
    assert_eq!(csv.parse("1,2\n3,4").unwrap().rows(), 2);
    assert_eq!(csv.parse("5.1,setosa\n4,virginica\n").unwrap().rows(), 2);
    assert_eq!(csv.parse("a,b\n3,4").unwrap().rows(), 1);
    let plain = csv.clone().header(false).parse("a,b\nc,d").unwrap();
    assert_eq!((plain.rows(), plain.names().collect::<Vec<_>>()), (2, vec!["0", "1"]));
    assert_eq!(csv.clone().header(true).parse("1,2\n3,4").unwrap().rows(), 1);

    let tabs = Csv::new().delimiter('\t').parse("a\tb\n1\t\n").unwrap();
    assert_eq!(cells(&tabs), [["1", ""]]);
    let semicolons = Csv::new().delimiter(';').parse("a;b\n\"1;2\";3").unwrap();
    assert_eq!(cells(&semicolons), [["1;2", "3"]]);
}

#[test]
fn lines_end_as_on_any_system() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["a,b", "1,2", "", "\"x", "y\" ,4", " ", "5,6", ""].join(end);
        let table = Csv::new().parse(&text).unwrap();
        assert_eq!(table.names().collect::<Vec<_>>(), ["a", "b"], "{end:?}");
        let inside = format!("x{end}y");
        assert_eq!(cells(&table), [["1", "2"], [&*inside, "4"], ["5", "6"]], "{end:?}");
        // The line of the file, whatever ends it.
        let error = Csv::new().parse(&(text + "7")).unwrap_err().to_string();
        assert!(error.starts_with("csv: line 8: has 1 cell"), "{error}");
    }
    let mixed = Csv::new().parse("a\r1\n2\r\n\r3\n\r4,\n").unwrap_err().to_string();
    assert!(mixed.starts_with("csv: line 7: has 2 cells"), "{mixed}");
    let error = Csv::new().read_from(&b"a,b\r1,2\r3,\xff"[..]).unwrap_err().to_string();
    assert!(error.starts_with("csv: line 3: is not UTF-8 text"), "{error}");
}

#[test]
fn not_a_number_and_infinity_are_words_unless_asked_for() {
    for cell in ["nan", "NaN", "-nan", "inf", "-inf", "+Infinity"] {
        let text = format!("a,b\n1,{cell}\n");
        let table = Csv::new().parse(&text).unwrap();
        for error in [table.tensor::<f32>(["b"]).err(), table.regression::<f64>(["a"]).err()] {
            let error = error.unwrap().to_string();
            let wanted = format!("csv: line 2, column b: {cell:?} is not finite\n  help: ");
            assert!(error.starts_with(&wanted), "{error}");
        }
        let float = Csv::new().not_finite().parse(&text).unwrap();
        let float = float.tensor::<f64>(["b"]).unwrap().item().unwrap();
        assert_eq!(float.to_bits() << 1, cell.parse::<f64>().unwrap().to_bits() << 1);
        let missing = Csv::new().missing([cell]).parse(&text).unwrap();
        assert!(missing.tensor::<f32>(["b"]).unwrap().item().unwrap().is_nan());
    }
    // Names of columns and of classes.
    let table = Csv::new().parse("x,inf\n1,nan\n2,inf\n").unwrap();
    assert_eq!(table.names().collect::<Vec<_>>(), ["x", "inf"]);
    assert_eq!(table.classification::<f32>("inf").unwrap().class_names(), ["inf", "nan"]);
}

#[test]
fn csv_that_is_refused() {
    for (text, why) in [
        ("", "csv: holds no line"),
        ("\n \n", "csv: holds no line"),
        ("a,b\n1,2\n3", "csv: line 3: has 1 cell where the others have 2"),
        ("a,b\n1,2\n\n3,4,5\n", "csv: line 4: has 3 cells where the others have 2"),
        ("a,b\n1,\"2\n3,4\n", "csv: line 2: a quote is opened and never closed"),
        ("a,b\n1,\"2\"3\n", "csv: line 2: something follows a closing quote"),
    ] {
        let error = Csv::new().parse(text).unwrap_err().to_string();
        assert!(error.starts_with(why), "{error}");
    }
    let error = Csv::new().read_from(&b"a,b\n1,\xff\n"[..]).unwrap_err().to_string();
    assert!(error.starts_with("csv: line 2: is not UTF-8 text"), "{error}");
    for delimiter in ['"', '\n', ' ', 'é'] {
        assert!(Csv::new().delimiter(delimiter).parse("a").is_err());
    }
}

#[test]
fn columns_become_tensors() {
    let table = Csv::new().parse("x,y,kind\n1,2e3,b\n-0.5,+4,a\n.5,5.,b\n").unwrap();
    let numbers = tensor![[2000.0_f32, 1.0], [4.0, -0.5], [5.0, 0.5]];
    assert_eq!(table.tensor::<f32>(["y", "x"]).unwrap(), numbers);
    assert_eq!(table.tensor::<f32>([1, 0]).unwrap(), numbers);
    let (labels, names) = table.classes("kind").unwrap();
    assert_eq!((labels.to_vec(), names), (vec![1, 0, 1], vec!["a".to_string(), "b".to_string()]));
    let data = table.classification::<f64>("kind").unwrap();
    assert_eq!(data.feature_names(), ["x", "y"]);
    assert_eq!(data.class_names(), ["a", "b"]);
    let one = table.select(["x", "kind"]).unwrap().classification::<f64>(1).unwrap();
    assert_eq!(one.features(), &tensor![[1.0], [-0.5], [0.5]]);

    // A second file with the first one's numbers, though it lacks a class.
    let second = Csv::new().parse("x,y,kind\n1,2,b\n").unwrap();
    assert_eq!(second.labels_of("kind", data.class_names()).unwrap().to_vec(), [1]);
    let error = Csv::new().parse("x,y,kind\n1,2,c\n").unwrap();
    let error = error.labels_of("kind", data.class_names()).unwrap_err().to_string();
    assert!(
        error.starts_with(r#"csv: line 2, column kind: "c" is no class that is known"#),
        "{error}"
    );

    // Numbers stay what they are, though some do not occur; also as pandas writes them.
    let numbered = Csv::new().parse("x,label\n1,7\n2,3.0\n").unwrap();
    let data = numbered.classification::<f32>("label").unwrap();
    assert_eq!((data.labels().to_vec(), data.class_names().len()), (vec![7, 3], 0));
    // Numbered in the order of numbers, not of text.
    let (labels, names) = Csv::new().parse("x,y\n1,10\n1,9\n1,-1").unwrap().classes("y").unwrap();
    assert_eq!((labels.to_vec(), names.join(" ")), (vec![2, 1, 0], "-1 9 10".to_string()));
}

#[test]
fn cells_that_are_refused() {
    let refused = |text: &str, why: &str| {
        let table = Csv::new().header(true).parse(text).unwrap();
        let error = table.classification::<f32>("y").unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    };
    refused("x,y\n1,0\n1O,1", "line 3, column x: \"1O\" is no number");
    refused("x,y\n1,0\n1e39,1", "line 3, column x: \"1e39\" is too large for f32");
    refused("x,y\n1,0\n1,-1", "line 3, column y: \"-1\" is no class number");
    refused("x,y\n1,0\n1,0.5", "line 3, column y: \"0.5\" is no class number");
    refused("x,y\n1,0\n1,one", "line 3, column y: \"one\" is no number, and other classes are");
    refused("x,y\n1,\n1,", "line 2, column y: \"\" is empty where a class should stand");
    refused("x,x,z\n1,2,3", "no column \"y\"; there are \"x\", \"x\", \"z\"");
    let twice = Csv::new().parse("x,x\n1,2").unwrap();
    assert!(twice.tensor::<f32>(["x"]).unwrap_err().to_string().contains("more than one column"));
    assert_eq!(twice.tensor::<f32>([1]).unwrap().to_vec(), [2.0]);
    assert!(twice.tensor::<f32>([2]).is_err());
    // Rounded once: by way of a double, this would round up to 1 + 2⁻²³.
    let near = "1.000000059604644775390624999";
    let x = Csv::new().parse(&format!("x\n{near}")).unwrap().tensor::<f32>(["x"]).unwrap();
    assert_eq!(x.to_vec(), [near.parse::<f32>().unwrap()]);
}

#[test]
fn tables_written_are_read() {
    let odd = ["", " a", "b ", "c,d", "e\"f", "g\nh", "i\r", "\u{feff}j", "ü", "k;l", "\tm"];
    for separator in [',', ';', '\t'] {
        for header in [None, Some(true)] {
            let table = Table::new().with_column("first", odd).unwrap();
            let table = table.with_column("", odd.iter().rev()).unwrap();
            for table in [&table.select([0]).unwrap(), &table.select([1]).unwrap(), &table] {
                let mut csv = Csv::new().delimiter(separator);
                csv = header.map_or(csv.clone(), |header| csv.header(header));
                let mut file = Vec::new();
                csv.write_to(&mut file, table).unwrap();
                let back = csv.read_from(&file[..]).unwrap();
                assert_eq!(cells(&back), cells(table));
                assert!(back.names().eq(table.names()));
            }
        }
    }
    let x = Tensor::from_fn([50, 3], |i| ((i[0] * 3 + i[1]) as f32 * 0.7).exp() * 1e-7);
    let data =
        wengert_data::TensorDataset::new(x.clone(), x.slice(wengert_tensor::s![.., ..1]).unwrap());
    let table = data.unwrap().to_table();
    let path = std::env::temp_dir().join(format!("wengert-table-{}.csv", std::process::id()));
    Csv::new().write(&path, &table).unwrap();
    let back = Csv::new().not_finite().read(&path).unwrap();
    let back = back.regression::<f32>(["target"]).unwrap();
    assert_eq!(back.features(), &x);
    assert_eq!(back.feature_names(), ["x0", "x1", "x2"]);
    std::fs::remove_file(path).unwrap();
    let table = Table::new().with_column("x", [1, 20]).unwrap().with_column("label", ["a", "b"]);
    assert_eq!(table.unwrap().to_string(), " x  label\n 1      a\n20      b\n2 rows, 2 columns");
}

#[test]
fn what_a_main_prints_of_an_error_is_its_text() {
    let fault = Csv::new().parse("a,b\n1").unwrap_err();
    let system = Csv::new().read("no/such/file.csv").unwrap_err();
    let shape = wengert_data::TensorDataset::new(Tensor::<f32>::zeros([2]), tensor![1_usize]);
    for error in [fault, system, shape.unwrap_err()] {
        assert_eq!(format!("{error:?}"), error.to_string());
        assert_eq!(format!("{:?}", error.fault().unwrap()), error.to_string());
        assert!(error.to_string().contains("at crates/data/tests/data/files.rs:"), "{error}");
    }
}
