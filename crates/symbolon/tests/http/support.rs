//! Shared by all tests.

pub(crate) mod client;
pub(crate) mod forge;
pub(crate) mod mailbox;
pub(crate) mod raw;
pub(crate) mod service;

/// Each test is a function of a running [`Service`](service::Service), and runs once on each
/// back end.
macro_rules! on_both_back_ends {
    ($($test:ident)*) => {
        $(mod $test {
            #[test]
            fn sqlite() {
                let place = crate::support::service::Place::sqlite();
                super::$test(&crate::Service::start(&place, &[]));
            }

            #[test]
            fn postgres() {
                if let Some(place) = crate::support::service::Place::postgres() {
                    super::$test(&crate::Service::start(&place, &[]));
                }
            }
        })*
    };
}
pub(crate) use on_both_back_ends;
