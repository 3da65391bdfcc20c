//! Devices on which a user has signed in before. Their attempts count separately, so that guesses from
//! other devices do not lock the user out.

use store::attempts::Target;
use store::users::User;

use super::attempts;
use crate::tokens::KnownDevice;

/// The device, if it is one of this user.
pub(super) fn of<'a>(
    user: Option<&User>,
    device: Option<&'a KnownDevice>,
) -> Option<&'a KnownDevice> {
    device.filter(|device| user.is_some_and(|user| device.belongs_to(user)))
}

/// The target of attempts from a known device.
pub(super) fn target(device: &KnownDevice) -> Target {
    attempts::target(&["device", device.user_id.as_str(), &device.id])
}
