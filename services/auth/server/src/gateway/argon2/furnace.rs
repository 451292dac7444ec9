//! The hashing function with memory of its own: allocated anew for each hash, it would stay with the allocator, once for
//! each of the many places that glibc keeps.

use argon2::password_hash::phc::{self, Output, ParamsString, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use auth_entity::PasswordHash;
use auth_usecase::ports::{Unexpected, Verdict};

/// Bytes of a salt, as RFC 9106 (3.1) recommends.
const SALT_BYTES: usize = 16;
/// The address space that is taken at least. Beyond 32 MiB glibc asks the system for each piece and gives it back when
/// it is freed (`DEFAULT_MMAP_THRESHOLD_MAX` in mallopt(3)). Pages that are never touched take no memory. The programs use
/// mimalloc, which was seen to keep them for the next hash until its `MIMALLOC_PURGE_DELAY` is 0; see docs/operations.md.
const RESERVED_BLOCKS: usize = (32 * 1024 * 1024) / Block::SIZE + 1;

/// Hashes at today's cost, verifies at a hash's own, one at a time.
pub(super) struct Furnace {
    params: Params,
    memory: Vec<Block>,
}

impl Furnace {
    /// One that holds no memory yet.
    pub(super) fn new(params: Params) -> Self {
        Self { params, memory: Vec::new() }
    }

    /// Whether it holds the memory of a hash.
    pub(super) fn holds_memory(&self) -> bool {
        self.memory.capacity() > 0
    }

    /// Gives its memory back, until the next hash.
    pub(super) fn release(&mut self) {
        self.memory = Vec::new();
    }

    /// A new hash, with a salt of its own.
    pub(super) fn hash(&mut self, password: &[u8]) -> Result<PasswordHash, Unexpected> {
        let mut salt = [0; SALT_BYTES];
        aws_lc_rs::rand::fill(&mut salt)?;
        let engine = Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone());
        let output = self.run(&engine, password, &salt)?;
        self.written(&salt, output)
    }

    /// What looks like a hash and costs the same to compare with, and is no password's: its output is random. Making it costs
    /// nothing, neither time nor memory.
    pub(super) fn decoy(&self) -> Result<PasswordHash, Unexpected> {
        let (mut salt, mut output) = ([0; SALT_BYTES], [0; Params::DEFAULT_OUTPUT_LEN]);
        aws_lc_rs::rand::fill(&mut salt)?;
        aws_lc_rs::rand::fill(&mut output)?;
        self.written(&salt, Output::new(&output)?)
    }

    fn written(&self, salt: &[u8], output: Output) -> Result<PasswordHash, Unexpected> {
        let hash = phc::PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&self.params)?,
            salt: Some(Salt::new(salt)?),
            hash: Some(output),
        };
        Ok(PasswordHash::from_phc(hash.to_string()))
    }

    /// Whether a hash is this password's, whatever it was made with. What is no hash of this function is an error.
    pub(super) fn verify(&mut self, password: &[u8], hash: &PasswordHash) -> Result<Verdict, Unexpected> {
        let hash = phc::PasswordHash::new(hash.as_phc())?;
        let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else {
            return Err("a stored hash lacks its salt or its output".into());
        };
        let algorithm = Algorithm::try_from(hash.algorithm.as_str())?;
        let version = hash.version.map(Version::try_from).transpose()?.unwrap_or_default();
        let engine = Argon2::new(algorithm, version, Params::try_from(&hash)?);
        // Outputs are compared in constant time.
        if self.run(&engine, password, salt)? == *expected {
            Ok(Verdict::Right { outdated: self.is_outdated(&engine, &hash) })
        } else {
            Ok(Verdict::Wrong)
        }
    }

    fn run(&mut self, engine: &Argon2<'_>, password: &[u8], salt: &[u8]) -> Result<Output, Unexpected> {
        let blocks = engine.params().block_count();
        if self.memory.len() < blocks {
            // Exactly, as twice of it would be held for as long as this is.
            self.memory.reserve_exact(blocks.max(RESERVED_BLOCKS) - self.memory.len());
            self.memory.resize(blocks, Block::new());
        }
        let mut output = [0; Output::MAX_LENGTH];
        let length = engine.params().output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
        let output = output.get_mut(..length).ok_or("a hash is longer than any may be")?;
        engine.hash_password_into_with_memory(password, salt, output, &mut self.memory)?;
        Ok(Output::new(output)?)
    }

    fn is_outdated(&self, used: &Argon2<'_>, hash: &phc::PasswordHash) -> bool {
        let cost = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
        let same_function =
            hash.algorithm == Algorithm::Argon2id.ident() && hash.version == Some(Version::V0x13.into());
        !(same_function && cost(used.params()) == cost(&self.params))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::{PasswordHasher as _, PasswordVerifier as _};

    fn params(memory_kib: u32) -> Params {
        Params::new(memory_kib, 1, 1, None).unwrap()
    }

    #[test]
    fn one_memory_serves_every_hash_and_grows_for_one_that_needs_more() {
        let mut furnace = Furnace::new(params(64));
        let hash = furnace.hash(b"a fine long one").unwrap();
        let memory = furnace.memory.as_ptr();
        assert!(furnace.memory.capacity() >= RESERVED_BLOCKS, "less would stay with the allocator");
        let large = Furnace::new(params(256)).hash(b"a fine long one").unwrap();
        for hash in [&hash, &large, &hash] {
            assert!(matches!(furnace.verify(b"a fine long one", hash), Ok(Verdict::Right { .. })));
        }
        assert_eq!((furnace.memory.as_ptr(), furnace.memory.len()), (memory, 256));
        furnace.release();
        assert!(!furnace.holds_memory());
        assert!(matches!(furnace.verify(b"another long one", &hash), Ok(Verdict::Wrong)));
    }

    #[test]
    fn it_understands_the_library_and_the_library_understands_it() {
        let mut furnace = Furnace::new(params(64));
        let library = Argon2::new(Algorithm::Argon2id, Version::V0x13, params(64));
        let ours = furnace.hash(b"a fine long one").unwrap();
        library.verify_password(b"a fine long one", ours.as_phc()).unwrap();
        let theirs = library.hash_password(b"a fine long one").unwrap();
        let theirs = PasswordHash::from_phc(theirs.to_string());
        assert_eq!(furnace.verify(b"a fine long one", &theirs).unwrap(), Verdict::Right { outdated: false });
        assert_eq!(furnace.verify(b"a fine long two", &theirs).unwrap(), Verdict::Wrong);
    }
}
