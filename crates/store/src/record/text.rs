//! How the domain's values are written inside records: ids as 24 digits, times as milliseconds,
//! roles and regions by their names on the wire.

/// Values that are written as their text and read back by parsing it.
pub(super) mod display {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(in crate::record) fn serialize<T: Display, S: Serializer>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(in crate::record) fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
    where
        T: FromStr,
        T::Err: Display,
        D: Deserializer<'de>,
    {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// The same for values that may be absent.
pub(super) mod display_option {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(in crate::record) fn serialize<T: Display, S: Serializer>(
        value: &Option<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => serializer.collect_str(value),
            None => serializer.serialize_none(),
        }
    }

    pub(in crate::record) fn deserialize<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
    where
        T: FromStr,
        T::Err: Display,
        D: Deserializer<'de>,
    {
        let text = Option::<std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.map(|text| text.parse().map_err(de::Error::custom)).transpose()
    }
}

/// Points in time, as milliseconds since the epoch.
pub(super) mod millis {
    use peerage_core::time::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(in crate::record) fn serialize<S: Serializer>(
        value: &Timestamp,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(value.as_millis())
    }

    pub(in crate::record) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Timestamp, D::Error> {
        i64::deserialize(deserializer).map(Timestamp::from_millis)
    }
}

/// Points in time that may be absent.
pub(super) mod millis_option {
    use peerage_core::time::Timestamp;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(in crate::record) fn serialize<S: Serializer>(
        value: &Option<Timestamp>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.map(Timestamp::as_millis).serialize(serializer)
    }

    pub(in crate::record) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        Ok(Option::<i64>::deserialize(deserializer)?.map(Timestamp::from_millis))
    }
}

/// Sets of roles, by their names on the wire.
pub(super) mod roles {
    use std::collections::BTreeSet;

    use peerage_core::authz::{GroupRole, OrgRole};
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(in crate::record) trait Named: Sized + Ord + Copy {
        fn name(self) -> &'static str;
        fn parse(text: &str) -> Option<Self>;
    }

    impl Named for OrgRole {
        fn name(self) -> &'static str {
            self.name()
        }
        fn parse(text: &str) -> Option<Self> {
            Self::parse(text)
        }
    }

    impl Named for GroupRole {
        fn name(self) -> &'static str {
            self.name()
        }
        fn parse(text: &str) -> Option<Self> {
            Self::parse(text)
        }
    }

    pub(in crate::record) fn serialize<T: Named, S: Serializer>(
        value: &BTreeSet<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(value.iter().map(|role| role.name()))
    }

    pub(in crate::record) fn deserialize<'de, T: Named, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeSet<T>, D::Error> {
        let names = Vec::<std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        let unknown = |name: &str| de::Error::custom(format_args!("unknown role {name}"));
        names.iter().map(|name| T::parse(name).ok_or_else(|| unknown(name))).collect()
    }
}
