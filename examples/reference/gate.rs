//! Who may begin a session: the option `denyWith`, and the time that the decision takes.

use std::time::Duration;

use parlor::engineio::Request;
use parlor::transport::{Decision, Forbidden, Hooks};

/// Refuses handshakes that have the key `deny` in their query, if it has words for that.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gate {
    deny_with: Option<String>,
    delay: Option<Duration>,
}

impl Gate {
    /// A gate that refuses with this message, or with the usual one if it is empty.
    pub(crate) fn denying(message: String) -> Self {
        Self {
            deny_with: Some(message),
            delay: None,
        }
    }

    /// A gate that takes so long to decide.
    pub(crate) fn delayed(self, delay: Duration) -> Self {
        Self {
            delay: Some(delay),
            ..self
        }
    }

    /// Whether it has words to refuse somebody with.
    pub(crate) fn denies(&self) -> bool {
        self.deny_with.is_some()
    }
}

impl Hooks for Gate {
    fn allow_request<'a>(&'a self, request: &'a Request) -> Decision<'a> {
        Box::pin(async {
            if let Some(delay) = self.delay {
                tokio::time::sleep(delay).await;
            }
            match &self.deny_with {
                Some(message) if request.parameter("deny").is_some() => {
                    Err(match message.as_str() {
                        "" => Forbidden::default(),
                        message => Forbidden::new(message),
                    })
                }
                _ => Ok(()),
            }
        })
    }
}
