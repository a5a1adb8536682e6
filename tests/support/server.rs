//! The server in this process, on a free port of the loopback, in a thread of its own.

use std::net::SocketAddr;
use std::thread::JoinHandle;

use parlor::config;
use parlor::http::{Site, bind, server};
use tokio::sync::oneshot;

/// A server that stops when it is dropped.
pub(crate) struct Running {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// Starts with these site settings and the name `test-device`.
    pub(crate) fn start(site: config::Site) -> Self {
        let listeners = bind::bind(&["127.0.0.1:0".parse().unwrap()]).unwrap();
        let address = listeners[0].local_addr().unwrap();
        let web = Site::new(&site, Some("test-device".to_owned())).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let config = config::Parlor {
                site,
                max_rooms: 1024,
                workers: 1,
                ..Default::default()
            };
            let shutdown = async {
                let _ = stopped.await;
            };
            runtime
                .block_on(server::serve(
                    listeners,
                    parlor::process::room_server(config).unwrap(),
                    web,
                    shutdown,
                ))
                .unwrap();
        });
        Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().map(JoinHandle::join);
        if !std::thread::panicking() {
            ended.unwrap().unwrap();
        }
    }
}
