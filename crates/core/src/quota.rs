//! The numbers that bound a project, in one place. Each is the published value of the service.

/// Peering connections of one project, of all providers, those being deleted included.
pub const PEERINGS_PER_GROUP: usize = 50;

/// Peering connections of one project that wait for something, of all providers.
pub const PENDING_PEERINGS_PER_GROUP: usize = 25;

/// Network containers of one project: one for each AWS and Azure region and one for GCP.
pub const CONTAINERS_PER_GROUP: usize = 128;
