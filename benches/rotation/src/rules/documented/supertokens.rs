//! SuperTokens: a token is invalidated by the first use of what came from it.
//!
//! <https://supertokens.com/blog/the-best-way-to-securely-manage-user-sessions> (2019-06-08): a
//! token can be used until the client uses one of the tokens that it gave, a refresh token or an
//! access token. From then on it is a sign of theft, and so are its other children. The document
//! leaves races of tabs to the client.

use super::family::{Documented, Family};
use crate::rule::Millis;

#[derive(Debug, Default)]
pub struct SuperTokens {
    /// The newest token of which the server knows that it arrived.
    settled: usize,
}

impl Documented for SuperTokens {
    fn begin(&mut self, token: usize) {
        self.settled = token;
    }

    fn present(&mut self, family: &mut Family, token: usize, now: Millis) -> Option<usize> {
        self.accept(family, token);
        (token == self.settled).then(|| family.issue(Some(token), now))
    }

    fn accept(&mut self, family: &Family, token: usize) {
        if family.of(token).parent == Some(self.settled) {
            self.settled = token;
        }
    }
}
