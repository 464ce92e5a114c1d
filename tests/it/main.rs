#[test]
fn t() {}

mod sandbox_esia;
