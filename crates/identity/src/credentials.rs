//! What users prove who they are with: passwords, their policy (OWASP ASVS 5.0, V6.2) and their
//! hashes.

mod argon2id;
mod common;
mod decoys;
mod hasher;
mod hashing_queue;
mod password;
mod scheme;
mod strength;

pub use argon2::Params as HashingParams;
pub use hasher::{PasswordHasher, Verified};
pub use password::{AcceptedPassword, InvalidPassword, Password};
pub use scheme::{InvalidHash, MOST_ARGON2_COST, MOST_KIB, check_hash};
pub use strength::{argon2_suffices, weakness};
