//! Facts of VPC peering on AWS. Sources: the Amazon VPC Peering Guide (states, memory of ended
//! connections, 168 hours to accept, quotas), the EC2 API reference (codes and words of errors).

use std::time::Duration;

/// How long a request stays open.
pub const EXPIRY: Duration = Duration::from_hours(168);

/// How long either side sees a connection that expired; how long the requester sees one that the
/// accepter rejected; how long the other side sees one that was deleted.
pub const REMEMBERS: Duration = Duration::from_hours(48);

/// How long the requester sees a connection that failed; how long the accepter sees one that it
/// rejected; how long the deleter sees one that it deleted.
pub const REMEMBERS_SHORT: Duration = Duration::from_hours(2);

/// Requests of one VPC that may be open at one time.
pub const OUTSTANDING_MAX: usize = 25;

/// Active connections of one VPC; the quota before anybody asks for more.
pub const ACTIVE_MAX: usize = 50;

/// The message of a connection that failed.
pub const OVERLAP: &str = "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range";

/// The code at [`OUTSTANDING_MAX`].
pub const OUTSTANDING_CODE: &str = "OutstandingVpcPeeringConnectionLimitExceeded";

/// The words at [`OUTSTANDING_MAX`].
pub const OUTSTANDING: &str = "You've reached the limit on the number of VPC peering connection \
     requests that you can create for the specified VPC.";

/// The code at [`ACTIVE_MAX`].
pub const ACTIVE_CODE: &str = "ActiveVpcPeeringConnectionPerVpcLimitExceeded";

/// The words at [`ACTIVE_MAX`].
pub const ACTIVE: &str = "You've reached the limit on the number of active VPC peering connections \
     you can have for the specified VPC.";
