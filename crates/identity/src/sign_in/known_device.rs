//! Devices on which a user has signed in before. Their attempts count separately, so that guesses from
//! other devices do not lock the user out.

use store::attempts::Target;
use store::users::User;

use crate::target::target as attempts_at;
use crate::tokens::KnownDevice;

/// The device of this user among those that were presented. Others, which somebody may have planted,
/// count for nothing.
pub(super) fn of<'a>(user: Option<&User>, presented: &'a [KnownDevice]) -> Option<&'a KnownDevice> {
    let user = user?;
    presented.iter().find(|device| device.belongs_to(user))
}

/// The target of attempts from a known device.
pub(super) fn target(device: &KnownDevice) -> Target {
    attempts_at(&["device", device.user_id.as_str(), &device.id])
}
