//! Tests of the server from the outside, in one binary: requests go to the router in this process,
//! or over a real connection where connections are what is tested.

#[cfg(test)]
mod api_keys;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod driver;
#[cfg(test)]
mod http;
#[cfg(test)]
mod intruders;
mod journal;
#[cfg(test)]
mod orgs;
#[cfg(test)]
mod replicas;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod service_accounts;
#[cfg(test)]
mod support;
#[cfg(test)]
mod teams;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod users;
#[cfg(test)]
#[path = "../shared/walk.rs"]
mod walk;
