//! Logs in as alice, and is greeted.

use example_tonic::client::{greeter, log_in};
use example_tonic::proto::HelloRequest;
use tonic::transport::Channel;
use tower_bearer::BoxError;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let channel = Channel::from_static("http://127.0.0.1:3003")
        .connect()
        .await?;
    let token = log_in(channel.clone(), "alice", "wonderland-7").await?;
    let reply = greeter(channel, &token)?.say_hello(HelloRequest {}).await?;
    println!("{}", reply.into_inner().message);
    Ok(())
}
