//! Socket.IO beside a web service of one's own: a hyper service with its own accept loop, which
//! leaves everything under `/socket.io/` to Parlor and answers the rest itself.
//!
//! ```text
//! cargo run --example mount
//! curl http://127.0.0.1:3000/hello
//! ```
//!
//! Any Socket.IO client that connects there gets back what it emits.

#![allow(clippy::print_stdout, reason = "a program may print")]

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use parlor::config;
use parlor::http::connection;
use parlor::hub::SocketIo;
use parlor::socketio::{Application, Argument, Event, Io};
use parlor::transport::Server;
use tokio::net::TcpListener;

fn main() -> io::Result<()> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build()?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:3000").await?;
        println!("http://{}/", listener.local_addr()?);
        serve(listener).await
    })
}

/// Accepts connections for ever.
pub async fn serve(listener: TcpListener) -> io::Result<()> {
    let server = Server::new(
        config::Protocol::default(),
        config::Limits::default(),
        Arc::default(),
        SocketIo::new(Echo),
    );
    // Its clock and its writer; once, on the runtime that the connections are served on.
    server.start();
    loop {
        let (stream, peer) = listener.accept().await?;
        // There may be too many connections, of all clients or of this one: then it is dropped.
        if let Some(admitted) = server.admit(peer) {
            let service = service_fn(async |request| Ok::<_, Infallible>(answer(&request)));
            tokio::spawn(connection::serve(admitted, stream, service, pending()));
        }
    }
}

/// The web service of one's own, for every other path.
fn answer(request: &Request<Incoming>) -> Response<String> {
    let mut response = Response::default();
    match request.uri().path() {
        "/hello" => *response.body_mut() = "hello\n".to_owned(),
        _ => *response.status_mut() = StatusCode::NOT_FOUND,
    }
    response
}

/// Everybody gets back what they emit.
struct Echo;

impl Application for Echo {
    fn event(&mut self, io: &mut Io<'_>, event: Event<'_>) {
        let args: Vec<_> = event.args.iter().collect();
        let args: Vec<&dyn Argument> = args.iter().map(|arg| arg as &dyn Argument).collect();
        // Fails only if an argument has no JSON form, and these came in as JSON.
        let _ = io.emit(event.socket, event.name, &args);
    }
}
