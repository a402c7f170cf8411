//! The subnets of the service's networks. Each carries its network's name; the operations on them
//! run in their regions, so what is known of one is remembered and not looked for.

use peerage_core::cidr::AddressBlock;
use peerage_core::cloud::NetworkRequest;
use peerage_core::time::Timestamp;

use super::Gcp;
use super::division::ranges;
use super::failure::Failure;
use super::network::{is_passing, missing, stamp};
use super::seen::{End, SeenNetwork};
use crate::remote::Meaning;

/// What the last operation on a subnet says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    Running,
    Over,
}

impl Gcp {
    /// Begins to make the subnets that a network lacks.
    pub(super) async fn complete(
        &self,
        request: &NetworkRequest,
        network: &SeenNetwork,
        regions: &[&str],
        now: Timestamp,
    ) -> Result<(), Failure> {
        let mut lacks = Vec::new();
        for region in missing(network, regions) {
            if self.last_subnet_work(region, &network.name).await? == Last::Over {
                lacks.push(region);
            }
        }
        if lacks.is_empty() {
            return Ok(());
        }
        let taken = self.taken(network).await?;
        let given = ranges(request.spec.block(), regions, &taken, &lacks);
        let is_given = |region: &str| given.iter().any(|(one, _)| *one == region);
        lacks.retain(|region| !is_given(region));
        if !lacks.is_empty() && network.subnets.is_empty() {
            let words = format!(
                "{} has no room for subnets in {}.",
                request.spec.block(),
                lacks.join(", ")
            );
            return Err(Failure::new(Meaning::Refused, "IP_SPACE_EXHAUSTED", words));
        }
        // It was divided among fewer regions before, and works as it is.
        for region in lacks {
            self.memory.keep_full(region, &network.name);
        }
        for (region, range) in given {
            let id = stamp(request.container).seal(&format!("insert {region}"), now);
            match self.client.insert_subnet(network, region, range.as_str(), id).await {
                Ok(work) => {
                    self.memory.keep_subnet_work(region, &network.name, Some(&work));
                    if let End::Failed(failure) = work.end {
                        self.memory.keep_subnet_work(region, &network.name, None);
                        return Err(failure);
                    }
                }
                // The network itself is being made: its subnets have to wait.
                Err(failure) if is_passing(&failure) => return Ok(()),
                Err(failure) if is_there(&failure) => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(())
    }

    /// Begins to take a subnet away.
    pub(super) async fn remove_subnet(&self, region: &str, name: &str) -> Result<(), Failure> {
        if self.last_subnet_work(region, name).await? == Last::Running {
            return Ok(());
        }
        match self.client.delete_subnet(region, name).await {
            Ok(work) => {
                self.memory.keep_subnet_work(region, name, Some(&work));
                if let End::Failed(failure) = work.end {
                    self.memory.keep_subnet_work(region, name, None);
                    return Err(failure);
                }
                Ok(())
            }
            Err(failure) if is_passing(&failure) || failure.meaning == Meaning::Missing => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// How the last operation on a subnet stands, as far as it is remembered.
    ///
    /// # Errors
    /// It failed; then it is forgotten, and the next call tries again.
    async fn last_subnet_work(&self, region: &str, name: &str) -> Result<Last, Failure> {
        let Some(work) = self.memory.subnet_work(region, name) else { return Ok(Last::Over) };
        let work = self.client.regional_work(region, &work).await?;
        match work.map(|work| work.end) {
            Some(End::Running) => Ok(Last::Running),
            Some(End::Failed(failure)) => {
                self.memory.keep_subnet_work(region, name, None);
                Err(failure)
            }
            Some(End::Done) | None => {
                self.memory.keep_subnet_work(region, name, None);
                Ok(Last::Over)
            }
        }
    }

    /// The ranges of a network's subnets.
    async fn taken(&self, network: &SeenNetwork) -> Result<Vec<AddressBlock>, Failure> {
        let mut taken = Vec::with_capacity(network.subnets.len());
        for (region, name) in &network.subnets {
            let range = self.client.subnet_range(region, name).await?;
            taken.extend(range.and_then(|range| AddressBlock::parse(&range).ok()));
        }
        Ok(taken)
    }
}

fn is_there(failure: &Failure) -> bool {
    matches!(failure.code.as_str(), "alreadyExists" | "ALREADY_EXISTS" | "RESOURCE_ALREADY_EXISTS")
}
