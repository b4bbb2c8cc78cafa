//! Four visitors, who speak just enough HTTP.

use std::error::Error;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const ORDERS: [&str; 4] = [
    r#"{"customer":"ada","cents":4200}"#,
    r#"{"customer":"","cents":100}"#,
    r#"{"customer":"bob","cents":9999999}"#,
    r#"{"customer":"ada","cents":1100}"#,
];

pub(crate) async fn visit(port: u16) -> Result<(), Box<dyn Error>> {
    for order in ORDERS {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        let length = order.len();
        let head =
            "POST /orders HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json";
        stream.write_all(format!("{head}\r\ncontent-length: {length}\r\n\r\n{order}").as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let status = answer.split(' ').nth(1).unwrap_or("no status");
        println!("{order} -> {status} {}", answer.rsplit("\r\n").next().unwrap_or_default());
    }
    Ok(())
}
