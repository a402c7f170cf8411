//! Values at rest. One that can be read is written as what is read again.

use peerage_store::record::{
    ApiKeyRecord, ContainerRecord, EventRecord, GroupInvitationRecord, GroupRecord, OrgRecord,
    PeeringRecord, Record, ServiceAccountRecord, TeamRecord, TokenRecord, TrailHeadRecord,
    UserRecord, decode, encode,
};

type Reader = fn(&[u8]);

const READERS: [Reader; 12] = [
    same::<PeeringRecord>,
    same::<ContainerRecord>,
    same::<GroupRecord>,
    same::<OrgRecord>,
    same::<ApiKeyRecord>,
    same::<ServiceAccountRecord>,
    same::<TokenRecord>,
    same::<TeamRecord>,
    same::<UserRecord>,
    same::<GroupInvitationRecord>,
    same::<EventRecord>,
    same::<TrailHeadRecord>,
];

/// The first byte says of which kind.
pub(crate) fn read(data: &[u8]) {
    if let Some((chosen, value)) = crate::choose(data, READERS.len()) {
        READERS[chosen](value);
    }
}

fn same<R: Record>(value: &[u8]) {
    let Ok(record) = decode::<R>(value) else { return };
    let written = encode(&record).unwrap();
    let again: R = decode(&written).unwrap();
    assert_eq!(encode(&again).unwrap(), written, "a record is not what it was");
}
