//! Where a cluster is and how it is asked: the URL `etcd://host:port,host:port/prefix?…`. Secrets
//! are named by their files, never written into the URL, which is logged.

use std::path::PathBuf;

use crate::open::OpenError;

/// What a member listens on when the URL does not say.
const PORT: &str = "2379";

/// What the keys begin with when the URL does not say.
const PREFIX: &str = "peerage";

/// An etcd cluster, and the part of it that is ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EtcdOptions {
    /// `host:port` of each member.
    pub members: Vec<String>,
    /// What our keys begin with, before a slash.
    pub prefix: String,
    /// TLS; plain text without it.
    pub tls: Option<EtcdTls>,
    /// Who we are; nobody in particular without it.
    pub user: Option<EtcdUser>,
}

/// How members are known, and how they know us. All files are PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EtcdTls {
    /// The certificates of the authorities that vouch for the members.
    pub ca_file: PathBuf,
    /// Our own certificate and its key, where members ask for one.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// A user of etcd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EtcdUser {
    /// The name.
    pub name: String,
    /// The file with the password; an ending line break does not belong to it.
    pub password_file: PathBuf,
}

/// The parameters of a URL as they were given.
#[derive(Default)]
struct Given<'a> {
    ca: Option<&'a str>,
    cert: Option<&'a str>,
    key: Option<&'a str>,
    user: Option<&'a str>,
    password: Option<&'a str>,
}

impl EtcdOptions {
    /// The members of a cluster, with the usual prefix, without TLS or user.
    #[must_use]
    pub fn new(members: Vec<String>) -> Self {
        Self { members, prefix: PREFIX.to_owned(), tls: None, user: None }
    }

    /// Reads what follows `etcd:` in a URL, and its parameters.
    ///
    /// # Errors
    /// [`OpenError::EtcdUrl`] says which part is not understood.
    pub(crate) fn parse(place: &str, parameters: &[&str]) -> Result<Self, OpenError> {
        let rest = place.strip_prefix("//").ok_or_else(|| wrong("it has to begin with etcd://"))?;
        let (hosts, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let members = hosts.split(',').map(member).collect::<Result<Vec<_>, _>>()?;
        let prefix = prefix.trim_end_matches('/');
        let prefix = if prefix.is_empty() { PREFIX } else { prefix };
        let given = Given::read(parameters)?;
        Ok(Self { members, prefix: prefix.to_owned(), tls: given.tls()?, user: given.user()? })
    }
}

impl<'a> Given<'a> {
    fn read(parameters: &[&'a str]) -> Result<Self, OpenError> {
        let mut given = Self::default();
        for parameter in parameters {
            let unknown = || OpenError::UnknownParameter { parameter: name(parameter).to_owned() };
            let (name, value) = parameter.split_once('=').ok_or_else(unknown)?;
            let slot = match name {
                "ca-file" => &mut given.ca,
                "cert-file" => &mut given.cert,
                "key-file" => &mut given.key,
                "user" => &mut given.user,
                "password-file" => &mut given.password,
                _ => return Err(unknown()),
            };
            if value.is_empty() || slot.replace(value).is_some() {
                return Err(unknown());
            }
        }
        Ok(given)
    }

    fn tls(&self) -> Result<Option<EtcdTls>, OpenError> {
        let identity = match (self.cert, self.key) {
            (Some(cert), Some(key)) => Some((PathBuf::from(cert), PathBuf::from(key))),
            (None, None) => None,
            _ => return Err(wrong("cert-file and key-file go together")),
        };
        match self.ca {
            Some(ca) => Ok(Some(EtcdTls { ca_file: PathBuf::from(ca), identity })),
            None if identity.is_some() => Err(wrong("cert-file needs ca-file as well")),
            None => Ok(None),
        }
    }

    fn user(&self) -> Result<Option<EtcdUser>, OpenError> {
        match (self.user, self.password) {
            (Some(name), Some(file)) => {
                let password_file = PathBuf::from(file);
                Ok(Some(EtcdUser { name: name.to_owned(), password_file }))
            }
            (None, None) => Ok(None),
            _ => Err(wrong("user and password-file go together")),
        }
    }
}

/// The name of a parameter: its value may be a secret that somebody wrote where none belongs.
fn name(parameter: &str) -> &str {
    parameter.split_once('=').map_or(parameter, |(name, _)| name)
}

fn member(host: &str) -> Result<String, OpenError> {
    if host.contains('@') {
        return Err(wrong("a user is named by user= and password-file=, not before a host"));
    }
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !host.ends_with(']') => (name, port),
        _ => (host, PORT),
    };
    let open = name.starts_with('[') == name.ends_with(']');
    if name.is_empty() || !open || (name.contains(':') && !name.starts_with('[')) {
        return Err(wrong("each member is host:port, an IPv6 address in brackets"));
    }
    match port.parse::<u16>() {
        Ok(1..) => Ok(format!("{name}:{port}")),
        _ => Err(wrong("a port is a number from 1 to 65535")),
    }
}

fn wrong(detail: &'static str) -> OpenError {
    OpenError::EtcdUrl { detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(place: &str, parameters: &[&str]) -> Result<EtcdOptions, String> {
        EtcdOptions::parse(place, parameters).map_err(|error| error.to_string())
    }

    #[test]
    fn members_have_the_usual_port_and_prefix() {
        let options = parse("//a,b:2380,[::1],[::1]:9", &[]).unwrap();
        assert_eq!(options.members, ["a:2379", "b:2380", "[::1]:2379", "[::1]:9"]);
        assert_eq!(options.prefix, "peerage");
        assert_eq!((options.tls, options.user), (None, None));
        assert_eq!(parse("//a/one/two/", &[]).unwrap().prefix, "one/two");
    }

    #[test]
    fn files_are_named_by_parameters() {
        let parameters =
            ["ca-file=/ca", "cert-file=/c", "key-file=/k", "user=u", "password-file=/p"];
        let options = parse("//a", &parameters).unwrap();
        let identity = Some((PathBuf::from("/c"), PathBuf::from("/k")));
        assert_eq!(options.tls, Some(EtcdTls { ca_file: "/ca".into(), identity }));
        let user = EtcdUser { name: "u".into(), password_file: "/p".into() };
        assert_eq!(options.user, Some(user));
    }

    #[test]
    fn what_is_not_understood_is_refused_without_its_value() {
        for (place, parameters) in [
            ("a:1", vec![]),
            ("//", vec![]),
            ("//a,", vec![]),
            ("//a:0", vec![]),
            ("//a:x", vec![]),
            ("//::1", vec![]),
            ("//[::1", vec![]),
            ("//root:hidden@a", vec![]),
            ("//a", vec!["password=hidden"]),
            ("//a", vec!["user=u"]),
            ("//a", vec!["password-file=/hidden"]),
            ("//a", vec!["cert-file=/c"]),
            ("//a", vec!["cert-file=/c", "key-file=/k"]),
            ("//a", vec!["ca-file="]),
            ("//a", vec!["ca-file=/a", "ca-file=/b"]),
        ] {
            let error = parse(place, &parameters).unwrap_err();
            assert!(!error.contains("hidden"), "{place}: {error}");
        }
    }
}
